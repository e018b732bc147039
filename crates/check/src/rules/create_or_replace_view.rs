//! CREATE OR REPLACE VIEW changes what running code reads, or is refused.

use segue_model::{Change, Ident, Selects, ViewChange, ViewDefinition, breaks};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "create-or-replace-view",
    summary: "CREATE OR REPLACE VIEW changes what running code reads, or is refused",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
The view is locked ACCESS EXCLUSIVE for a moment, and from the commit on running code reads what the new query \
gives. The new query must keep every column of the old one, with name, order and type; it may only append. \
Otherwise the server refuses it, and so it is an error where the columns can be compared.

Append columns only; for anything else create a view of another name and drop the old one in a later release.

Source: PostgreSQL 17 manual, CREATE VIEW; measured on 15 and 18.",
    bad: &[Example::new("CREATE OR REPLACE VIEW names AS SELECT id, name, age FROM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("CREATE OR REPLACE VIEW names AS SELECT name FROM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;")],
    good: &[Example::new("CREATE OR REPLACE VIEW ages AS SELECT id, age FROM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("CREATE OR REPLACE VIEW names AS SELECT id, name FROM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::View(target, ViewChange::Replace(definition)) = change else {
            continue;
        };
        let view = &target.name;
        let Some(known) = asked.catalog().view(view) else {
            continue;
        };
        let hit = match lost_column(&known.definition, definition) {
            Some(lost) => Hit::new(
                Severity::Error,
                format!(
                    "the server refuses to replace {view}: its column {lost} is not where it was"
                ),
            ),
            None if breaks(change, asked.catalog()).is_empty() => continue,
            None => Hit::new(
                Severity::Warning,
                format!(
                    "running code that reads {view} gets what the new query gives from the commit on"
                ),
            ),
        };
        hits.push(
            hit.on(view)
                .with_lock()
                .advice("append columns only; for anything else make a view of another name"),
        );
    }
    hits
}

/// The first column of the old view that the new one does not have in its place; none when that cannot be told.
fn lost_column(old: &ViewDefinition, new: &ViewDefinition) -> Option<Ident> {
    let (old, new) = (names(old)?, names(new)?);
    old.iter()
        .enumerate()
        .find(|(position, name)| new.get(*position) != Some(name))
        .map(|(_, name)| name.clone())
}

/// The names of a view's columns, where the text tells them all.
fn names(definition: &ViewDefinition) -> Option<Vec<Ident>> {
    if !definition.columns.is_empty() {
        return Some(definition.columns.clone());
    }
    if definition.query.selects == Selects::Star || definition.query.output.is_empty() {
        return None;
    }
    definition
        .query
        .output
        .iter()
        .map(|output| output.name.clone())
        .collect()
}
