//! A dropped view, function, type or sequence is missed by running code.

use segue_model::{
    Change, DomainChange, Presence, QualifiedName, RoutineChange, SequenceChange, TableChange,
    TypeChange, ViewChange, ViewKind, breaks,
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

What the same migration created is not reported, nor what it drops and creates anew, \
or has renamed before, in one transaction. \
Tables, schemas, extensions and databases have rules of their own.",
    bad: &[Example::new("DROP VIEW names;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("DROP FUNCTION audit();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"), Example::new("DROP TYPE mood;").after("CREATE TYPE mood AS ENUM ('sad', 'ok');"), Example::new("DROP SEQUENCE numbers;").after("CREATE SEQUENCE numbers;"), Example::new("DROP MATERIALIZED VIEW totals;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id; CREATE UNIQUE INDEX totals_user ON totals (user_id);")],
    good: &[Example::new("ALTER TYPE mood RENAME TO old_mood; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); DROP TYPE old_mood;").after("CREATE TYPE mood AS ENUM ('sad', 'ok');"), Example::new("DROP VIEW names; ALTER TABLE users ALTER COLUMN name TYPE varchar; CREATE VIEW names AS SELECT id, name FROM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("CREATE VIEW names AS SELECT name FROM users; DROP VIEW names;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER VIEW names SET (security_barrier = true);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Some(dropped) = dropped(change) else {
            continue;
        };
        let Dropped { kind, name, .. } = dropped;
        let is_unseen = is_created_again(asked, name) || is_renamed_here(asked, name);
        if asked.context.transaction.is_open() && is_unseen {
            continue;
        }
        for breakage in breaks(change, asked.catalog()) {
            let hit = if dropped.presence == Presence::Lenient && !is_known(asked, name) {
                let message = format!(
                    "if {kind} {name} exists, running code loses it: {}",
                    breakage.operation
                );
                Hit::new(Severity::Note, message)
            } else {
                let message = format!(
                    "dropping {kind} {name} breaks running code: {}",
                    breakage.operation
                );
                Hit::new(Severity::Error, message).advice(
                    "first deploy code that does not use it, then drop it in a later release",
                )
            };
            hits.push(match &breakage.relation {
                Some(relation) => hit.on(relation).with_lock(),
                None => hit,
            });
        }
    }
    hits
}

struct Dropped<'a> {
    kind: &'static str,
    name: &'a QualifiedName,
    presence: Presence,
}

fn dropped(change: &Change) -> Option<Dropped<'_>> {
    let (kind, name, presence) = if let Change::View(target, ViewChange::Drop { kind, .. }) = change
    {
        let kind = match kind {
            ViewKind::View => "view",
            ViewKind::Materialized => "materialized view",
        };
        (kind, &target.name, target.presence)
    } else if let Change::Sequence(target, SequenceChange::Drop { .. }) = change {
        ("sequence", &target.name, target.presence)
    } else if let Change::Type(name, TypeChange::Drop { presence, .. }) = change {
        ("type", name, *presence)
    } else if let Change::Domain(name, DomainChange::Drop { presence, .. }) = change {
        ("domain", name, *presence)
    } else if let Change::Routine(name, RoutineChange::Drop { presence, .. }) = change {
        ("function", name, *presence)
    } else {
        return None;
    };
    Some(Dropped {
        kind,
        name,
        presence,
    })
}

fn is_known(asked: &Asked<'_>, name: &QualifiedName) -> bool {
    let catalog = asked.catalog();
    catalog.relation(name).is_some()
        || catalog.types.contains_key(name)
        || catalog.routines.contains_key(name)
}

/// True when a later statement of the section creates something of that name: nobody outside sees it missing.
pub(super) fn is_created_again(asked: &Asked<'_>, name: &QualifiedName) -> bool {
    asked
        .section
        .iter()
        .skip(asked.position + 1)
        .flat_map(|statement| &statement.changes)
        .any(|change| {
            if let Change::View(target, ViewChange::Create(_) | ViewChange::Replace(_))
            | Change::Sequence(target, SequenceChange::Create { .. })
            | Change::Table(target, TableChange::Create(_)) = change
            {
                return &target.name == name;
            }
            if let Change::Type(created, TypeChange::Create(_))
            | Change::Domain(created, DomainChange::Create { .. })
            | Change::Routine(created, RoutineChange::Create(_) | RoutineChange::Replace(_)) =
                change
            {
                return created == name;
            }
            false
        })
}

/// True when an earlier statement of the section gave the object this name: no running code knows it.
fn is_renamed_here(asked: &Asked<'_>, name: &QualifiedName) -> bool {
    asked
        .section
        .iter()
        .take(asked.position)
        .flat_map(|statement| &statement.changes)
        .any(|change| {
            if let Change::View(target, ViewChange::Rename { to, .. })
            | Change::Sequence(target, SequenceChange::Rename(to)) = change
            {
                return &target.name.sibling(to.clone()) == name;
            }
            if let Change::Type(from, TypeChange::Rename(to))
            | Change::Domain(from, DomainChange::Rename(to))
            | Change::Routine(from, RoutineChange::Rename(to)) = change
            {
                return &from.sibling(to.clone()) == name;
            }
            false
        })
}
