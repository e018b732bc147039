//! Part of the migration cannot be read, so nothing is known of what it locks or breaks.

use segue_model::OpaqueReason;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "opaque-sql",
    summary: "part of the migration cannot be read, so nothing is known of what it locks or breaks",
    question: Question::Fails,
    group: Group::Running,
    page: "\
Dynamic SQL (`EXECUTE`), a body in a language that is not looked into, a client's meta-command, a placeholder in \
a decisive place, or a statement outside what Segue models. What it locks, whom it breaks and what it destroys \
is unknown, and unknown is not safe.

Write plain statements where you can. Otherwise rehearse the migration on a scratch server, which observes what \
it really does.",
    bad: &[Example::new("DO $$ BEGIN EXECUTE 'ALTER TABLE ' || 'users' || ' ADD COLUMN a text'; END $$;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("DO $$ BEGIN UPDATE users SET age = 1 WHERE id = 1; END $$;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    match asked.statement.opaque() {
        Some(opaque) if opaque.reason != OpaqueReason::SyntaxError => {
            let message = format!("this cannot be judged: {}", opaque.message);
            vec![
                Hit::new(Severity::Warning, message)
                    .at(opaque.span)
                    .advice("write plain statements where you can, or rehearse the migration on a scratch server"),
            ]
        }
        Some(_) | None => Vec::new(),
    }
}
