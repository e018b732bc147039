//! A concurrent build waits for every old snapshot in the database.

use segue_model::{Wait, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "concurrently-old-snapshot",
    summary: "a concurrent build waits for every old snapshot in the database",
    question: Question::Advises,
    group: Group::Indexes,
    page: "\
A concurrent build ends only when every transaction that began before its last phase has ended, those on other \
tables too: a report in REPEATABLE READ, a forgotten session, a prepared transaction. Until then it stands still \
and holds SHARE UPDATE EXCLUSIVE, and vacuum of the table waits.

Before it, look for old transactions: `SELECT pid, xact_start, query FROM pg_stat_activity WHERE backend_xmin IS \
NOT NULL ORDER BY xact_start`, and `pg_prepared_xacts`.

Source: measured on 15 and 18. No other linter reports it.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if !asked.answers.impact.waits.contains(&Wait::OldSnapshots) {
        return Vec::new();
    }
    let relation = asked
        .answers
        .impact
        .claims
        .iter()
        .find_map(|claim| claim.on.relation());
    let hit = Hit::new(
        Severity::Note,
        "this waits until every transaction older than it has ended, on any table of the database",
    )
    .advice("before it, look for old transactions in pg_stat_activity (backend_xmin) and pg_prepared_xacts");
    vec![match relation {
        Some(relation) => hit.on(relation),
        None => hit,
    }]
}
