//! A scan or rewrite under a strong lock has no time limit.

use segue_model::{Blocks, LockMode, QualifiedName, Tool, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "missing-statement-timeout",
    summary: "a scan or rewrite under a strong lock has no time limit",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
A statement that reads or writes the whole table while it keeps the application waiting should have a limit: a \
table that is ten times larger than on the test system otherwise means an outage ten times as long.

`SET statement_timeout` to what the application can bear; not for concurrent builds and VALIDATE, which hurt \
nobody and must not be aborted.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("SET statement_timeout = '3s'; ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users VALIDATE CONSTRAINT adult;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text); ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let limited = asked
        .context
        .settings
        .duration_ms("statement_timeout")
        .is_some_and(|limit| limit > 0);
    if limited || asked.tool == Tool::Native {
        return Vec::new();
    }
    let Some((relation, _)) = strong(asked) else {
        return Vec::new();
    };
    let works = asked.answers.impact.work.iter().any(|work| {
        &work.on == relation && !matches!(work.kind, WorkKind::Rows | WorkKind::NewFile)
    });
    let message =
        format!("no statement_timeout is set, and {relation} is locked for as long as this takes");
    let hit = Hit::new(Severity::Note, message)
        .on(relation)
        .advice("SET statement_timeout to what the application can bear");
    if works { vec![hit] } else { Vec::new() }
}

/// The strongest lock of the statement that keeps the application waiting, on a relation somebody may use.
fn strong<'a>(asked: &Asked<'a>) -> Option<(&'a QualifiedName, LockMode)> {
    asked
        .answers
        .impact
        .claims
        .iter()
        .filter(|claim| claim.mode.blocks() != Blocks::Nobody)
        .filter_map(|claim| claim.on.relation().map(|relation| (relation, claim.mode)))
        .filter(|(relation, _)| asked.stake(relation).matters())
        .max_by_key(|(_, mode)| *mode)
}
