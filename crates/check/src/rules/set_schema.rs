//! An object that moves to another schema is missed by running code.

use segue_model::{
    Change, DomainChange, Ident, QualifiedName, RoutineChange, SequenceChange, TableChange,
    TypeChange, ViewChange, breaks,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "set-schema",
    summary: "an object that moves to another schema is missed by running code",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
`SET SCHEMA` is a rename: code that qualifies the name, and sessions whose `search_path` does not list the new \
schema, no longer find it. On a table it takes ACCESS EXCLUSIVE, and its sequences move along.

Leave a view under the old name in the same transaction and drop it in a later release; for a type or function \
create it in both schemas. A table that gets such a view is not reported.",
    bad: &[Example::new("ALTER TABLE users SET SCHEMA app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE SCHEMA app;"), Example::new("ALTER TYPE mood SET SCHEMA app;").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood); CREATE SCHEMA app;"), Example::new("ALTER VIEW names SET SCHEMA app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users; CREATE SCHEMA app;")],
    good: &[Example::new("ALTER TABLE users SET SCHEMA app; CREATE VIEW users AS SELECT * FROM app.users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE SCHEMA app;"), Example::new("CREATE TABLE draft (id int); ALTER TABLE draft SET SCHEMA app;").after("CREATE SCHEMA app;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Some((name, to)) = moved(change) else {
            continue;
        };
        if super::rename_table::is_replaced(asked, name) {
            continue;
        }
        for breakage in breaks(change, asked.catalog()) {
            let message = format!("{name} moves to schema {to}: {}", breakage.operation);
            let hit = Hit::new(Severity::Error, message)
                .advice("leave a view (or a second type or function) under the old name, and drop it in a later release");
            hits.push(match &breakage.relation {
                Some(relation) => hit.on(relation).with_lock(),
                None => hit,
            });
        }
    }
    hits
}

/// What moves, and to which schema.
fn moved(change: &Change) -> Option<(&QualifiedName, &Ident)> {
    if let Change::Table(target, TableChange::SetNamespace(to))
    | Change::View(target, ViewChange::SetNamespace(to))
    | Change::Sequence(target, SequenceChange::SetNamespace(to)) = change
    {
        return Some((&target.name, to));
    }
    if let Change::Type(name, TypeChange::SetNamespace(to))
    | Change::Domain(name, DomainChange::SetNamespace(to))
    | Change::Routine(name, RoutineChange::SetNamespace(to)) = change
    {
        return Some((name, to));
    }
    None
}
