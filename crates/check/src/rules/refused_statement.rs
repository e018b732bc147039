//! The server refuses the statement as it stands.

use crate::rule::{Ask, Asked, Example, Group, Hit, Question, Rule};
use segue_model::RefusalReason;

use crate::Severity;

pub(super) static RULE: Rule = Rule {
    code: "refused-statement",
    summary: "SQLite refuses this statement as it stands",
    question: Question::Fails,
    group: Group::Running,
    page: "\
SQLite's ALTER TABLE adds, renames and drops columns, and little else: it adds no UNIQUE and no PRIMARY KEY column, no \
NOT NULL column without a default to a table that has rows, and drops no column that an index, a constraint, a trigger \
or a view names. Such a statement fails when it runs, and the migration with it.

Where there is a way to the same result, it is shown as steps: an index dropped first, or the table built anew beside \
the old one, filled, and put in its place, in one transaction with references checked before it commits. `segue up` \
takes that way by itself.

On PostgreSQL other rules say what is refused.

Source: <https://sqlite.org/lang_altertable.html>; each refusal is compared with what SQLite does.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN code text UNIQUE;").after("CREATE TABLE users (id integer PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN code text;").after("CREATE TABLE users (id integer PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .answers
        .impact
        .refusals
        .iter()
        .map(|refusal| {
            let hit = Hit::new(Severity::Error, refusal.message.clone());
            if refusal.reason == RefusalReason::InsideTransaction {
                hit.advice("let the file opt out of its tool's transaction; `segue up` runs it outside by itself")
            } else {
                hit.steps_or(
                    "build a new table beside the old one, copy the rows, and put it in its place",
                )
            }
        })
        .collect()
}
