//! A statement timeout aborts a step that hurts nobody.

use segue_model::ConstraintChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "timeout-on-online-step",
    summary: "a statement timeout aborts a step that hurts nobody",
    question: Question::Fails,
    group: Group::Running,
    page: "\
`VALIDATE CONSTRAINT` reads the table while readers and writers go on. A `statement_timeout` aborts it on a \
large table, and the constraint stays unvalidated.

`SET statement_timeout = 0` before it.",
    bad: &[Example::new("SET statement_timeout = '5s'; ALTER TABLE users VALIDATE CONSTRAINT adult;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text); ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;")],
    good: &[Example::new("ALTER TABLE users VALIDATE CONSTRAINT adult;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text); ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let limited = asked
        .context
        .settings
        .duration_ms("statement_timeout")
        .is_some_and(|limit| limit > 0);
    let mut hits = Vec::new();
    for (target, change) in asked.constraint_changes() {
        if let ConstraintChange::Validate(name) = change
            && limited
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "statement_timeout aborts the validation of {name} on a large table, although it keeps nobody waiting"
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&target.name)
                    .advice("SET statement_timeout = 0 before it"),
            );
        }
    }
    hits
}
