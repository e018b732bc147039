//! REFRESH MATERIALIZED VIEW keeps readers waiting while its query runs.

use segue_model::{Build, MaintenanceChange, QualifiedName, RefusalReason};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "refresh-matview",
    summary: "REFRESH MATERIALIZED VIEW keeps readers waiting while its query runs",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`REFRESH MATERIALIZED VIEW` takes ACCESS EXCLUSIVE on the view for as long as its query runs and its indexes are \
built: every reader waits.

`REFRESH MATERIALIZED VIEW CONCURRENTLY` lets them read the old rows meanwhile. It needs a unique index over \
plain columns without a condition, and may run in a transaction.

A view that the same migration created is not reported. CONCURRENTLY on a view without such an index is an \
error: the server refuses it.

Source: PostgreSQL 17 manual, REFRESH MATERIALIZED VIEW; measured on 15 and 18.",
    bad: &[Example::new("REFRESH MATERIALIZED VIEW totals;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id; CREATE UNIQUE INDEX totals_user ON totals (user_id);"), Example::new("REFRESH MATERIALIZED VIEW CONCURRENTLY counts;").after("CREATE TABLE users (id bigint PRIMARY KEY); CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM users;")],
    good: &[Example::new("REFRESH MATERIALIZED VIEW CONCURRENTLY totals;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id; CREATE UNIQUE INDEX totals_user ON totals (user_id);"), Example::new("CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM users; REFRESH MATERIALIZED VIEW counts;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Maintenance, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.maintenance() {
        let MaintenanceChange::Refresh { view, build } = change else {
            continue;
        };
        match build {
            Build::Blocking => hits.extend(blocks(asked, view)),
            Build::Concurrently => hits.extend(refused(asked, view)),
        }
    }
    hits
}

fn blocks(asked: &Asked<'_>, view: &QualifiedName) -> Option<Hit> {
    let catalog = asked.catalog();
    if catalog
        .view(view)
        .is_some_and(|known| catalog.is_of_this_release(known.born))
    {
        return None;
    }
    let severity = asked.stake(view).of_long_lock()?;
    let message = format!("readers of {view} wait until its query has run");
    Some(
        Hit::new(severity, message).on(view).with_lock().steps_or(
            "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on the view",
        ),
    )
}

/// CONCURRENTLY needs a unique index.
fn refused(asked: &Asked<'_>, view: &QualifiedName) -> Option<Hit> {
    let refusal = asked
        .answers
        .impact
        .refusals
        .iter()
        .find(|refusal| refusal.reason == RefusalReason::Unsupported)?;
    let hit = Hit::new(Severity::Error, refusal.message.clone()).on(view);
    Some(hit.advice(
        "first build a unique index on the view, over plain columns and without a condition",
    ))
}
