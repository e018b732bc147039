//! Several statements without a transaction: a failure in the middle leaves some of them done.

use segue_model::{Change, Statement, Tool, TransactionState, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "non-idempotent",
    summary: "several statements without a transaction: a failure in the middle leaves some of them done",
    question: Question::Fails,
    group: Group::Running,
    page: "\
This section runs without a transaction (or each statement by itself) and has several statements that change the \
structure. When one fails, those before it stay; the tool has no record, and the next run starts at the top and \
fails on \"already exists\".

One such statement per migration, so that \"failed\" means \"nothing happened\". `IF NOT EXISTS` is no \
substitute: it accepts whatever has the name, an invalid index too.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit), Example::new("BEGIN; ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ADD COLUMN b text; COMMIT;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let alone = asked.context.transaction.state == TransactionState::None;
    if !alone || asked.tool == Tool::Native || !builds(asked.statement) {
        return Vec::new();
    }
    let before = asked
        .section
        .iter()
        .take(asked.position)
        .filter(|statement| builds(statement))
        .count();
    if before != 1 {
        return Vec::new();
    }
    vec![
        Hit::new(
            Severity::Note,
            "this section runs without a transaction: when this statement fails, those before it stay, and the next run fails on them",
        )
        .advice("one such statement per migration"),
    ]
}

/// True when the statement changes the structure.
fn builds(statement: &Statement) -> bool {
    statement.changes.iter().any(|change| {
        !matches!(
            change,
            Change::Session(_)
                | Change::Transaction(_)
                | Change::Data(_)
                | Change::Maintenance(_)
                | Change::Comment(..)
                | Change::Opaque(_)
        )
    })
}
