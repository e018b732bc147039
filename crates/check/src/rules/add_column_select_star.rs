//! A new column breaks prepared SELECT * of running sessions.

use segue_model::BreakKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "add-column-select-star",
    summary: "a new column breaks prepared SELECT * of running sessions",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
A prepared `SELECT *` of a session that is connected already fails once the table has another column: \"cached \
plan must not change result type\". Inside a transaction the session cannot recover by itself. A positional \
`INSERT INTO t VALUES (…)` keeps working as long as the new column comes last and may be left out.

Name the columns in the application's queries; or let its sessions reconnect (or `DISCARD PLANS`) after the \
change.

Segue reports this as a note: whether it hurts depends on the application. A rehearsal with its prepared \
statements tells.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("CREATE TABLE users (id int); ALTER TABLE users ADD COLUMN nickname text;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .answers
        .breaks
        .iter()
        .filter(|broken| broken.kind == BreakKind::ShapeChanged)
        .filter_map(|broken| {
            let relation = broken.relation.as_ref()?;
            let message = format!("a new column in {relation}: sessions with a prepared SELECT * fail once with \"cached plan must not change result type\"");
            Some(Hit::new(Severity::Note, message).on(relation).advice("name the columns in the application's queries, or let its sessions reconnect"))
        })
        .take(1)
        .collect()
}
