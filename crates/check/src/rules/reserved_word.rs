//! A reserved word as a name has to be quoted for ever.

use segue_model::TextNoteKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "reserved-word",
    summary: "a reserved word as a name has to be quoted for ever",
    question: Question::Advises,
    group: Group::Design,
    page: "\
Every statement of every program has to quote such a name, and tools that do not fail on it.

Choose another name while the object is new.",
    bad: &[Example::new(
        "CREATE TABLE \"order\" (id bigint PRIMARY KEY);",
    )],
    good: &[Example::new("CREATE TABLE orders (id bigint PRIMARY KEY);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .statement
        .notes
        .iter()
        .filter_map(|note| {
            if let TextNoteKind::ReservedWord(word) = &note.kind {
                Some(
                    Hit::new(
                        Severity::Note,
                        format!(
                            "{word} is a reserved word: it has to be quoted in every statement"
                        ),
                    )
                    .at(note.span)
                    .advice("choose another name while the object is new"),
                )
            } else {
                None
            }
        })
        .collect()
}
