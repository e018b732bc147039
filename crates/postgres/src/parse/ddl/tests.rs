//! Claims about what statements that change structure read to.

mod altered;
mod made;
mod other;
mod refused;

use segue_model::{
    Change, Column, Constraint, Ident, IndexDefinition, OpaqueReason, QualifiedName,
    TableDefinition,
};

use crate::parse::read;

/// The changes of one statement.
fn changes(sql: &str) -> Vec<Change> {
    let mut statements = read(sql, 18);
    assert_eq!(statements.len(), 1, "one statement: {sql}");
    statements.remove(0).changes
}

/// The only change of one statement.
fn change(sql: &str) -> Change {
    let mut changes = changes(sql);
    assert_eq!(changes.len(), 1, "one change: {changes:?}");
    changes.remove(0)
}

/// Why a statement could not be read.
fn refusal(sql: &str) -> OpaqueReason {
    let Change::Opaque(opaque) = change(sql) else {
        panic!("it was read: {sql}")
    };
    opaque.reason
}

/// The table that a statement makes.
fn table(sql: &str) -> TableDefinition {
    let Change::Table(_, segue_model::TableChange::Create(definition)) = change(sql) else {
        panic!("no new table: {sql}")
    };
    *definition
}

/// The column of this name.
fn column<'t>(table: &'t TableDefinition, name: &str) -> &'t Column {
    table
        .columns
        .iter()
        .find(|column| column.name.as_str() == name)
        .expect("the column")
}

/// The constraint that an ALTER TABLE adds.
fn added_constraint(sql: &str) -> Constraint {
    let Change::Constraint(_, segue_model::ConstraintChange::Add(constraint)) = change(sql) else {
        panic!("no new constraint: {sql}")
    };
    constraint
}

/// The index that a statement builds.
fn index(sql: &str) -> IndexDefinition {
    let Change::Index(segue_model::IndexChange::Create { index, .. }) = change(sql) else {
        panic!("no new index: {sql}")
    };
    index
}

fn public(name: &str) -> QualifiedName {
    QualifiedName::new("public", name)
}

fn idents(names: &[&str]) -> Vec<Ident> {
    names.iter().map(|&name| Ident::from(name)).collect()
}
