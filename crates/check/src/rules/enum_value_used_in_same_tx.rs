//! A new enum label cannot be used before its transaction commits.

use segue_model::{
    DataChange, Ident, InsertColumns, InsertSource, QualifiedName, RefusalReason, Wrapping,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "enum-value-used-in-same-tx",
    summary: "a new enum label cannot be used before its transaction commits",
    question: Question::Fails,
    group: Group::Objects,
    page: "\
`ALTER TYPE … ADD VALUE` may run in a transaction, but the label cannot be used there: the server says \"unsafe \
use of new value\" and the transaction fails. When the *type* was created in the same transaction as well, \
PostgreSQL 18 allows it; 15 does not.

Put the ADD VALUE into a migration of its own, and use the label in the next one. The values of an INSERT \
are not looked into: one that fills a column of the type is a warning.

Source: PostgreSQL 17 manual, ALTER TYPE (Notes); measured on 15 (error) and 18 (allowed for a new type).",
    bad: &[Example::new("ALTER TYPE mood ADD VALUE 'happy'; INSERT INTO users (id, mood) VALUES (1, 'happy');").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("ALTER TYPE mood ADD VALUE 'happy'; ALTER TABLE users ALTER COLUMN mood SET DEFAULT 'happy';").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE users (mood mood); ALTER TYPE mood ADD VALUE 'ok'; INSERT INTO users (mood) VALUES ('ok');").on(15)],
    good: &[Example::new("ALTER TYPE mood ADD VALUE 'happy'; INSERT INTO users (id, mood) VALUES (1, 'happy');").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);").wrapped(Wrapping::Autocommit), Example::new("ALTER TYPE mood ADD VALUE 'happy';").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE users (mood mood); ALTER TYPE mood ADD VALUE 'ok'; INSERT INTO users (mood) VALUES ('ok');")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let advice = "add the label in a migration of its own, and use it in the next one";
    let mut hits: Vec<Hit> = asked
        .answers
        .impact
        .refusals
        .iter()
        .filter(|refusal| refusal.reason == RefusalReason::UncommittedEnumValue)
        .map(|refusal| Hit::new(Severity::Error, refusal.message.clone()).advice(advice))
        .collect();
    if !hits.is_empty() {
        return hits;
    }
    for change in asked.data_changes() {
        let Some((table, columns)) = rows_in(change) else {
            continue;
        };
        for (column, label) in may_use(asked, table, columns) {
            let message = format!(
                "this fails if it stores '{label}' in {}: the label was added in this transaction",
                crate::select::column(table, column)
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(table)
                    .advice(advice),
            );
        }
    }
    hits
}

/// The table that gets rows whose values are not part of the model, and the columns named; none for all.
fn rows_in(change: &DataChange) -> Option<(&QualifiedName, Option<&[Ident]>)> {
    match change {
        DataChange::Insert {
            table,
            columns,
            source: InsertSource::Values { .. },
            ..
        } => match columns {
            InsertColumns::Named(named) => Some((table, Some(named))),
            InsertColumns::Positional => Some((table, None)),
        },
        DataChange::CopyIn { table } | DataChange::Merge { table, .. } => Some((table, None)),
        DataChange::Insert { .. }
        | DataChange::Update { .. }
        | DataChange::Delete { .. }
        | DataChange::Truncate { .. }
        | DataChange::CopyOut { .. }
        | DataChange::Select(_)
        | DataChange::SetSequenceValue(_) => None,
    }
}

/// The columns that may get a label which this transaction added and nobody may use yet.
fn may_use<'a>(
    asked: &Asked<'a>,
    table: &QualifiedName,
    columns: Option<&[Ident]>,
) -> Vec<(&'a Ident, &'a str)> {
    let transaction = asked.context.transaction;
    if !transaction.is_open() {
        return Vec::new();
    }
    let catalog = asked.catalog();
    let filled = catalog
        .table(table)
        .into_iter()
        .flat_map(|known| &known.columns)
        .filter(|column| columns.is_none_or(|named| named.contains(&column.name)));
    filled
        .flat_map(|column| {
            transaction
                .new_labels
                .iter()
                .filter(|(of, _)| {
                    column.data_type.user_type() == Some(of) && !is_allowed(asked, of)
                })
                .map(|(_, label)| (&column.name, label.as_str()))
        })
        .collect()
}

/// On 18 a type that was created in this transaction may be used with its new labels (measured; 15 refuses).
fn is_allowed(asked: &Asked<'_>, of: &QualifiedName) -> bool {
    let catalog = asked.catalog();
    asked.context.server.version >= 18
        && catalog
            .types
            .get(of)
            .is_some_and(|known| known.born.transaction == catalog.now.transaction)
}
