//! Rows are read or written before the same table is altered: two sessions that do it deadlock.

use segue_model::LockMode;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "lock-upgrade-in-tx",
    summary: "rows are read or written before the same table is altered: two sessions that do it deadlock",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
The transaction first takes a weak lock on the table (by SELECT, INSERT, UPDATE, DELETE) and then asks for a \
strong one. A session of the application that does the same, or two runners, wait for each other: a deadlock. \
And the ALTER waits while the rows it wrote are locked.

Alter first, or take the strong lock at the start.",
    bad: &[Example::new("UPDATE users SET age = 1 WHERE id = 1; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("UPDATE orders SET state = 'x' WHERE id = 1; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let transaction = asked.context.transaction;
    for claim in &asked.answers.impact.claims {
        let Some(relation) = claim.on.relation() else {
            continue;
        };
        let touched = transaction.written.contains(relation) || transaction.read.contains(relation);
        let fresh = transaction
            .holds(relation)
            .is_none_or(|mode| mode < LockMode::ShareUpdateExclusive);
        if touched
            && fresh
            && claim.mode > LockMode::ShareUpdateExclusive
            && transaction.is_open()
            && asked.stake(relation).matters()
        {
            let message = format!(
                "this transaction already uses rows of {relation} and now asks for {}: two that do it deadlock",
                claim.mode
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(relation)
                    .advice("alter the table first, or in a transaction of its own"),
            );
            break;
        }
    }
    hits
}
