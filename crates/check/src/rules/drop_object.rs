//! A dropped view, function, type or sequence is missed by running code.

use segue_model::{
    Change, DomainChange, RoutineChange, SequenceChange, TypeChange, ViewChange, ViewKind, breaks,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "drop-object",
    summary: "a dropped view, function, type or sequence is missed by running code",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
Code that is running still selects from the view, calls the function, casts to the type or draws from the \
sequence: every such statement fails from the commit on. A sequence also loses its position, a materialized view \
its stored rows.

First deploy code that does not use it, then drop it in a later release. To replace a view or function, use \
`CREATE OR REPLACE`, or a new name beside the old one.

What the same migration created is not reported. Tables, schemas, extensions and databases have rules of their \
own.",
    bad: &[Example::new("DROP VIEW names;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("DROP FUNCTION audit();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"), Example::new("DROP TYPE mood;").after("CREATE TYPE mood AS ENUM ('sad', 'ok');"), Example::new("DROP SEQUENCE numbers;").after("CREATE SEQUENCE numbers;"), Example::new("DROP MATERIALIZED VIEW totals;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id; CREATE UNIQUE INDEX totals_user ON totals (user_id);")],
    good: &[Example::new("CREATE VIEW names AS SELECT name FROM users; DROP VIEW names;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER VIEW names SET (security_barrier = true);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Some((kind, name)) = dropped(change) else {
            continue;
        };
        for breakage in breaks(change, asked.catalog()) {
            let message = format!(
                "dropping {kind} {name} breaks running code: {}",
                breakage.operation
            );
            let hit = Hit::new(Severity::Error, message)
                .advice("first deploy code that does not use it, then drop it in a later release");
            hits.push(match &breakage.relation {
                Some(relation) => hit.on(relation).with_lock(),
                None => hit,
            });
        }
    }
    hits
}

/// The kind and the name of what a change drops.
fn dropped(change: &Change) -> Option<(&'static str, String)> {
    if let Change::View(target, ViewChange::Drop { kind, .. }) = change {
        let kind = match kind {
            ViewKind::View => "view",
            ViewKind::Materialized => "materialized view",
        };
        return Some((kind, target.name.to_string()));
    }
    if let Change::Sequence(target, SequenceChange::Drop { .. }) = change {
        return Some(("sequence", target.name.to_string()));
    }
    if let Change::Type(name, TypeChange::Drop { .. }) = change {
        return Some(("type", name.to_string()));
    }
    if let Change::Domain(name, DomainChange::Drop { .. }) = change {
        return Some(("domain", name.to_string()));
    }
    if let Change::Routine(name, RoutineChange::Drop { .. }) = change {
        return Some(("function", name.to_string()));
    }
    None
}
