//! SET NOT NULL over a not-null constraint that was never validated reads the whole table.

use segue_model::{ColumnChange, Nullability};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-not-null-over-not-valid",
    summary: "SET NOT NULL over a not-null constraint that was never validated reads the whole table",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
PostgreSQL 18 can hold NOT NULL as a constraint that is `NOT VALID`. `SET NOT NULL` on such a column validates \
it on the spot: every row is read under ACCESS EXCLUSIVE.

`VALIDATE CONSTRAINT` does the same under SHARE UPDATE EXCLUSIVE, while readers and writers go on.

Source: measured on 18. No other linter reports it.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT filled NOT NULL name NOT VALID;")],
    good: &[Example::new("ALTER TABLE users VALIDATE CONSTRAINT filled;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT filled NOT NULL name NOT VALID;"), Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);").on(15)],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetNotNull(column) = change else {
            continue;
        };
        let unchecked = asked
            .catalog()
            .column(&target.name, column)
            .is_some_and(|known| known.nullability == Nullability::NotNullUnchecked);
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        if unchecked {
            let message = format!(
                "SET NOT NULL on {} validates its NOT VALID constraint while nobody can read or write the table",
                crate::select::column(&target.name, column)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("VALIDATE the constraint instead"),
            );
        }
    }
    hits
}
