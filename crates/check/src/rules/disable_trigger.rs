//! A disabled trigger no longer does what writers count on.

use segue_model::{Change, Ident, QualifiedName, TableChange, TriggerState};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "disable-trigger",
    summary: "a disabled trigger no longer does what writers count on",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
`DISABLE TRIGGER` stops audits, derived columns and checks for *every* session, silently; with ALL also the \
triggers that keep foreign keys true. It takes SHARE ROW EXCLUSIVE, so writers wait until the transaction ends. \
`ENABLE REPLICA TRIGGER` switches it off for ordinary sessions too.

To write rows without it in one session, `SET LOCAL session_replication_role = replica` in that transaction \
leaves everybody else alone. When the trigger is enabled again in the same transaction, no write of others slips \
through, but they wait for all of it.

Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users DISABLE TRIGGER users_audit;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();"), Example::new("ALTER TABLE users DISABLE TRIGGER ALL; UPDATE users SET age = 0 WHERE id = 1; ALTER TABLE users ENABLE TRIGGER ALL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();")],
    good: &[Example::new("ALTER TABLE users ENABLE TRIGGER users_audit;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER users_audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();"), Example::new("CREATE TABLE notes (id bigint PRIMARY KEY); ALTER TABLE notes DISABLE TRIGGER ALL;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::SetTrigger {
            trigger,
            state: TriggerState::Disable | TriggerState::EnableReplica,
        } = change
        else {
            continue;
        };
        let table = &target.name;
        if !asked.stake(table).matters() {
            continue;
        }
        let which = trigger.as_ref().map_or_else(
            || format!("the triggers of {table} (with ALL, those of its foreign keys too)"),
            |name| format!("trigger {name} of {table}"),
        );
        let message = if asked.context.transaction.is_open()
            && is_enabled_later(asked, table, trigger.as_ref())
        {
            format!(
                "{which} are off until they are enabled again, and writers wait for as long as the transaction runs"
            )
        } else {
            format!(
                "{which} switched off: every session that writes goes on without it, and no error tells"
            )
        };
        hits.push(
            Hit::new(Severity::Warning, message)
                .on(table)
                .with_lock()
                .advice("to write without triggers in one session only: SET LOCAL session_replication_role = replica"),
        );
    }
    hits
}

fn is_enabled_later(asked: &Asked<'_>, table: &QualifiedName, disabled: Option<&Ident>) -> bool {
    asked
        .section
        .iter()
        .skip(asked.position + 1)
        .flat_map(|statement| &statement.changes)
        .any(|change| {
            if let Change::Table(
                target,
                TableChange::SetTrigger {
                    trigger,
                    state: TriggerState::Enable | TriggerState::EnableAlways,
                },
            ) = change
            {
                &target.name == table && (trigger.is_none() || trigger.as_ref() == disabled)
            } else {
                false
            }
        })
}
