//! A new or retyped column has no statistics until ANALYZE.

use segue_model::{Cause, Change, MaintenanceChange, QualifiedName, WorkKind};

use crate::{Ask, Example, Group, Hit, MigrationAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "stale-statistics",
    summary: "a new or retyped column has no statistics until ANALYZE",
    question: Question::Advises,
    group: Group::Running,
    page: "\
A type change that writes the table anew, and an index over an expression, leave the planner without statistics \
for what is new. Until autovacuum comes by, plans are guesses: a swap from int to bigint has taken sites down by \
a bad plan.

`ANALYZE t` afterwards; it takes SHARE UPDATE EXCLUSIVE and hurts nobody.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint; ANALYZE users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Migration(ask),
};

fn ask(asked: &MigrationAsked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (position, (statement, answers)) in asked.statements.iter().zip(&asked.answers).enumerate()
    {
        for work in answers.impact.work.iter().filter(|work| {
            work.kind == WorkKind::Rewrite
                && matches!(work.cause, Cause::TypeChange | Cause::UsingExpression)
        }) {
            if asked.context.catalog.is_new_in_migration(&work.on)
                || is_analyzed_later(asked, position, &work.on)
            {
                continue;
            }
            let message = format!(
                "{} has no statistics for the new values until it is analyzed: plans are guesses",
                work.on
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&work.on)
                    .at(statement.span)
                    .advice("ANALYZE the table afterwards"),
            );
        }
    }
    hits
}

fn is_analyzed_later(asked: &MigrationAsked<'_>, position: usize, table: &QualifiedName) -> bool {
    asked
        .statements
        .iter()
        .skip(position + 1)
        .flat_map(|statement| &statement.changes)
        .any(|change| {
            matches!(change, Change::Maintenance(MaintenanceChange::Analyze { tables }) if tables.is_empty() || tables.contains(table))
        })
}
