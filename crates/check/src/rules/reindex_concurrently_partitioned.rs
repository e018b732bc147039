//! REINDEX CONCURRENTLY of a partitioned table is not online.

use segue_model::{Build, IndexChange, MaintenanceChange, QualifiedName, ReindexScope, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "reindex-concurrently-partitioned",
    summary: "REINDEX CONCURRENTLY of a partitioned table is not online",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
To list the partitions, `REINDEX TABLE` or `INDEX … CONCURRENTLY` of a partitioned table first asks for SHARE on \
every partition. While one writer's transaction is open on one of them, that request waits, and every later \
write to the partition queues behind it.

Reindex partition by partition.

Source: reproduced on 15 and 18. No other linter reports it.",
    bad: &[Example::new("REINDEX TABLE CONCURRENTLY events;").after("CREATE TABLE events (id bigint, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE INDEX ON events (name);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("REINDEX TABLE CONCURRENTLY events_1;").after("CREATE TABLE events (id bigint, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let of_index = asked.index_changes().into_iter().filter_map(|change| {
        if let IndexChange::Rebuild {
            name,
            build: Build::Concurrently,
        } = change
        {
            asked
                .catalog()
                .index(name)
                .map(|index| &index.definition.table)
        } else {
            None
        }
    });
    let of_table = asked.maintenance().into_iter().filter_map(|change| {
        if let MaintenanceChange::Reindex {
            of: ReindexScope::Table(table),
            build: Build::Concurrently,
        } = change
        {
            Some(table)
        } else {
            None
        }
    });
    of_index
        .chain(of_table)
        .filter(|table| is_partitioned(asked, table))
        .map(hit)
        .collect()
}

fn is_partitioned(asked: &Asked<'_>, table: &QualifiedName) -> bool {
    asked
        .catalog()
        .table(table)
        .is_some_and(|known| known.partitioning.is_some())
}

fn hit(table: &QualifiedName) -> Hit {
    let message = format!(
        "REINDEX CONCURRENTLY of {table} first asks for SHARE on every partition: behind one open writer, all later writers queue"
    );
    Hit::new(Severity::Warning, message)
        .on(table)
        .steps_or("REINDEX … CONCURRENTLY one partition after the other")
}
