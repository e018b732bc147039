//! REPLICA IDENTITY changes what logical consumers receive.

use segue_model::{ReplicaIdentity, TableChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "replica-identity",
    summary: "REPLICA IDENTITY changes what logical consumers receive",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
The replica identity says what a logical subscriber or a change data capture gets to find the old row. `NOTHING` \
makes UPDATE and DELETE fail on a published table; `FULL` writes the whole old row into the write-ahead log for \
each of them; another index changes the keys consumers see. The statement takes ACCESS EXCLUSIVE for a moment.

Use the primary key or a unique index over NOT NULL columns, and change it together with the consumers.

Source: PostgreSQL 17 manual, ALTER TABLE and 29.1; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users REPLICA IDENTITY FULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE users REPLICA IDENTITY NOTHING;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE PUBLICATION feed FOR TABLE users;"), Example::new("ALTER TABLE users REPLICA IDENTITY NOTHING;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("CREATE TABLE notes (id bigint PRIMARY KEY); ALTER TABLE notes REPLICA IDENTITY FULL;")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::SetReplicaIdentity(to) = change else {
            continue;
        };
        let table = &target.name;
        if !asked.stake(table).matters() {
            continue;
        }
        let publication = super::publication_ddl::publication_of(asked, table);
        let (severity, message) = match (to, publication) {
            (ReplicaIdentity::Nothing, Some(publication)) => (
                Severity::Error,
                format!(
                    "UPDATE and DELETE on {table} fail: publication {publication} publishes it, and no old row can be named any more"
                ),
            ),
            (ReplicaIdentity::Nothing, None) => (
                Severity::Warning,
                format!("UPDATE and DELETE on {table} fail wherever it is published"),
            ),
            (ReplicaIdentity::Full, _) => (
                Severity::Warning,
                format!(
                    "every UPDATE and DELETE on {table} writes the whole old row into the write-ahead log"
                ),
            ),
            (ReplicaIdentity::Default | ReplicaIdentity::Index(_), _) => (
                Severity::Warning,
                format!("logical consumers of {table} receive other keys of old rows"),
            ),
        };
        hits.push(
            Hit::new(severity, message)
                .on(table)
                .with_lock()
                .advice("use the primary key or a unique index over NOT NULL columns, and change it together with the consumers"),
        );
    }
    hits
}
