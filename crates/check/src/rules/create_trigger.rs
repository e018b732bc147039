//! CREATE TRIGGER keeps writers waiting, then runs for every write of running code.

use segue_model::{Change, TriggerChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "create-trigger",
    summary: "CREATE TRIGGER keeps writers waiting, then runs for every write of running code",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`CREATE TRIGGER` takes SHARE ROW EXCLUSIVE on the table, and on each partition: writers wait until the \
transaction ends, and the request queues behind every long write. From then on the trigger runs for every write \
of code that was deployed before it and never tested with it.

Create it alone in a short transaction with a lock timeout, and try the running version of the application \
against it first.

A table that is new in the same migration is not reported.

Source: measured on 15 and 18.",
    bad: &[Example::new("CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"), Example::new("CREATE OR REPLACE TRIGGER users_audit AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();")],
    good: &[Example::new("CREATE TABLE notes (id bigint PRIMARY KEY); CREATE TRIGGER notes_audit BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION audit();").after("CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Trigger(
            table,
            TriggerChange::Create(trigger) | TriggerChange::Replace(trigger),
        ) = change
        else {
            continue;
        };
        if asked.catalog().view(table).is_some() {
            continue;
        }
        if let Some(severity) = asked.stake(table).of_short_lock() {
            let message = format!(
                "creating trigger {} keeps writers of {table} waiting, and then runs for every write of code that does not know it",
                trigger.name
            );
            hits.push(Hit::new(severity, message).on(table).with_lock().steps_or(
                "create it alone, in a short transaction with a lock timeout and a retry",
            ));
        }
    }
    hits
}
