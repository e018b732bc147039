//! A new owner locks the table, every index and every sequence it owns.

use segue_model::{
    Blocks, Change, Ident, PrivilegeChange, QualifiedName, SequenceChange, TableChange, ViewChange,
    breaks,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "owner-change",
    summary: "a new owner locks the table, every index and every sequence it owns",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`OWNER TO` takes ACCESS EXCLUSIVE on the table, on each of its indexes, its TOAST table and its sequences; \
`REASSIGN OWNED` on everything a role owns, in one transaction. The old owner loses the rights that came with \
owning, and row security applies to it from now on.

Change owners one table per transaction, with a lock timeout and a retry, when few queries run.

A table that is new in the same migration is not reported.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users OWNER TO app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("REASSIGN OWNED BY old TO app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER VIEW names OWNER TO app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;")],
    good: &[Example::new("CREATE TABLE notes (id bigint PRIMARY KEY); ALTER TABLE notes OWNER TO app;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        if let Change::Privilege(PrivilegeChange::ReassignOwned { from, to }) = change {
            let from: Vec<String> = from.iter().map(Ident::quoted).collect();
            let message = format!(
                "giving everything of {} to {to} locks all of it against everybody in one transaction",
                crate::wording::list(&from)
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .advice("change the owner of one table per transaction"),
            );
        }
        let Some((relation, to)) = given(change) else {
            continue;
        };
        if breaks(change, asked.catalog()).is_empty() {
            continue;
        }
        let locked = asked
            .answers
            .impact
            .claims
            .iter()
            .filter(|claim| claim.mode.blocks() == Blocks::ReadsAndWrites)
            .count();
        let along = match locked {
            0 | 1 => String::new(),
            many => format!(", with {} relations that belong to it", many - 1),
        };
        let message =
            format!("giving {relation} to {to} keeps its readers and writers waiting{along}");
        hits.push(
            Hit::new(Severity::Warning, message)
                .on(relation)
                .with_lock()
                .advice("do it alone, with a lock timeout and a retry, when few queries run"),
        );
    }
    hits
}

/// The relation that gets an owner, and the owner.
fn given(change: &Change) -> Option<(&QualifiedName, &Ident)> {
    if let Change::Table(target, TableChange::SetOwner(to))
    | Change::View(target, ViewChange::SetOwner(to))
    | Change::Sequence(target, SequenceChange::SetOwner(to)) = change
    {
        Some((&target.name, to))
    } else {
        None
    }
}
