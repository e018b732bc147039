//! ATTACH PARTITION reads the whole new partition, and builds its missing indexes, while nobody can use it.

use segue_model::{Cause, PartitionChange, QualifiedName, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "attach-partition-scan",
    summary: "ATTACH PARTITION reads the whole new partition, and builds its missing indexes, while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`ATTACH PARTITION` takes ACCESS EXCLUSIVE on the table that is attached, reads every row to see that it fits the \
bounds, and builds each index of the partitioned table that the new partition does not have. The partitioned \
table itself is only locked SHARE UPDATE EXCLUSIVE (PostgreSQL 12).

Before it: add a CHECK that says what the bounds say, NOT NULL included, as NOT VALID, and validate it; build \
the matching indexes concurrently. Then the attach takes a moment, and the CHECK can go.

A table that is new in the same migration is not reported.

Source: PostgreSQL 17 manual, 5.12.2.2; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (id bigint NOT NULL, name text);"), Example::new("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (id bigint NOT NULL, name text, CONSTRAINT proof CHECK (id IS NOT NULL AND id >= 1000 AND id < 2000)); CREATE INDEX ON events (name);")],
    good: &[Example::new("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (id bigint NOT NULL, name text, CONSTRAINT proof CHECK (id IS NOT NULL AND id >= 1000 AND id < 2000));"), Example::new("CREATE TABLE events_2 (id bigint NOT NULL, name text); ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    ask: Ask::Changes(Kind::Partitions, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.partition_changes() {
        let PartitionChange::Attach { child, .. } = change else {
            continue;
        };
        let does = work(asked, child);
        if let Some(severity) = asked
            .stake(child)
            .of_long_lock()
            .filter(|_| !does.is_empty())
        {
            let message = format!(
                "attaching {child} to {} {} while nobody can use {child}",
                target.name,
                crate::wording::list(&does)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(child)
                    .with_lock()
                    .steps_or("first add a CHECK of the bounds NOT VALID and validate it, and build the matching indexes concurrently"),
            );
        }
    }
    hits
}

fn work(asked: &Asked<'_>, child: &QualifiedName) -> Vec<String> {
    let mut does = Vec::new();
    if asked.works(child, &WorkKind::Scan, Cause::PartitionBound) {
        does.push("reads every row".to_owned());
    }
    if asked.works(child, &WorkKind::Scan, Cause::ForeignKey) {
        does.push("checks every row against a foreign key".to_owned());
    }
    let builds = asked
        .answers
        .impact
        .work
        .iter()
        .filter(|work| matches!(work.kind, WorkKind::BuildIndex(_)))
        .count();
    match builds {
        0 => {}
        1 => does.push("builds an index".to_owned()),
        many => does.push(format!("builds {many} indexes")),
    }
    does
}
