//! A statement says something the replayed migrations know to be otherwise.

use segue_model::ContradictionKind;

use crate::rule::HistoryKnown;
use crate::{Ask, Contradicted, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "contradicts-history",
    summary: "a statement contradicts what the earlier migrations built",
    question: Question::Fails,
    group: Group::Project,
    page: "\
Segue replays the project's migrations and knows which tables, columns, constraints and indexes exist at each point. \
This statement names something that does not exist there, creates something that does, or treats an object as another kind.

Usually a migration is missing, stands in the wrong order, was edited after it ran, or the database was changed by hand. \
On a fresh database the statement fails.

When the first migrations of a project already alter tables that nothing creates, the history is taken to begin later \
than the database, and unknown objects are not reported.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN email text;").after("CREATE TABLE users (id int, email text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN IF NOT EXISTS email text;").after("CREATE TABLE users (id int, email text);")],
    ask: Ask::Contradiction(ask),
};

fn ask(asked: &Contradicted<'_>) -> Vec<Hit> {
    match (asked.contradiction.kind, asked.history_is_whole) {
        (ContradictionKind::Missing, HistoryKnown::Partial) => Vec::new(),
        (ContradictionKind::Missing | ContradictionKind::Exists | ContradictionKind::Unfit, _) => {
            vec![
                Hit::new(Severity::Warning, asked.contradiction.message.clone())
                    .advice("compare the order of the migrations with the database they ran on"),
            ]
        }
    }
}
