//! Timestamp and timestamptz convert by the session's time zone.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-timezone",
    summary: "timestamp and timestamptz convert by the session's time zone",
    question: Question::Loses,
    group: Group::Columns,
    page: "\
Between `timestamp` and `timestamptz` every value is read in the time zone of the session that runs the \
migration: in the wrong zone every value means another moment afterwards. Only when the session's TimeZone is \
UTC are the rows kept as they are (PostgreSQL 12 and later); with any other zone, and with `USING … AT TIME \
ZONE`, the table is written anew.

Say the zone: `SET LOCAL TimeZone = 'UTC'` before the statement, when the values are UTC. Drop the column's \
indexes concurrently before, and build them again concurrently after.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN made TYPE timestamptz;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    good: &[Example::new("SET LOCAL TimeZone = 'UTC'; ALTER TABLE users ALTER COLUMN made TYPE timestamptz;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

const PAIR: [&str; 2] = ["timestamp without time zone", "timestamp with time zone"];

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetType {
            name, data_type, ..
        } = change
        else {
            continue;
        };
        let Some(known) = asked.catalog().column(&target.name, name) else {
            continue;
        };
        let crosses = PAIR.iter().any(|one| known.data_type.is_built_in(one))
            && PAIR.iter().any(|one| data_type.is_built_in(one))
            && known.data_type.name != data_type.name;
        let says_utc = asked
            .context
            .settings
            .value("timezone")
            .is_some_and(|zone| zone.eq_ignore_ascii_case("utc"));
        if crosses && !says_utc && asked.stake(&target.name).matters() {
            let message = format!(
                "{} is converted by the time zone of the session, which this migration does not say",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("SET LOCAL TimeZone = 'UTC' before it, when the values are UTC"),
            );
        }
    }
    hits
}
