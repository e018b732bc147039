//! A type change of a foreign key column locks both tables and checks every row.

use segue_model::{ColumnChange, Ident, QualifiedName};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-fk-column",
    summary: "a type change of a foreign key column locks both tables and checks every row",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
The foreign key is dropped and made again: ACCESS EXCLUSIVE on the table **and** on its partner, and every row \
is checked against the other table. Widening `int` keys to `bigint` is the usual case, and it has to be done for \
the key and for every column that references it.

There is no online way in place. A new column on each side, kept in step by triggers and filled in batches, then \
swapped.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE orders ALTER COLUMN user_id TYPE numeric;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));"), Example::new("ALTER TABLE users ALTER COLUMN id TYPE numeric;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetType { name, .. } = change else {
            continue;
        };
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        for partner in partners(asked, &target.name, name) {
            let message = format!(
                "changing the type of {} drops and checks its foreign key again: {partner} is locked too",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&partner)
                    .with_lock()
                    .advice("use new columns on both sides, kept in step by triggers and filled in batches, then swap the names"),
            );
        }
    }
    hits
}

/// The tables on the other side of the foreign keys that use the column, those that somebody may use.
fn partners(asked: &Asked<'_>, table: &QualifiedName, column: &Ident) -> Vec<QualifiedName> {
    let catalog = asked.catalog();
    let mut found: Vec<QualifiedName> = catalog
        .table(table)
        .into_iter()
        .flat_map(segue_model::Table::foreign_keys)
        .filter(|(_, key)| key.columns.contains(column))
        .map(|(_, key)| key.references.clone())
        .chain(
            catalog
                .references_to(table)
                .filter(|(_, _, key)| {
                    key.referenced_columns.contains(column)
                        || key.referenced_columns.is_empty()
                            && catalog
                                .table(table)
                                .is_some_and(|known| known.primary_key().contains(column))
                })
                .map(|(from, _, _)| from.clone()),
        )
        .filter(|partner| asked.stake(partner).matters())
        .collect();
    found.sort();
    found.dedup();
    found
}
