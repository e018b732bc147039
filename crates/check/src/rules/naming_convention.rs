//! A name with capitals, spaces or signs has to be quoted for ever.

use segue_model::TextNoteKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "naming-convention",
    summary: "a name with capitals, spaces or signs has to be quoted for ever",
    question: Question::Advises,
    group: Group::Design,
    page: "\
Unquoted names are folded to lower case. A name with capitals, spaces or signs has to be quoted in every \
statement, and looks different in every tool.

Use lower case, digits and underscores. Projects whose ORM writes such names by its own rules (Prisma, TypeORM) \
can switch the rule off.",
    bad: &[Example::new("CREATE TABLE \"UserAccounts\" (id bigint PRIMARY KEY);")],
    good: &[Example::new("CREATE TABLE user_accounts (id bigint PRIMARY KEY);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .statement
        .notes
        .iter()
        .filter_map(|note| {
            if let TextNoteKind::NeedsQuotes(name) = &note.kind {
                Some(
                    Hit::new(
                        Severity::Note,
                        format!("{name} has to be quoted in every statement"),
                    )
                    .at(note.span)
                    .advice("use lower case, digits and underscores"),
                )
            } else {
                None
            }
        })
        .collect()
}
