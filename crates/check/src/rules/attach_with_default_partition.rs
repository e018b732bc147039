//! ATTACH PARTITION reads the whole DEFAULT partition while nobody can use it.

use segue_model::{Cause, PartitionChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "attach-with-default-partition",
    summary: "ATTACH PARTITION reads the whole DEFAULT partition while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
Where a DEFAULT partition exists, rows that belong to the new one may be in it. `ATTACH PARTITION` takes ACCESS \
EXCLUSIVE on the DEFAULT partition and reads every row of it: readers and writers of those rows wait, in a table \
that tends to be large.

Before it: add a CHECK on the DEFAULT partition that excludes the new bounds, as NOT VALID, and validate it. \
Then no row is read.

Source: PostgreSQL 17 manual, 5.12.2.2; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (id bigint NOT NULL, name text, CONSTRAINT proof CHECK (id IS NOT NULL AND id >= 1000 AND id < 2000)); CREATE TABLE events_rest PARTITION OF events DEFAULT;")],
    good: &[Example::new("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (id bigint NOT NULL, name text, CONSTRAINT proof CHECK (id IS NOT NULL AND id >= 1000 AND id < 2000)); CREATE TABLE events_rest PARTITION OF events DEFAULT; ALTER TABLE events_rest ADD CONSTRAINT outside CHECK (id IS NOT NULL AND (id < 1000 OR id >= 2000));"), Example::new("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (id bigint NOT NULL, name text, CONSTRAINT proof CHECK (id IS NOT NULL AND id >= 1000 AND id < 2000));")],
    ask: Ask::Changes(Kind::Partitions, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.partition_changes() {
        let PartitionChange::Attach { child, .. } = change else {
            continue;
        };
        let Some(default) = asked.catalog().default_partition(&target.name) else {
            continue;
        };
        if asked.works(default, &WorkKind::Scan, Cause::DefaultPartition)
            && let Some(severity) = asked.stake(default).of_long_lock()
        {
            let message = format!(
                "attaching {child} reads every row of the DEFAULT partition {default} while nobody can use it"
            );
            hits.push(
                Hit::new(severity, message)
                    .on(default)
                    .with_lock()
                    .steps_or("first add a CHECK that excludes the new bounds to the DEFAULT partition, NOT VALID, and validate it"),
            );
        }
    }
    hits
}
