//! A setting of the migration tool decides that a migration cannot run.

use segue_model::{Concerns, ProjectProblem};

use crate::{Ask, Group, Hit, Place, ProjectAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "tool-configuration",
    summary: "a setting of the migration tool decides that a migration cannot run",
    question: Question::Fails,
    group: Group::Project,
    page: "\
Some tools cannot run some statements as they are configured: Flyway waits for ever for its own lock when a \
script builds an index concurrently, unless `flyway.postgresql.transactional.lock=false`; Alembic loses the \
record of a revision with an `autocommit_block` unless `transaction_per_migration=True`.

Set it as the message says.

Source: reproduced with the tools.",
    bad: &[],
    good: &[],
    ask: Ask::Project(ask),
};

fn ask(asked: &ProjectAsked<'_>) -> Vec<(Place, Hit)> {
    asked
        .problems
        .iter()
        .filter_map(|problem| {
            if let ProjectProblem::Configuration {
                path,
                consequence,
                concerns,
            } = problem
            {
                let place = place(asked, path, *concerns)?;
                Some((place, Hit::new(Severity::Warning, consequence.clone())))
            } else {
                None
            }
        })
        .collect()
}

/// The statement that is concerned, or the file with the setting; none when nothing is concerned.
fn place(asked: &ProjectAsked<'_>, path: &str, concerns: Concerns) -> Option<Place> {
    match concerns {
        Concerns::OutsideTransactions => asked.outside.cloned(),
        Concerns::Every => Some(Place {
            path: path.to_owned(),
            span: None,
        }),
    }
}
