//! A transaction locks several tables against everybody.

use segue_model::{Blocks, LockClaim, LockRole, Locked, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "several-ae-tables-one-tx",
    summary: "a transaction locks several tables against everybody",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
A transaction that takes strong locks on several busy tables waits for each of them while it holds all the \
others, and deadlocks with an application that uses them in another order: one of the two is aborted.

One busy table per transaction; or take the locks at the start, in a fixed order, with a short timeout.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE orders ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE orders ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if !asked.context.transaction.is_open() {
        return Vec::new();
    }
    let here = tables(asked, asked.answers.impact.claims.iter());
    if here.is_empty() {
        return Vec::new();
    }
    let held = tables(
        asked,
        asked
            .context
            .transaction
            .held
            .iter()
            .map(|held| &held.claim),
    );
    let fresh: Vec<String> = here
        .into_iter()
        .filter(|table| !held.contains(table))
        .collect();
    if held.is_empty() || fresh.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "this locks {} while the transaction already locks {}: it waits for one with the other held, and may deadlock with the application",
        crate::wording::list(&fresh),
        crate::wording::list(&held)
    );
    vec![Hit::new(Severity::Warning, message).advice("one busy table per transaction")]
}

/// The tables that are kept from readers and writers, by name, those that somebody may use; not a table's own indexes.
fn tables<'a>(asked: &Asked<'_>, claims: impl Iterator<Item = &'a LockClaim>) -> Vec<String> {
    let mut found = Vec::new();
    for claim in claims {
        let Locked::Relation(relation) = &claim.on else {
            continue;
        };
        let counts = claim.mode.blocks() == Blocks::ReadsAndWrites
            && matches!(claim.role, LockRole::Target | LockRole::ForeignKeyPartner);
        if !counts {
            continue;
        }
        let is_table = asked.catalog().index(relation).is_none() && asked.catalog().sequence(relation).is_none();
        let shown = relation.to_string();
        if is_table && asked.stake(relation).matters() && !found.contains(&shown) {
            found.push(shown);
        }
    }
    found
}
