//! Rows are changed while the transaction locks a table against the application.

use segue_model::{Blocks, DataChange, InsertSource, QualifiedName, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "backfill-in-ddl-tx",
    summary: "rows are changed while the transaction locks a table against the application",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
An UPDATE, DELETE or INSERT … SELECT in the transaction of an ALTER TABLE runs with the lock held: readers and \
writers wait until every row is changed.

Change the structure in one migration, and the rows in another one, in batches.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN nickname text; UPDATE users SET nickname = name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN nickname text; UPDATE users SET nickname = name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit), Example::new("UPDATE users SET age = 1 WHERE id = 1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN b int; UPDATE t SET b = a;")],
    ask: Ask::Changes(Kind::Data, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if asked.data_changes().is_empty() {
        return Vec::new();
    }
    let locked = asked.context.transaction.held.iter().find_map(|held| {
        let relation = held.claim.on.relation()?;
        (held.claim.mode.blocks() != Blocks::Nobody && asked.stake(relation).matters())
            .then_some((relation, held.claim.mode))
    });
    let Some((relation, mode)) = locked.filter(|_| asked.context.transaction.is_open()) else {
        return Vec::new();
    };
    asked
        .data_changes()
        .into_iter()
        .filter_map(changed)
        .filter(|table| asked.stake(table).matters())
        .map(|table| {
            let message = format!(
                "rows of {table} are changed while the transaction holds {mode} on {relation}"
            );
            Hit::new(Severity::Error, message)
                .on(relation)
                .advice("change the structure in one migration and the rows in another, in batches")
        })
        .collect()
}

/// The table whose rows a statement changes in bulk.
fn changed(change: &DataChange) -> Option<&QualifiedName> {
    match change {
        DataChange::Update { table, .. }
        | DataChange::Delete { table, .. }
        | DataChange::Merge { table, .. } => Some(table),
        DataChange::Insert {
            table,
            source: InsertSource::Query(_),
            ..
        } => Some(table),
        DataChange::Insert { .. }
        | DataChange::Truncate { .. }
        | DataChange::CopyIn { .. }
        | DataChange::CopyOut { .. }
        | DataChange::Select(_)
        | DataChange::SetSequenceValue(_) => None,
    }
}
