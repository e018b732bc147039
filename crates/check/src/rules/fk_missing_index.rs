//! A foreign key without an index on its columns makes deletes of referenced rows slow.

use segue_model::{
    Change, ConstraintChange, Ident, IndexKeyPart, Knowledge, QualifiedName, Statement, TableChange,
};

use crate::{Ask, Example, Group, Hit, MigrationAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "fk-missing-index",
    summary: "a foreign key without an index on its columns makes deletes of referenced rows slow",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
Deleting a referenced row, or changing its key, looks for rows that reference it. Without an index on the \
referencing columns that is a scan of the whole table, once per row, under the locks of the delete.

Build the index concurrently before the foreign key. It serves when its leading columns are the foreign key's, \
in any order.",
    bad: &[Example::new("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));")],
    good: &[Example::new("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE INDEX ON orders (user_id, code);"), Example::new("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id)); CREATE INDEX ON notes (user_id);")],
    ask: Ask::Migration(ask),
};

fn ask(asked: &MigrationAsked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for statement in &asked.statements {
        for table in tables_of(statement) {
            let Some(known) = asked
                .context
                .catalog
                .table(table)
                .filter(|known| known.knowledge == Knowledge::Whole)
            else {
                continue;
            };
            for (constraint, key) in known.foreign_keys() {
                let added_here = asked.context.catalog.is_of_this_release(constraint.born);
                if !added_here || is_indexed(asked, table, &key.columns) {
                    continue;
                }
                let columns: Vec<String> = key.columns.iter().map(Ident::quoted).collect();
                let message = format!(
                    "foreign key {} on {table} ({}) has no index: a delete in {} reads the whole table",
                    constraint.name,
                    columns.join(", "),
                    key.references
                );
                let hit = Hit::new(Severity::Warning, message)
                    .on(table)
                    .at(statement.span)
                    .advice("build an index on these columns concurrently, before the foreign key");
                if !hits.contains(&hit)
                    && !hits.iter().any(|other: &Hit| other.message == hit.message)
                {
                    hits.push(hit);
                }
            }
        }
    }
    hits
}

/// The tables a statement adds foreign keys to.
fn tables_of(statement: &Statement) -> Vec<&QualifiedName> {
    statement
        .changes
        .iter()
        .filter_map(|change| {
            if let Change::Table(target, TableChange::Create(_))
            | Change::Constraint(target, ConstraintChange::Add(_))
            | Change::Column(target, _) = change
            {
                Some(&target.name)
            } else {
                None
            }
        })
        .collect()
}

/// True when an index begins with these columns, in any order.
fn is_indexed(asked: &MigrationAsked<'_>, table: &QualifiedName, columns: &[Ident]) -> bool {
    asked.context.catalog.indexes_of(table).any(|(_, index)| {
        let leading: Vec<&Ident> = index
            .definition
            .keys
            .iter()
            .take(columns.len())
            .filter_map(|key| {
                if let IndexKeyPart::Column(name) = &key.part {
                    Some(name)
                } else {
                    None
                }
            })
            .collect();
        leading.len() == columns.len()
            && columns.iter().all(|column| leading.contains(&column))
            && index.definition.predicate.is_none()
    })
}
