//! The old index goes before the new one is there.

use segue_model::{Change, IndexChange, IndexDefinition, IndexKeyPart, QualifiedName};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "replace-index-order",
    summary: "the old index goes before the new one is there",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
An index is dropped and a similar one is built afterwards in the same migration: in between, queries that need \
either read the whole table.

Build the new one concurrently first, then drop the old one concurrently.",
    bad: &[Example::new("DROP INDEX users_name; CREATE INDEX users_name_age ON users (name, age);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);")],
    good: &[Example::new("CREATE INDEX users_name_age ON users (name, age); DROP INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Drop { name, .. } = change else {
            continue;
        };
        let Some(index) = asked.catalog().index(name) else {
            continue;
        };
        let table = &index.definition.table;
        if !asked.stake(table).matters() {
            continue;
        }
        let replaced = asked.section.iter().skip(asked.position + 1).any(|statement| {
            statement.changes.iter().any(|later| {
                matches!(later, Change::Index(IndexChange::Create { index: new, .. }) if &new.table == table && leads_alike(new, &index.definition))
            })
        });
        if replaced {
            hits.push(replacement(name, table));
        }
    }
    hits
}

fn replacement(name: &QualifiedName, table: &QualifiedName) -> Hit {
    let message = format!(
        "{name} goes before the index that replaces it is built: queries of {table} have neither in between"
    );
    Hit::new(Severity::Warning, message)
        .on(table)
        .advice("build the new index concurrently first, then drop the old one concurrently")
}

/// True when both indexes begin with the same column.
fn leads_alike(one: &IndexDefinition, other: &IndexDefinition) -> bool {
    match (
        one.keys.first().map(|key| &key.part),
        other.keys.first().map(|key| &key.part),
    ) {
        (Some(IndexKeyPart::Column(first)), Some(IndexKeyPart::Column(second))) => first == second,
        (Some(IndexKeyPart::Expression(first)), Some(IndexKeyPart::Expression(second))) => {
            first.text == second.text
        }
        (Some(IndexKeyPart::Column(_)), Some(IndexKeyPart::Expression(_)))
        | (Some(IndexKeyPart::Expression(_)), Some(IndexKeyPart::Column(_)))
        | (None, _)
        | (_, None) => false,
    }
}
