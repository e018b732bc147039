//! DROP TRIGGER keeps readers and writers waiting.

use segue_model::{Change, TriggerChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "drop-trigger",
    summary: "DROP TRIGGER keeps readers and writers waiting",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`DROP TRIGGER` takes ACCESS EXCLUSIVE on the table, and on each partition: readers wait as well as writers. What \
the trigger did (audit, derived columns, checks) stops with the commit.

`ALTER TABLE … DISABLE TRIGGER` takes only SHARE ROW EXCLUSIVE and can be undone at once; drop the trigger \
later, alone, with a lock timeout and a retry.

Source: measured on 15 and 18.",
    bad: &[Example::new("DROP TRIGGER users_audit ON users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();")],
    good: &[Example::new("CREATE TABLE notes (id bigint); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER a BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION audit(); DROP TRIGGER a ON notes;"), Example::new("ALTER TABLE users ENABLE TRIGGER users_audit;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Trigger(table, TriggerChange::Drop { name, .. }) = change else {
            continue;
        };
        if let Some(severity) = asked.stake(table).of_short_lock() {
            let message = format!(
                "dropping trigger {name} keeps readers and writers of {table} waiting, and what it did is no longer done"
            );
            hits.push(Hit::new(severity, message).on(table).with_lock().steps_or(
                "disable it first, and drop it later, alone, with a lock timeout and a retry",
            ));
        }
    }
    hits
}
