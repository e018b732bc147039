//! COMMENT waits behind VACUUM and index builds while the transaction holds its locks.

use segue_model::{Blocks, Change, LockMode, Locked, QualifiedName, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "comment-index",
    summary: "COMMENT waits behind VACUUM and index builds while the transaction holds its locks",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`COMMENT ON` a table, column or index takes SHARE UPDATE EXCLUSIVE: it waits behind VACUUM and concurrent index \
builds of that relation. Alone it keeps nobody waiting. In a transaction that already holds a strong lock on \
another relation, everybody behind that lock waits with it.

Put comments into a migration of their own, after the others. A comment on what the transaction has locked \
already, or on what is new in the migration, is not reported.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE orders ADD COLUMN note text; COMMENT ON INDEX users_pkey IS 'one row each';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE orders ADD COLUMN note text; COMMENT ON TABLE users IS 'people';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("COMMENT ON INDEX users_pkey IS 'one row each';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE orders ADD COLUMN note text; COMMENT ON COLUMN orders.note IS 'free text';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE orders ADD COLUMN note text; COMMENT ON TABLE users IS 'people';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Comment(target, _) = change else {
            continue;
        };
        let Some(relation) = &target.name else {
            continue;
        };
        if !waits(asked, relation) {
            continue;
        }
        if let Some(held) = held(asked, relation) {
            let message = format!(
                "this comment waits behind VACUUM and index builds of {relation}, and users of {held} wait with it"
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(relation)
                    .with_lock()
                    .advice("put comments into a migration of their own, after the others"),
            );
        }
    }
    hits
}

/// True when the lock is one that the transaction does not hold yet, on something that somebody uses.
fn waits(asked: &Asked<'_>, relation: &QualifiedName) -> bool {
    let table = asked
        .catalog()
        .index(relation)
        .map_or(relation, |index| &index.definition.table);
    let wanted = asked.answers.impact.strongest_on(relation);
    let has = asked.context.transaction.holds(relation);
    asked.stake(table).matters() && wanted == Some(LockMode::ShareUpdateExclusive) && has < wanted
}

/// A relation whose users the transaction keeps waiting already.
fn held<'a>(asked: &Asked<'a>, relation: &QualifiedName) -> Option<&'a QualifiedName> {
    let transaction = asked.context.transaction;
    transaction
        .held
        .iter()
        .filter(|held| transaction.is_open() && held.claim.mode.blocks() != Blocks::Nobody)
        .find_map(|held| match &held.claim.on {
            Locked::Relation(name) if name != relation && asked.stake(name).matters() => Some(name),
            Locked::Relation(_) | Locked::Toast(_) | Locked::ToastIndex(_) | Locked::Unnamed(_) => {
                None
            }
        })
}
