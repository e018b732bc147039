//! Foreign keys to several busy tables in one transaction invite a deadlock.

use segue_model::{LockClaim, LockMode, LockRole, Locked, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "multiple-fk-one-tx",
    summary: "foreign keys to several busy tables in one transaction invite a deadlock",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
Each foreign key takes SHARE ROW EXCLUSIVE on the table it references. A transaction that takes it on several \
tables waits for the busiest of them while it holds all the others, and deadlocks with an application that \
writes them in another order.

One foreign key per transaction.",
    bad: &[Example::new("ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID; ALTER TABLE orders ADD CONSTRAINT b FOREIGN KEY (code) REFERENCES codes (code) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE TABLE codes (code text PRIMARY KEY);")],
    good: &[Example::new("ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID; ALTER TABLE orders ADD CONSTRAINT b FOREIGN KEY (code) REFERENCES codes (code) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE TABLE codes (code text PRIMARY KEY);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let here = parents(asked, asked.answers.impact.claims.iter());
    if here.is_empty() {
        return Vec::new();
    }
    let held = parents(
        asked,
        asked
            .context
            .transaction
            .held
            .iter()
            .map(|held| &held.claim),
    );
    let fresh: Vec<&String> = here
        .iter()
        .filter(|parent| !held.contains(parent))
        .collect();
    let (Some(first), true) = (fresh.first(), asked.context.transaction.is_open()) else {
        return Vec::new();
    };
    let mut all = held.clone();
    all.extend(fresh.iter().map(|parent| (*parent).clone()));
    if all.len() < 2 {
        return Vec::new();
    }
    let message = format!(
        "this transaction keeps writers of {} waiting at once; {first} is taken while the others are held",
        crate::wording::list(&all)
    );
    vec![Hit::new(Severity::Warning, message).advice("add one foreign key per transaction")]
}

/// The referenced tables whose writers wait.
fn parents<'a>(asked: &Asked<'_>, claims: impl Iterator<Item = &'a LockClaim>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for claim in claims {
        if let (Locked::Relation(parent), LockRole::ForeignKeyPartner, true) = (
            &claim.on,
            claim.role,
            claim.mode >= LockMode::ShareRowExclusive,
        ) && asked.stake(parent).matters()
            && !found.contains(&parent.to_string())
        {
            found.push(parent.to_string());
        }
    }
    found
}
