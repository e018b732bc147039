//! SET TABLESPACE copies the table while nobody can use it.

use segue_model::{Cause, TableChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-tablespace",
    summary: "SET TABLESPACE copies the table while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`SET TABLESPACE` copies the table and its TOAST table file by file, under ACCESS EXCLUSIVE: readers and writers \
wait until the last byte is there. Its indexes stay where they are.

Fill a new table in the other tablespace in batches and swap the names, or let `pg_repack --tablespace` do it. \
For a partitioned table the statement only says where new partitions go, and is not reported.

Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users SET TABLESPACE fast;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE events SET TABLESPACE fast;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);"), Example::new("CREATE TABLE draft (id int); ALTER TABLE draft SET TABLESPACE fast;")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::SetTablespace(_) = change else {
            continue;
        };
        if asked.works(&target.name, &WorkKind::Copy, Cause::Storage)
            && let Some(severity) = asked.stake(&target.name).of_long_lock()
        {
            let message = format!(
                "SET TABLESPACE copies {} while nobody can use it",
                target.name
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("fill a new table in the other tablespace in batches and swap the names, or use pg_repack --tablespace"),
            );
        }
    }
    hits
}
