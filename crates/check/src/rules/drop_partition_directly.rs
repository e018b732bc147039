//! Dropping a partition locks the partitioned table.

use segue_model::TableChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-partition-directly",
    summary: "dropping a partition locks the partitioned table",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`DROP TABLE` of a partition takes ACCESS EXCLUSIVE on the partitioned table, and on its DEFAULT partition: \
readers and writers of *all* partitions wait.

From PostgreSQL 14: `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`, outside a transaction, then drop what is \
now a table of its own; that locks nobody else. Before 14, or beside a DEFAULT partition, which forbids the \
concurrent detach, drop it alone with a lock timeout and a retry.

Source: measured on 15 and 18.",
    bad: &[Example::new("DROP TABLE events_1;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    good: &[Example::new("DROP TABLE events_1;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); ALTER TABLE events DETACH PARTITION events_1;"), Example::new("DROP TABLE events;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::Drop { .. } = change else {
            continue;
        };
        let parent = asked
            .catalog()
            .table(&target.name)
            .and_then(|known| known.partition_of.as_ref());
        if let Some((parent, _)) = parent
            && let Some(severity) = asked.stake(parent).of_short_lock()
        {
            let message = format!(
                "dropping partition {} keeps readers and writers of all of {parent} waiting",
                target.name
            );
            hits.push(
                Hit::new(severity, message)
                    .on(parent)
                    .with_lock()
                    .steps_or("detach it concurrently first (PostgreSQL 14), then drop it"),
            );
        }
    }
    hits
}
