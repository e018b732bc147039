//! LOCK TABLE without a mode locks against everybody.

use segue_model::{Blocks, ModeWritten, SessionChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "explicit-lock-table",
    summary: "LOCK TABLE without a mode locks against everybody",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
`LOCK TABLE t` without a mode takes ACCESS EXCLUSIVE: readers and writers wait until the transaction ends.

Say the weakest mode that serves, with a lock timeout, and commit soon.",
    bad: &[Example::new("LOCK TABLE users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("LOCK TABLE users IN SHARE MODE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("LOCK TABLE users IN ROW EXCLUSIVE MODE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Changes(Kind::Session, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.session_changes() {
        let SessionChange::Lock(lock) = change else {
            continue;
        };
        for table in lock
            .tables
            .iter()
            .filter(|table| asked.stake(table).matters())
        {
            let message = match (lock.mode_written, lock.mode.blocks()) {
                (_, Blocks::Nobody) => continue,
                (ModeWritten::No, _) => format!(
                    "LOCK TABLE without a mode takes {} on {table} until the transaction ends",
                    lock.mode
                ),
                (ModeWritten::Yes, _) => format!(
                    "{table} is locked in {} mode until the transaction ends",
                    lock.mode
                ),
            };
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(table)
                    .with_lock()
                    .advice(
                        "say the weakest mode that serves, with a lock timeout, and commit soon",
                    ),
            );
        }
    }
    hits
}
