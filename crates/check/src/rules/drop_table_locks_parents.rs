//! Dropping a table locks every table its foreign keys point at.

use segue_model::{Blocks, QualifiedName, Table, TableChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-table-locks-parents",
    summary: "dropping a table locks every table its foreign keys point at",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`DROP TABLE` takes ACCESS EXCLUSIVE not only on the table but on every table that its foreign keys reference: \
readers and writers of those wait too, and the request queues behind every long query there.

Drop the foreign keys first, each in a short transaction of its own with a lock timeout and a retry. Then the \
drop touches nobody else.

It is fine when the referenced tables are new in the same migration, or dropped with it.

Source: measured on 15 and 18.",
    bad: &[Example::new("DROP TABLE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);")],
    good: &[Example::new("DROP TABLE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("DROP TABLE orders, users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::Drop { .. } = change else {
            continue;
        };
        if !asked.stake(&target.name).matters() {
            continue;
        }
        for parent in parents(asked, &target.name) {
            let message = format!(
                "dropping {} keeps readers and writers of {parent} waiting too, because a foreign key points at it",
                target.name
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&parent)
                    .with_lock()
                    .steps_or("drop its foreign keys first, one per transaction with a lock timeout and a retry, then the table"),
            );
        }
    }
    hits
}

/// The referenced tables that stay, that somebody uses, and that the statement locks against everybody.
fn parents(asked: &Asked<'_>, table: &QualifiedName) -> Vec<QualifiedName> {
    let catalog = asked.catalog();
    let mut found: Vec<QualifiedName> = catalog
        .descendants(table)
        .iter()
        .chain([table])
        .filter_map(|name| catalog.table(name))
        .flat_map(Table::foreign_keys)
        .map(|(_, key)| key.references.clone())
        .filter(|parent| {
            parent != table && !is_dropped(asked, parent) && asked.stake(parent).matters()
        })
        .filter(|parent| {
            asked
                .answers
                .impact
                .strongest_on(parent)
                .is_some_and(|mode| mode.blocks() == Blocks::ReadsAndWrites)
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// True when the same statement drops it.
fn is_dropped(asked: &Asked<'_>, table: &QualifiedName) -> bool {
    asked
        .table_changes()
        .iter()
        .any(|(target, change)| matches!(change, TableChange::Drop { .. }) && &target.name == table)
}
