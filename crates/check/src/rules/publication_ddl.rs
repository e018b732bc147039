//! Changes of structure are not replicated: subscribers break, or miss rows.

use segue_model::{
    Change, ColumnChange, Ident, PublicationChange, PublicationScope, PublishedTable, QualifiedName,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "publication-ddl",
    summary: "changes of structure are not replicated: subscribers break, or miss rows",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
Logical replication sends rows, not changes of structure (up to PostgreSQL 18). A column that is added to a \
published table stops every subscriber that does not have it; one that is dropped must go on the subscriber \
last. Taking a table out of a publication ends its replication without an error. Adding one takes SHARE UPDATE \
EXCLUSIVE, which waits behind VACUUM and concurrent index builds.

Expand on the subscriber first, then on the publisher; contract on the publisher first, then on the subscriber. \
After a change of the publication, `ALTER SUBSCRIPTION … REFRESH PUBLICATION` on each subscriber.

Source: PostgreSQL 17 manual, 29.6 and ALTER PUBLICATION; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN email text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE PUBLICATION feed FOR TABLE users;"), Example::new("ALTER PUBLICATION feed DROP TABLE users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE PUBLICATION feed FOR TABLE users;"), Example::new("ALTER PUBLICATION feed ADD TABLE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE PUBLICATION feed FOR TABLE users;"), Example::new("ALTER TABLE users DROP COLUMN age;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE PUBLICATION feed FOR ALL TABLES;")],
    good: &[Example::new("ALTER TABLE orders ADD COLUMN note text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE PUBLICATION feed FOR TABLE users;"), Example::new("CREATE TABLE notes (id bigint PRIMARY KEY); CREATE PUBLICATION feed FOR TABLE notes;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        if let Change::Publication(name, change) = change {
            hits.extend(of_publication(asked, name, change));
        }
    }
    for (target, change) in asked.column_changes() {
        let table = &target.name;
        let Some(publication) =
            publication_of(asked, table).filter(|_| asked.stake(table).matters())
        else {
            continue;
        };
        let column = crate::select::column(table, change.column());
        let (message, advice) = if let ColumnChange::Add { .. } = change {
            (
                format!(
                    "publication {publication} sends {column} to subscribers that do not have it yet: their replication stops"
                ),
                "add the column on every subscriber first",
            )
        } else if let ColumnChange::Drop { .. }
        | ColumnChange::Rename { .. }
        | ColumnChange::SetType { .. } = change
        {
            (
                format!(
                    "publication {publication} does not replicate this change of {column} to its subscribers"
                ),
                "plan the same change on every subscriber: what is dropped goes there last",
            )
        } else {
            continue;
        };
        hits.push(
            Hit::new(Severity::Warning, message)
                .on(table)
                .advice(advice),
        );
    }
    hits
}

fn of_publication(asked: &Asked<'_>, name: &Ident, change: &PublicationChange) -> Option<Hit> {
    match change {
        PublicationChange::Create(tables)
        | PublicationChange::Add(tables)
        | PublicationChange::Set(tables) => {
            let used = used(asked, tables);
            (!used.is_empty()).then(|| {
                let message = format!(
                    "publishing {} in {name} waits behind VACUUM and index builds there, and reaches subscribers only when they refresh",
                    crate::wording::list(&used)
                );
                Hit::new(Severity::Note, message).advice("create the tables on the subscribers first, then refresh their subscriptions")
            })
        }
        PublicationChange::Remove(tables) => {
            let tables: Vec<String> = tables.iter().map(ToString::to_string).collect();
            let message = format!(
                "subscribers of {name} no longer receive the rows of {}",
                crate::wording::list(&tables)
            );
            Some(
                Hit::new(Severity::Warning, message)
                    .advice("refresh the subscriptions, and tell who reads them"),
            )
        }
        PublicationChange::Drop { .. } => {
            let message = format!("every subscription to {name} stops with an error");
            Some(Hit::new(Severity::Error, message).advice("drop the subscriptions first"))
        }
        PublicationChange::CreateForAll | PublicationChange::Alter => None,
    }
}

fn used(asked: &Asked<'_>, tables: &[PublishedTable]) -> Vec<String> {
    tables
        .iter()
        .map(|listed| &listed.table)
        .filter(|table| asked.stake(table).matters())
        .map(ToString::to_string)
        .collect()
}

/// A publication that publishes this table.
pub(super) fn publication_of<'a>(asked: &Asked<'a>, table: &QualifiedName) -> Option<&'a Ident> {
    asked
        .catalog()
        .publications
        .iter()
        .find(|(_, publication)| match &publication.scope {
            PublicationScope::All => true,
            PublicationScope::Tables(tables) => tables.contains_key(table),
        })
        .map(|(name, _)| name)
}
