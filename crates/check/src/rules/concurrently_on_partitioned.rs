//! CREATE and DROP INDEX CONCURRENTLY refuse a partitioned table.

use segue_model::{Change, IndexChange, RefusalReason, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "concurrently-on-partitioned",
    summary: "CREATE and DROP INDEX CONCURRENTLY refuse a partitioned table",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
The server refuses to build or drop an index of a partitioned table concurrently.

To build: `CREATE INDEX ON ONLY parent`, which builds nothing; then `CREATE INDEX CONCURRENTLY` on each \
partition; then `ALTER INDEX … ATTACH PARTITION` for each. The parent's index becomes valid with the last one. \
To drop there is no online way: a short transaction with a lock timeout.

Source: measured on 15 and 18.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY e ON events (name);").after("CREATE TABLE events (id bigint, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);").wrapped(Wrapping::Autocommit), Example::new("DROP INDEX CONCURRENTLY e;").after("CREATE TABLE events (id bigint, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE INDEX e ON events (name);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY e ON events_1 (name);").after("CREATE TABLE events (id bigint, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if !asked.statement.changes.iter().any(|change| {
        matches!(
            change,
            Change::Index(IndexChange::Create { .. } | IndexChange::Drop { .. })
        )
    }) {
        return Vec::new();
    }
    asked
        .answers
        .impact
        .refusals
        .iter()
        .filter(|refusal| refusal.reason == RefusalReason::Partitioned)
        .map(|refusal| Hit::new(Severity::Error, refusal.message.clone()).steps_or("CREATE INDEX ON ONLY the parent, CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION"))
        .collect()
}
