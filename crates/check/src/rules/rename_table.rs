//! A renamed table is missed by running code.

use segue_model::{Change, QualifiedName, TableChange, ViewChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "rename-table",
    summary: "a renamed table is missed by running code",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
Between the rename and the moment the last instance of the application runs the new code, every statement under \
the old name fails; deployed the other way round, every statement under the new one.

In one transaction, rename the table and create a view under the old name: a view over one table can be written \
through, so both names work. Drop the view in a later release. Such a rename is not reported, \
nor are the two of a swap.

Source: PostgreSQL 17 manual, CREATE VIEW (updatable views).",
    bad: &[Example::new("ALTER TABLE users RENAME TO people;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE users RENAME TO users_old; ALTER TABLE users_new RENAME TO users;").after("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE users_new (id bigint PRIMARY KEY);"), Example::new("CREATE TABLE draft (id int); ALTER TABLE draft RENAME TO notes;"), Example::new("ALTER INDEX users_pkey RENAME TO people_pkey;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::Rename(to) = change else {
            continue;
        };
        let table = &target.name;
        // ALTER TABLE renames views, indexes and sequences too: other rules are for those.
        let is_table =
            asked.catalog().relation(table).is_none() || asked.catalog().table(table).is_some();
        let is_swap = is_vacated(asked, &table.sibling(to.clone()));
        if is_table && !is_swap && asked.stake(table).matters() && !is_replaced(asked, table) {
            let message = format!("running code that still uses {table} fails once it is {to}");
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(table)
                    .with_lock()
                    .steps_or("in the same transaction create a view under the old name, and drop it in a later release"),
            );
        }
    }
    hits
}

/// True when a later statement of the section puts a view or another table under the old name.
pub(super) fn is_replaced(asked: &Asked<'_>, old: &QualifiedName) -> bool {
    asked
        .section
        .iter()
        .skip(asked.position + 1)
        .flat_map(|statement| &statement.changes)
        .any(|change| match named(change) {
            Some(name) => &name == old,
            None => false,
        })
}

/// True when an earlier statement of the section renamed what had this name.
fn is_vacated(asked: &Asked<'_>, name: &QualifiedName) -> bool {
    asked
        .section
        .iter()
        .take(asked.position)
        .flat_map(|statement| &statement.changes)
        .any(|change| matches!(change, Change::Table(target, TableChange::Rename(_)) if &target.name == name))
}

/// The name that a change gives to a table or view.
fn named(change: &Change) -> Option<QualifiedName> {
    if let Change::Table(target, TableChange::Rename(to))
    | Change::View(target, ViewChange::Rename { to, .. }) = change
    {
        return Some(target.name.sibling(to.clone()));
    }
    if let Change::View(target, ViewChange::Create(_) | ViewChange::Replace(_))
    | Change::Table(target, TableChange::Create(_)) = change
    {
        return Some(target.name.clone());
    }
    None
}
