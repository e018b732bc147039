//! REINDEX keeps writers waiting, and readers too.

use segue_model::{Build, IndexChange, LockRole, MaintenanceChange, ReindexScope, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "reindex-blocking",
    summary: "REINDEX keeps writers waiting, and readers too",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
`REINDEX` takes SHARE on the table and ACCESS EXCLUSIVE on each index while it is built again. The planner looks \
at every index of a table it plans for, so readers stall as well.

`REINDEX … CONCURRENTLY` (PostgreSQL 12), outside a transaction.

Source: measured on 15 and 18.",
    bad: &[Example::new("REINDEX TABLE users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"), Example::new("REINDEX INDEX users_pkey;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);")],
    good: &[Example::new("REINDEX TABLE CONCURRENTLY users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        if let IndexChange::Rebuild {
            name,
            build: Build::Blocking,
        } = change
        {
            hits.push(format!("rebuilding {name} keeps writers of its table waiting, and readers stall on the index"));
        }
    }
    for change in asked.maintenance() {
        if let MaintenanceChange::Reindex {
            of,
            build: Build::Blocking,
        } = change
        {
            let what = match of {
                ReindexScope::Table(table) => table.to_string(),
                ReindexScope::Namespace(namespace) => format!("every table of {namespace}"),
                ReindexScope::Database => "every table of the database".to_owned(),
            };
            hits.push(format!(
                "reindexing {what} keeps writers waiting, and readers stall on the indexes"
            ));
        }
    }
    let table = asked
        .answers
        .impact
        .claims
        .iter()
        .find(|claim| claim.role != LockRole::Index && claim.role != LockRole::Toast)
        .and_then(|claim| claim.on.relation());
    let severity = match table {
        Some(table) => asked.stake(table).of_long_lock(),
        None => Some(Severity::Error),
    };
    let finish = |message: String, severity| {
        let hit =
            Hit::new(severity, message).steps_or("REINDEX … CONCURRENTLY, outside a transaction");
        match table {
            Some(table) => hit.on(table).with_lock(),
            None => hit,
        }
    };
    severity.map_or_else(Vec::new, |severity| {
        hits.into_iter()
            .map(|message| finish(message, severity))
            .collect()
    })
}
