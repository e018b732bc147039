//! An index that cannot become a constraint.

use segue_model::RefusalReason;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "using-index-ineligible",
    summary: "an index that cannot become a constraint",
    question: Question::Fails,
    group: Group::Constraints,
    page: "\
`USING INDEX` takes only a valid, plain, unique btree index in default order. A partial index, one over an \
expression, one with DESC or NULLS FIRST, or one whose build failed is refused.

Build a plain unique index concurrently. Where only some rows have to be unique, keep the partial unique index \
and do without the constraint.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (lower(name));"), Example::new("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (name) WHERE age > 1;"), Example::new("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (name DESC);")],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (name);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .answers
        .impact
        .refusals
        .iter()
        .filter(|refusal| refusal.reason == RefusalReason::IneligibleIndex)
        .map(|refusal| {
            Hit::new(Severity::Error, refusal.message.clone())
                .advice("build a plain unique index concurrently and use that")
        })
        .collect()
}
