//! DETACH PARTITION locks the partitioned table, and CONCURRENTLY is refused beside a DEFAULT partition.

use segue_model::{Build, PartitionChange, RefusalReason, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "detach-partition",
    summary: "DETACH PARTITION locks the partitioned table, and CONCURRENTLY is refused beside a DEFAULT partition",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`DETACH PARTITION` takes ACCESS EXCLUSIVE on the partitioned table and on the partition: readers and writers of \
*all* partitions wait.

`DETACH PARTITION … CONCURRENTLY` (PostgreSQL 14), outside a transaction, takes SHARE UPDATE EXCLUSIVE on the \
parent, waits for its users without a lock, and locks only the partition, at the end. It is refused while a \
DEFAULT partition exists, which is reported as an error; there, and before 14, detach with a lock timeout and a \
retry.

Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE events DETACH PARTITION events_1;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);"), Example::new("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_rest PARTITION OF events DEFAULT;").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);").wrapped(Wrapping::Autocommit), Example::new("CREATE TABLE events (id bigint) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); ALTER TABLE events DETACH PARTITION events_1;")],
    ask: Ask::Changes(Kind::Partitions, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.partition_changes() {
        let PartitionChange::Detach { child, build } = change else {
            continue;
        };
        let parent = &target.name;
        let has_default = asked.catalog().default_partition(parent).is_some();
        match build {
            Build::Concurrently => {
                let refused = asked
                    .answers
                    .impact
                    .refusals
                    .iter()
                    .find(|refusal| refusal.reason == RefusalReason::DefaultPartition);
                hits.extend(refused.map(|refusal| {
                    Hit::new(Severity::Error, refusal.message.clone())
                        .on(parent)
                        .advice("detach it without CONCURRENTLY, alone, with a lock timeout and a retry")
                }));
            }
            Build::Blocking => {
                let advice = if has_default || asked.context.server.version < 14 {
                    "detach it alone, in a short transaction with a lock timeout and a retry"
                } else {
                    "DETACH PARTITION … CONCURRENTLY, outside a transaction"
                };
                let message = format!(
                    "detaching {child} keeps readers and writers of all of {parent} waiting"
                );
                hits.extend(asked.stake(parent).of_short_lock().map(|severity| {
                    Hit::new(severity, message)
                        .on(parent)
                        .with_lock()
                        .steps_or(advice)
                }));
            }
        }
    }
    hits
}
