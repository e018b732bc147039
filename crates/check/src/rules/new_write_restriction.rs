//! A new restriction refuses writes of running code from the first moment, NOT VALID or not.

use segue_model::{BreakKind, ColumnChange, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "new-write-restriction",
    summary: "a new restriction refuses writes of running code from the first moment, NOT VALID or not",
    question: Question::Breaks,
    group: Group::Constraints,
    page: "\
`NOT VALID` leaves old rows alone, but every new row must satisfy the constraint at once. The same holds for a \
unique index from the moment its concurrent build begins to refuse duplicates. A running version that still \
writes what is forbidden starts to fail.

Deploy code that complies first, then add the restriction.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE UNIQUE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE TABLE users (age int); ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17);"), Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let adds_column = asked
        .column_changes()
        .iter()
        .any(|(_, change)| matches!(change, ColumnChange::Add { .. }));
    let restrictions = asked
        .answers
        .breaks
        .iter()
        .filter(|broken| broken.kind == BreakKind::WritesRefused);
    for broken in restrictions.filter(|_| !adds_column && asked.column_changes().is_empty()) {
        if let Some(relation) = broken
            .relation
            .as_ref()
            .filter(|relation| asked.stake(relation).matters())
        {
            let message = format!(
                "on {relation}, {} from now on, also of code that is running",
                broken.operation
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(relation)
                    .advice("deploy code that complies first"),
            );
        }
    }
    hits
}
