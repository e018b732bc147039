//! A statement runs while the transaction already locks a table against everybody.

use segue_model::{LockMode, WorkKind, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "statement-after-ae",
    summary: "a statement runs while the transaction already locks a table against everybody",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
A lock is held until the transaction commits. Every statement after the one that took ACCESS EXCLUSIVE makes \
readers and writers of that table wait longer, whatever it does itself.

Put the statement that locks last, or into a transaction of its own.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN nickname text; CREATE INDEX i ON orders (state);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN nickname text; UPDATE orders SET state = 'x';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN nickname text; CREATE INDEX i ON orders (state);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if !asked.context.transaction.is_open() {
        return Vec::new();
    }
    let slow = asked
        .answers
        .impact
        .work
        .iter()
        .find(|work| work.kind != WorkKind::NewFile && asked.stake(&work.on).matters());
    if slow.is_none() {
        return Vec::new();
    }
    let held = asked.context.transaction.held.iter().find_map(|held| {
        let relation = held.claim.on.relation()?;
        (held.claim.mode == LockMode::AccessExclusive && asked.stake(relation).matters())
            .then_some(relation)
    });
    let (Some(work), Some(locked)) = (slow, held) else {
        return Vec::new();
    };
    let what = if &work.on == locked {
        "all of it".to_owned()
    } else {
        work.on.to_string()
    };
    let message = format!("{locked} stays locked against readers and writers while this works on {what}");
    vec![
        Hit::new(Severity::Warning, message)
            .on(locked)
            .advice("put the statement that locks last, or into a transaction of its own"),
    ]
}
