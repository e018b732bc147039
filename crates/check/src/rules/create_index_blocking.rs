//! CREATE INDEX keeps writers waiting until the whole table is read and sorted.

use segue_model::{Build, IndexChange, WorkKind, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "create-index-blocking",
    summary: "CREATE INDEX keeps writers waiting until the whole table is read and sorted",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
`CREATE INDEX` takes SHARE on the table for the whole build: every write waits. On a billion rows that was an \
outage of 52 minutes.

`CREATE INDEX CONCURRENTLY`, outside a transaction and alone in its migration, lets readers and writers go on. \
When it fails it leaves an invalid index to be dropped.

A table that is new in the same migration is not reported, nor is `ON ONLY` a partitioned table, which builds \
nothing.

Source: PostgreSQL 17 manual, CREATE INDEX.",
    bad: &[Example::new("CREATE INDEX users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"), Example::new("CREATE INDEX users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit), Example::new("CREATE TABLE users (name text); CREATE INDEX users_name ON users (name);"), Example::new("CREATE INDEX e ON ONLY events (name);").after("CREATE TABLE events (id bigint, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);"), Example::new("CREATE TEMP TABLE t (a int); CREATE INDEX ON t (a);")],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Create { index, build, .. } = change else {
            continue;
        };

        let builds = asked
            .answers
            .impact
            .work
            .iter()
            .any(|work| matches!(work.kind, WorkKind::BuildIndex(_)));
        let Some(severity) = asked
            .stake(&index.table)
            .of_long_lock()
            .filter(|_| *build == Build::Blocking && builds)
        else {
            continue;
        };
        let message = format!(
            "building {} keeps writers of {} waiting until it is done",
            index.name.ident(),
            index.table
        );
        hits.push(
            Hit::new(severity, message)
                .on(&index.table)
                .with_lock()
                .steps_or(
                    "CREATE INDEX CONCURRENTLY, outside a transaction and alone in its migration",
                ),
        );
    }
    hits
}
