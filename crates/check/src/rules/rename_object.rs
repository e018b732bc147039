//! A renamed schema, view, sequence, type or function is missed by running code.

use segue_model::{
    Change, DomainChange, Ident, NamespaceChange, QualifiedName, RoutineChange, SequenceChange,
    TableChange, TypeChange, ViewChange, breaks,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "rename-object",
    summary: "a renamed schema, view, sequence, type or function is missed by running code",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
A name that running code uses disappears at the commit: queries of the view, `nextval` of the sequence, casts to \
the type, calls of the function, everything in a renamed schema.

Create the object a second time under the new name (a view over the view, a function that calls the other, a \
domain over the type), move the code, and drop the old name in a later release. A schema can be kept reachable \
for both by its views.

What the same migration created is not reported, nor what it puts something else in the place of.",
    bad: &[Example::new("ALTER VIEW names RENAME TO labels;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("ALTER SCHEMA app RENAME TO shop;").after("CREATE SCHEMA app;"), Example::new("ALTER TYPE mood RENAME TO feeling;").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("ALTER SEQUENCE numbers RENAME TO digits;").after("CREATE SEQUENCE numbers;"), Example::new("ALTER FUNCTION audit() RENAME TO log;").after("CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;")],
    good: &[Example::new("ALTER TYPE mood RENAME TO old_mood; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');").after("CREATE TYPE mood AS ENUM ('sad', 'ok');"), Example::new("CREATE VIEW names AS SELECT name FROM users; ALTER VIEW names RENAME TO labels;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER VIEW names RENAME TO labels; CREATE VIEW names AS SELECT * FROM labels;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Some((name, old, to)) = renamed(asked, change) else {
            continue;
        };
        if old.is_some_and(|old| is_replaced(asked, old)) {
            continue;
        }
        for breakage in breaks(change, asked.catalog()) {
            let message = format!("{name} becomes {to}: {}", breakage.operation);
            let hit = Hit::new(Severity::Error, message)
                .advice("create it a second time under the new name, and drop the old one in a later release");
            hits.push(match &breakage.relation {
                Some(relation) => hit.on(relation).with_lock(),
                None => hit,
            });
        }
    }
    hits
}

/// True when something takes the old name before the section ends.
fn is_replaced(asked: &Asked<'_>, old: &QualifiedName) -> bool {
    super::rename_table::is_replaced(asked, old) || super::drop_object::is_created_again(asked, old)
}

/// The old name as messages show it, the object that something may replace, and the new name.
type Renamed<'a> = (String, Option<&'a QualifiedName>, &'a Ident);

fn renamed<'a>(asked: &Asked<'_>, change: &'a Change) -> Option<Renamed<'a>> {
    if let Change::Namespace(name, NamespaceChange::Rename(to)) = change {
        return Some((format!("schema {name}"), None, to));
    }
    if let Change::View(target, ViewChange::Rename { to, .. }) = change {
        return Some((target.name.to_string(), Some(&target.name), to));
    }
    if let Change::View(target, ViewChange::RenameColumn { from, to }) = change {
        return Some((crate::select::column(&target.name, from), None, to));
    }
    if let Change::Table(target, TableChange::Rename(to)) = change
        && asked.catalog().view(&target.name).is_some()
    {
        return Some((target.name.to_string(), Some(&target.name), to));
    }
    if let Change::Sequence(target, SequenceChange::Rename(to)) = change {
        return Some((target.name.to_string(), Some(&target.name), to));
    }
    let (name, to) = unplaced(change)?;
    Some((name.to_string(), Some(name), to))
}

fn unplaced(change: &Change) -> Option<(&QualifiedName, &Ident)> {
    if let Change::Type(name, TypeChange::Rename(to))
    | Change::Domain(name, DomainChange::Rename(to))
    | Change::Routine(name, RoutineChange::Rename(to)) = change
    {
        Some((name, to))
    } else {
        None
    }
}
