//! A dropped table takes its rows with it, and running code still names it.

use segue_model::{Presence, TableChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-table",
    summary: "a dropped table takes its rows with it, and running code still names it",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
The rows are gone at commit; a way back needs a backup or an archive. Every statement of a running version that \
names the table fails from that moment. Its partitions go along.

The order that works: the application stops using the table, some time passes in which nothing reads it \
(`pg_stat_user_tables` shows it), then it is renamed or archived, and dropped in a later release.

`IF EXISTS` on a table that no migration of this project created is only noted: most likely it is not there.

Source: PostgreSQL 17 manual, DROP TABLE.",
    bad: &[Example::new("DROP TABLE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("DROP TABLE events;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    good: &[Example::new("CREATE TABLE draft (id int); DROP TABLE draft;"), Example::new("CREATE TEMP TABLE staging (id int); DROP TABLE staging;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::Drop { .. } = change else {
            continue;
        };
        let table = &target.name;
        if !asked.stake(table).matters() {
            continue;
        }
        let is_known = asked.catalog().relation(table).is_some();
        if !is_known && target.presence == Presence::Lenient {
            let message = format!("if {table} exists, dropping it loses its rows");
            hits.push(Hit::new(Severity::Note, message).on(table));
            continue;
        }
        let message =
            format!("dropping {table} loses its rows, and running code that still names it fails");
        hits.push(
            Hit::new(Severity::Error, message)
                .on(table)
                .with_lock()
                .steps_or("first deploy code that does not use the table, keep its rows in an archive, and drop it in a later release"),
        );
    }
    hits
}
