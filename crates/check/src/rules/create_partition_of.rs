//! CREATE TABLE … PARTITION OF locks the partitioned table, and reads its DEFAULT partition.

use segue_model::{Cause, Inheritance, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "create-partition-of",
    summary: "CREATE TABLE … PARTITION OF locks the partitioned table, and reads its DEFAULT partition",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`CREATE TABLE … PARTITION OF` takes ACCESS EXCLUSIVE on the partitioned table for a moment: readers and writers \
of *all* partitions wait, and the request queues behind every long query there. Where a DEFAULT partition exists \
it is locked too, and every row of it is read.

Create the table by itself (`CREATE TABLE … (LIKE parent INCLUDING ALL)`), then `ALTER TABLE parent ATTACH \
PARTITION`, which takes only SHARE UPDATE EXCLUSIVE on the parent (PostgreSQL 12). A CHECK on the DEFAULT \
partition that excludes the bounds saves the scan.

Partitions of a table that is new in the same migration are not reported.

Source: measured on 15 and 18.",
    bad: &[Example::new("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);"), Example::new("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_rest PARTITION OF events DEFAULT;")],
    good: &[Example::new("CREATE TABLE events (id bigint PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);"), Example::new("CREATE TABLE events_2 (LIKE events INCLUDING ALL); ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (child, definition) in asked.created_tables() {
        let Inheritance::PartitionOf { parent, .. } = &definition.inheritance else {
            continue;
        };
        let advice = "create the table by itself, then ATTACH PARTITION";
        let is_locked = asked.answers.impact.strongest_on(parent).is_some();
        if let Some(severity) = asked.stake(parent).of_short_lock().filter(|_| is_locked) {
            let message = format!(
                "creating partition {child} keeps readers and writers of all of {parent} waiting"
            );
            hits.push(
                Hit::new(severity, message)
                    .on(parent)
                    .with_lock()
                    .steps_or(advice),
            );
        }
        let default = asked
            .catalog()
            .default_partition(parent)
            .filter(|default| asked.works(default, &WorkKind::Scan, Cause::DefaultPartition));
        if let Some(default) = default
            && let Some(severity) = asked.stake(default).of_long_lock()
        {
            let message = format!(
                "creating partition {child} reads every row of the DEFAULT partition {default} while nobody can use it"
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
