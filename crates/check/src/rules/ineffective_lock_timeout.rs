//! A lock timeout that limits nothing.

use segue_model::{Blocks, Change, LockMode, QualifiedName, SessionChange, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "ineffective-lock-timeout",
    summary: "a lock timeout that limits nothing",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
`lock_timeout = 0` means no limit; an hour is no limit for an application; `SET LOCAL` outside a transaction \
does nothing at all, and one inside an earlier transaction has ended with it. The file looks safe and is not.

Set a value up to a few seconds, in a way that is in force when the lock is asked for: `SET` in autocommit, `SET \
LOCAL` inside the transaction.

Source: measured on 15 and 18. Other linters accept all four.",
    bad: &[Example::new("SET lock_timeout = 0; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("SET lock_timeout = '1h'; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("SET LOCAL lock_timeout = '1s'; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit), Example::new("BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("SET lock_timeout = '2s'; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("SET lock_timeout = 0; CREATE INDEX CONCURRENTLY i ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let Some((relation, mode)) = strong(asked) else {
        return Vec::new();
    };
    let settings = &asked.context.settings;
    let problem = match (
        settings.value("lock_timeout"),
        settings.duration_ms("lock_timeout"),
    ) {
        (Some(_), Some(0)) => "lock_timeout is 0, which is no limit",
        (Some(_), Some(limit)) if limit > LONGEST_MS => {
            "lock_timeout is longer than any application waits"
        }
        (Some(_), _) => return Vec::new(),
        (None, _) if was_set_before(asked) => {
            "the lock_timeout set above is not in force here: SET LOCAL ends with its transaction, and does nothing outside one"
        }
        (None, _) => return Vec::new(),
    };
    let message = format!(
        "{problem}; while this waits for {mode} on {relation}, every later query there waits behind it"
    );
    vec![
        Hit::new(Severity::Warning, message)
            .on(relation)
            .advice("set it to a few seconds at most, in force when the lock is asked for"),
    ]
}

/// Longer than this, the application has given up: 10 s is the longest usual request timeout of a web application.
const LONGEST_MS: u64 = 10_000;

/// True when an earlier statement of the section says `SET LOCAL lock_timeout`.
fn was_set_before(asked: &Asked<'_>) -> bool {
    asked
        .section
        .iter()
        .take(asked.position)
        .flat_map(|statement| &statement.changes)
        .any(|change| matches!(change, Change::Session(SessionChange::Set { name, .. }) if name.as_str() == "lock_timeout"))
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
