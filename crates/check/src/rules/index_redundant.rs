//! An index repeats another one, or the beginning of one.

use segue_model::{IndexChange, IndexDefinition, Uniqueness, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "index-redundant",
    summary: "an index repeats another one, or the beginning of one",
    question: Question::Advises,
    group: Group::Indexes,
    page: "\
A btree index over (a, b) serves every query that one over (a) serves. The second costs every write and helps \
nobody, unless it is unique, partial, or much smaller.

Drop the shorter one concurrently, or do not build it.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY one ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX two ON users (name, age);").wrapped(Wrapping::Autocommit), Example::new("CREATE INDEX CONCURRENTLY one ON users (id);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY one ON users (name, age);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX two ON users (name);").wrapped(Wrapping::Autocommit), Example::new("CREATE INDEX CONCURRENTLY one ON users (name) WHERE age > 5;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX two ON users (name, age);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Create { index, .. } = change else {
            continue;
        };
        if index.uniqueness != Uniqueness::NotUnique || index.keys.is_empty() {
            continue;
        }
        let other = asked
            .catalog()
            .indexes_of(&index.table)
            .find(|(name, known)| {
                &name.name != index.name.ident() && serves(&known.definition, index)
            });
        if let Some((other, _)) = other {
            let message = format!(
                "{other} serves every query that {} would serve",
                index.name.ident()
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&index.table)
                    .advice("leave it out, or drop the other one"),
            );
        }
    }
    hits
}

/// True when a btree index begins with all the keys of another one.
fn serves(other: &IndexDefinition, index: &IndexDefinition) -> bool {
    other.method == index.method
        && other.method.as_str() == "btree"
        && other.predicate.is_none()
        && index.predicate.is_none()
        && index.keys.len() <= other.keys.len()
        && index
            .include
            .iter()
            .all(|column| other.include.contains(column))
        && index
            .keys
            .iter()
            .zip(&other.keys)
            .all(|(one, two)| one == two)
}
