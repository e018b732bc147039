//! A statement uses syntax that the server does not have yet.

use segue_model::TextNoteKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "since-version",
    summary: "a statement uses syntax that the server does not have yet",
    question: Question::Fails,
    group: Group::Running,
    page: "\
The statement needs a newer major version than the one the migrations are for (`--server-version`, or \
`server_version` in `segue.toml`). On the older server it is a syntax error.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT n NOT NULL name NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").on(15), Example::new("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").on(17)],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT n NOT NULL name NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").on(18)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .statement
        .notes
        .iter()
        .filter_map(|note| {
            if let TextNoteKind::SinceVersion { feature, version } = &note.kind
                && *version > asked.context.server.version
            {
                let message = format!(
                    "{feature} exists since version {version}; the server is version {}",
                    asked.context.server.version
                );
                Some(Hit::new(Severity::Error, message).at(note.span))
            } else {
                None
            }
        })
        .collect()
}
