//! A name is cut to 63 bytes without a word.

use segue_model::TextNoteKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "identifier-too-long",
    summary: "a name is cut to 63 bytes without a word",
    question: Question::Fails,
    group: Group::Running,
    page: "\
PostgreSQL keeps 63 bytes of a name (bytes, not characters) and cuts the rest with a notice that nobody reads. \
Two long names may then be the same, and a later statement that builds the name again cuts it elsewhere.

Choose a shorter name.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN a_column_name_that_is_much_longer_than_the_server_is_willing_to_keep text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN short text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .statement
        .notes
        .iter()
        .filter_map(|note| {
            if let TextNoteKind::CutName { written, stored } = &note.kind {
                Some(
                    Hit::new(
                        Severity::Warning,
                        format!("{written} is longer than 63 bytes: the server keeps {stored}"),
                    )
                    .at(note.span)
                    .advice("choose a shorter name"),
                )
            } else {
                None
            }
        })
        .collect()
}
