//! ALTER TRIGGER … RENAME keeps readers and writers waiting.

use segue_model::{Change, TriggerChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "rename-trigger",
    summary: "ALTER TRIGGER … RENAME keeps readers and writers waiting",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
Renaming a trigger takes ACCESS EXCLUSIVE on the table for a change that no query sees. Triggers of one kind \
fire in the order of their names, so a new name may also change the order.

Run it alone, in a short transaction with a lock timeout and a retry, or leave the name.

Source: measured on 15 and 18; PostgreSQL 17 manual, 37.1.",
    bad: &[Example::new("ALTER TRIGGER users_audit ON users RENAME TO users_log;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();")],
    good: &[Example::new("ALTER TABLE users ENABLE TRIGGER users_audit;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Trigger(table, TriggerChange::Rename { from, to }) = change else {
            continue;
        };
        if let Some(severity) = asked.stake(table).of_short_lock() {
            let message = format!(
                "renaming trigger {from} to {to} keeps readers and writers of {table} waiting"
            );
            hits.push(
                Hit::new(severity, message)
                    .on(table)
                    .with_lock()
                    .advice("do it alone, in a short transaction with a lock timeout and a retry"),
            );
        }
    }
    hits
}
