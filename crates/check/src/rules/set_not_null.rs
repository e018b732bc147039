//! SET NOT NULL reads the whole table while nobody can read or write.

use segue_model::{Cause, ColumnChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-not-null",
    summary: "SET NOT NULL reads the whole table while nobody can read or write",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`SET NOT NULL` reads every row under ACCESS EXCLUSIVE, to see that none is null.

PostgreSQL 12 to 17 skip the scan when a *valid* CHECK proves it: add `CHECK (c IS NOT NULL) NOT VALID`, \
validate it in another transaction, then `SET NOT NULL`, then drop the CHECK (a statement of its own: in the \
same ALTER TABLE the drop runs first and the proof is gone).

PostgreSQL 18 has it directly: `ADD CONSTRAINT … NOT NULL c NOT VALID`, then `VALIDATE CONSTRAINT`.

Source: PostgreSQL 18 manual, ALTER TABLE; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT other CHECK (age > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT other;").on(15)],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT filled CHECK (name IS NOT NULL) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT filled;").on(15), Example::new("CREATE TABLE users (name text); ALTER TABLE users ALTER COLUMN name SET NOT NULL;"), Example::new("ALTER TABLE users ALTER COLUMN id SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetNotNull(column) = change else {
            continue;
        };
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        if asked.works(&target.name, &WorkKind::Scan, Cause::NotNull) {
            let message = format!(
                "SET NOT NULL on {} reads every row while nobody can read or write the table",
                crate::select::column(&target.name, column)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("prove it first by a CHECK that is added NOT VALID and validated"),
            );
        }
    }
    hits
}
