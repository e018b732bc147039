//! CHECK beside a new column reads the whole table while nobody can read or write.

use segue_model::{Cause, ConstraintKind, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-inline-check",
    summary: "CHECK beside a new column reads the whole table while nobody can read or write",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`ADD COLUMN … CHECK (…)` verifies the condition on every row under ACCESS EXCLUSIVE, even though the new column \
is null or has the same default everywhere.

The safe way: add the column, then the CHECK as `NOT VALID`, then `VALIDATE CONSTRAINT` in a transaction of its \
own.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN score int CHECK (score > 0);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN score int;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        for constraint in added.constraints {
            let ConstraintKind::Check(_) = &constraint.kind else {
                continue;
            };
            if !asked.works(added.table, &WorkKind::Scan, Cause::Check) {
                continue;
            }
            let Some(severity) = asked.stake(added.table).of_long_lock() else {
                continue;
            };
            let message = format!(
                "adding {} with a CHECK verifies every row while nobody can read or write, although all values are null or the default",
                added.shown()
            );
            hits.push(
                Hit::new(severity, message)
                    .on(added.table)
                    .with_lock()
                    .steps_or("add the column first, then the constraint by its own safe steps"),
            );
        }
    }
    hits
}
