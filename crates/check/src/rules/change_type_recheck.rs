//! A type change verifies every CHECK that names the column.

use segue_model::{Cause, ColumnChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-recheck",
    summary: "a type change verifies every CHECK that names the column",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
Whatever the new type, every CHECK that names the column is verified again on every row, under ACCESS EXCLUSIVE; \
a change that is free by itself is not free then.

The safe way: drop these constraints, change the type and add them again NOT VALID, in one transaction; then \
validate them in another.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(100);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT filled CHECK (email <> '');")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(100);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
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
        if asked.works(&target.name, &WorkKind::Scan, Cause::Check) {
            let message = format!(
                "changing the type of {} verifies the CHECKs that name it on every row",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("drop the CHECKs, change the type, add them NOT VALID in one transaction; then validate them in another"),
            );
        }
    }
    hits
}
