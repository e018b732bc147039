//! ALTER TABLE after a write with a deferred foreign key fails.

use segue_model::RefusalReason;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "pending-trigger-events",
    summary: "ALTER TABLE after a write with a deferred foreign key fails",
    question: Question::Fails,
    group: Group::Running,
    page: "\
A write to a table with a deferred foreign key leaves a check for the end of the transaction. ALTER TABLE on \
that table is then refused: \"because it has pending trigger events\".

`SET CONSTRAINTS ALL IMMEDIATE` before the ALTER TABLE, or two transactions.

Source: measured on 15 and 18.",
    bad: &[Example::new("INSERT INTO orders VALUES (1, 1, 'x'); ALTER TABLE orders ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED;")],
    good: &[Example::new("INSERT INTO orders VALUES (1, 1, 'x'); SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE orders ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED;"), Example::new("ALTER TABLE orders ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .answers
        .impact
        .refusals
        .iter()
        .filter(|refusal| refusal.reason == RefusalReason::PendingTriggerEvents)
        .map(|refusal| {
            Hit::new(Severity::Error, refusal.message.clone())
                .advice("SET CONSTRAINTS ALL IMMEDIATE before it, or two transactions")
        })
        .collect()
}
