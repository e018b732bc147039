//! A lock or statement timeout aborts a concurrent build and leaves an invalid index.

use segue_model::{Build, Change, IndexChange, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "concurrently-short-timeout",
    summary: "a lock or statement timeout aborts a concurrent build and leaves an invalid index",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
A concurrent build waits for old writers and old snapshots, which is its nature and hurts nobody. `lock_timeout` \
and `statement_timeout` abort it while it waits, late, and leave an invalid index.

Set both to 0 for this statement, and watch it: cancel it yourself when something goes wrong.

Source: measured on 15 and 18. Other linters recommend five seconds here.",
    bad: &[Example::new("SET lock_timeout = '2s'; CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit), Example::new("SET statement_timeout = '5s'; CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("SET lock_timeout = 0; SET statement_timeout = 0; CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit), Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let builds = asked.index_changes().into_iter().any(|change| {
        matches!(
            change,
            IndexChange::Create {
                build: Build::Concurrently,
                ..
            } | IndexChange::Drop {
                build: Build::Concurrently,
                ..
            } | IndexChange::Rebuild {
                build: Build::Concurrently,
                ..
            }
        )
    });
    let reindexes = asked.statement.changes.iter().any(|change| {
        matches!(
            change,
            Change::Maintenance(segue_model::MaintenanceChange::Reindex {
                build: Build::Concurrently,
                ..
            })
        )
    });
    if !builds && !reindexes {
        return Vec::new();
    }
    ["lock_timeout", "statement_timeout"]
        .into_iter()
        .filter(|name| asked.context.settings.duration_ms(name).is_some_and(|limit| limit > 0))
        .map(|name| {
            let limit = asked.context.settings.value(name).unwrap_or_default();
            let message = format!("{name} = {limit} aborts this while it waits for old transactions, and leaves an invalid index");
            Hit::new(Severity::Warning, message).advice(format!("SET {name} = 0 before it, and watch it instead"))
        })
        .collect()
}
