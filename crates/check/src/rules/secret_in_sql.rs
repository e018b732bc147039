//! A password, token or key stands in the migration.

use segue_model::TextNoteKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "secret-in-sql",
    summary: "a password, token or key stands in the migration",
    question: Question::Loses,
    group: Group::Running,
    page: "\
Migrations are in the repository for ever, in every clone and every log of the tool; the server logs statements \
too. What stands there is known.

Change the secret now. Create roles and servers outside of migrations, or without the secret: `CREATE ROLE app \
LOGIN` and set the password by another way.",
    bad: &[Example::new("CREATE ROLE app LOGIN PASSWORD 'hunter2hunter2';")],
    good: &[Example::new("CREATE ROLE app LOGIN;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .statement
        .notes
        .iter()
        .filter_map(|note| {
            if let TextNoteKind::Secret = &note.kind {
                Some(
                    Hit::new(
                        Severity::Error,
                        "a secret stands in this statement: it is in the repository for ever",
                    )
                    .at(note.span)
                    .advice("change the secret now, and set it outside of migrations"),
                )
            } else {
                None
            }
        })
        .collect()
}
