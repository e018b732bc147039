//! A table is dropped to be created anew: its rows are gone.

use segue_model::{Change, Presence, QualifiedName, TableChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "create-table-force",
    summary: "a table is dropped to be created anew: its rows are gone",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
`DROP TABLE t` followed by `CREATE TABLE t` in one migration is what `create_table force: true` and scripts that \
want to be repeatable write. On a database where the table is in use it empties it, and whatever referenced it \
has lost its foreign key.

Change the table that is there with ALTER TABLE, or give the new one another name.

A table that no migration of this project created is not reported when the DROP says IF EXISTS.",
    bad: &[Example::new("DROP TABLE IF EXISTS orders; CREATE TABLE orders (id bigint PRIMARY KEY);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("DROP TABLE IF EXISTS orders; CREATE TABLE orders (id bigint PRIMARY KEY);"), Example::new("DROP TABLE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let table = &target.name;
        let is_there =
            target.presence == Presence::Required || asked.catalog().table(table).is_some();
        if matches!(change, TableChange::Drop { .. })
            && is_there
            && asked.stake(table).matters()
            && is_created_later(asked, table)
        {
            let message = format!("{table} is dropped and created anew: its rows are lost");
            hits.push(Hit::new(Severity::Error, message).on(table).advice(
                "change the table with ALTER TABLE, or create the new one under another name",
            ));
        }
    }
    hits
}

fn is_created_later(asked: &Asked<'_>, table: &QualifiedName) -> bool {
    asked
        .section
        .iter()
        .skip(asked.position + 1)
        .flat_map(|statement| &statement.changes)
        .any(|change| matches!(change, Change::Table(target, TableChange::Create(_)) if &target.name == table))
}
