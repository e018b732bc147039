//! TRUNCATE … CASCADE empties tables it does not name.

use segue_model::{Change, DataChange, LossNaming, Reaction, destroys};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "truncate-cascade",
    summary: "TRUNCATE … CASCADE empties tables it does not name",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
`CASCADE` empties every table with a foreign key to the one that is named, and every table with a foreign key to \
those, and so on, whatever their ON DELETE says. Each is locked ACCESS EXCLUSIVE.

Name the tables that are to be emptied: without CASCADE the server refuses when one was forgotten.

Source: PostgreSQL 17 manual, TRUNCATE; measured on 15 and 18.",
    bad: &[Example::new("TRUNCATE users CASCADE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);"), Example::new("TRUNCATE orders CASCADE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("TRUNCATE orders, users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);"), Example::new("CREATE TABLE draft (id int); TRUNCATE draft CASCADE;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Data(DataChange::Truncate {
            tables,
            reaction: Reaction::Cascade,
            ..
        }) = change
        else {
            continue;
        };
        let losses = destroys(change, asked.catalog());
        let along: Vec<String> = losses
            .iter()
            .filter(|loss| loss.named == LossNaming::Along)
            .filter_map(|loss| loss.relation.as_ref())
            .map(ToString::to_string)
            .collect();
        let named: Vec<String> = tables.iter().map(ToString::to_string).collect();
        let named = crate::wording::list(&named);
        let hit = match (losses.is_empty(), along.is_empty()) {
            (true, _) => continue,
            (false, true) => Hit::new(
                Severity::Note,
                format!(
                    "CASCADE also empties every table that references {named}, even ones no migration here shows"
                ),
            ),
            (false, false) => Hit::new(
                Severity::Error,
                format!(
                    "TRUNCATE of {named} also empties {}",
                    crate::wording::list(&along)
                ),
            ),
        };
        let hit = hit.advice("name every table that is to be emptied and leave CASCADE out");
        hits.push(match tables.first() {
            Some(table) => hit.on(table).with_lock(),
            None => hit,
        });
    }
    hits
}
