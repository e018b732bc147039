//! Who mentions a column, and what becomes of the mention when the column is renamed.
//!
//! The text of an expression stays as its author wrote it; what was read out of it follows the rename. An expression
//! whose text has fallen behind is told by [`is_stale`].

use crate::{
    Column, ConstraintKind, Expression, Fill, Ident, IndexDefinition, IndexKey, IndexKeyPart,
    KeyColumns, Predicate, Query, Shape, Table,
};

/// True when the text names a column by a name it has no more: it can be judged, and not run again.
pub(in crate::ask) fn is_stale(expression: &Expression) -> bool {
    lacks_one(&expression.text, expression.columns.iter())
}

/// The same of a query.
pub(in crate::ask) fn is_query_stale(query: &Query) -> bool {
    let names = query.columns.iter().map(|used| &used.column);
    lacks_one(
        &query.text,
        names.chain(query.relations.iter().map(|relation| &relation.name)),
    )
}

fn lacks_one<'a>(text: &str, mut names: impl Iterator<Item = &'a Ident>) -> bool {
    let text = text.to_lowercase();
    names.any(|name| !text.contains(&name.as_str().to_lowercase()))
}

/// The same of an index.
pub(in crate::ask) fn is_index_stale(index: &IndexDefinition) -> bool {
    are_keys_stale(&index.keys) || index.predicate.as_ref().is_some_and(is_stale)
}

fn are_keys_stale(keys: &[IndexKey]) -> bool {
    keys.iter().any(|key| match &key.part {
        IndexKeyPart::Column(_) => false,
        IndexKeyPart::Expression(expression) => is_stale(expression),
    })
}

/// The same of a constraint.
pub(in crate::ask) fn is_constraint_stale(kind: &ConstraintKind) -> bool {
    match kind {
        ConstraintKind::Check(check) => is_stale(check),
        ConstraintKind::Exclude {
            keys, predicate, ..
        } => are_keys_stale(keys) || predicate.as_ref().is_some_and(is_stale),
        ConstraintKind::NotNull(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_) => false,
    }
}

/// True when the index has the column in its key, its INCLUDE, an expression or its condition.
pub(in crate::ask) fn index_mentions(index: &IndexDefinition, column: &Ident) -> bool {
    index.include.contains(column)
        || index.keys.iter().any(|key| key_mentions(key, column))
        || index
            .predicate
            .as_ref()
            .is_some_and(|predicate| predicate.columns.contains(column))
}

fn key_mentions(key: &IndexKey, column: &Ident) -> bool {
    match &key.part {
        IndexKeyPart::Column(name) => name == column,
        IndexKeyPart::Expression(expression) => expression.columns.contains(column),
    }
}

/// True when the constraint is about the column.
pub(in crate::ask) fn constraint_mentions(kind: &ConstraintKind, column: &Ident) -> bool {
    match kind {
        ConstraintKind::Check(check) => check.columns.contains(column),
        ConstraintKind::NotNull(name) => name == column,
        ConstraintKind::Unique(KeyColumns::Build { columns, include })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { columns, include }) => {
            columns.contains(column) || include.contains(column)
        }
        ConstraintKind::Unique(KeyColumns::UsingIndex(_))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_)) => false,
        ConstraintKind::ForeignKey(key) => key.columns.contains(column),
        ConstraintKind::Exclude {
            keys, predicate, ..
        } => {
            keys.iter().any(|key| key_mentions(key, column))
                || predicate
                    .as_ref()
                    .is_some_and(|predicate| predicate.columns.contains(column))
        }
    }
}

/// True when the column is computed from this one.
pub(in crate::ask) fn is_generated_from(column: &Column, from: &Ident) -> bool {
    match &column.fill {
        Fill::Stored(expression) | Fill::Virtual(expression) => expression.columns.contains(from),
        Fill::None | Fill::Default(_) | Fill::Serial | Fill::Identity(_) => false,
    }
}

/// True when the table is partitioned by the column.
pub(in crate::ask) fn is_partition_key(table: &Table, column: &Ident) -> bool {
    table.partitioning.as_ref().is_some_and(|partitioning| {
        partitioning.columns.contains(column)
            || partitioning
                .expressions
                .iter()
                .any(|expression| expression.columns.contains(column))
    })
}

/// A column's name changes, wherever it stands in a list.
pub(super) fn rename_in(names: &mut [Ident], from: &Ident, to: &Ident) {
    for name in names.iter_mut().filter(|name| *name == from) {
        name.clone_from(to);
    }
}

/// A column's name changes, in what was read out of an expression.
pub(super) fn rename_in_expression(expression: &mut Expression, from: &Ident, to: &Ident) {
    rename_in(&mut expression.columns, from, to);
    rename_in_shape(&mut expression.shape, from, to);
    rename_in_predicate(&mut expression.logic, from, to);
}

fn rename_in_shape(shape: &mut Shape, from: &Ident, to: &Ident) {
    match shape {
        Shape::Column(column) => {
            if column == from {
                column.clone_from(to);
            }
        }
        Shape::Cast { of, .. } => rename_in_shape(of, from, to),
        Shape::Null | Shape::Constant | Shape::NextValue(_) | Shape::Other => {}
    }
}

fn rename_in_predicate(predicate: &mut Predicate, from: &Ident, to: &Ident) {
    match predicate {
        Predicate::NotNull(column)
        | Predicate::IsNull(column)
        | Predicate::Comparison { column, .. }
        | Predicate::OneOf { column, .. } => {
            if column == from {
                column.clone_from(to);
            }
        }
        Predicate::And(parts) | Predicate::Or(parts) => {
            for part in parts {
                rename_in_predicate(part, from, to);
            }
        }
        Predicate::Not(inner) => rename_in_predicate(inner, from, to),
        Predicate::Unknown => {}
    }
}

fn rename_in_keys(keys: &mut [IndexKey], from: &Ident, to: &Ident) {
    for key in keys {
        match &mut key.part {
            IndexKeyPart::Column(column) => {
                if column == from {
                    column.clone_from(to);
                }
            }
            IndexKeyPart::Expression(expression) => rename_in_expression(expression, from, to),
        }
    }
}

/// A column's name changes, in an index.
pub(super) fn rename_in_index(index: &mut IndexDefinition, from: &Ident, to: &Ident) {
    rename_in_keys(&mut index.keys, from, to);
    rename_in(&mut index.include, from, to);
    if let Some(predicate) = &mut index.predicate {
        rename_in_expression(predicate, from, to);
    }
}

/// A column's name changes, in a constraint of its own table.
fn rename_in_constraint(kind: &mut ConstraintKind, from: &Ident, to: &Ident) {
    match kind {
        ConstraintKind::Check(check) => rename_in_expression(check, from, to),
        ConstraintKind::NotNull(name) => {
            if name == from {
                name.clone_from(to);
            }
        }
        ConstraintKind::Unique(KeyColumns::Build { columns, include })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { columns, include }) => {
            rename_in(columns, from, to);
            rename_in(include, from, to);
        }
        ConstraintKind::Unique(KeyColumns::UsingIndex(_))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_)) => {}
        ConstraintKind::ForeignKey(key) => rename_in(&mut key.columns, from, to),
        ConstraintKind::Exclude {
            keys, predicate, ..
        } => {
            rename_in_keys(keys, from, to);
            if let Some(predicate) = predicate {
                rename_in_expression(predicate, from, to);
            }
        }
    }
}

/// A column's name changes, everywhere in its own table.
pub(super) fn rename_in_table(table: &mut Table, from: &Ident, to: &Ident) {
    for column in &mut table.columns {
        if &column.name == from {
            column.name.clone_from(to);
        }
        match &mut column.fill {
            Fill::Stored(expression) | Fill::Virtual(expression) => {
                rename_in_expression(expression, from, to);
            }
            Fill::None | Fill::Default(_) | Fill::Serial | Fill::Identity(_) => {}
        }
    }
    for constraint in &mut table.constraints {
        rename_in_constraint(&mut constraint.kind, from, to);
    }
    for trigger in &mut table.triggers {
        rename_in(&mut trigger.definition.update_of, from, to);
        rename_in(&mut trigger.definition.when_columns, from, to);
    }
    for policy in &mut table.policies {
        rename_in(&mut policy.columns, from, to);
    }
    if let Some(partitioning) = &mut table.partitioning {
        rename_in(&mut partitioning.columns, from, to);
        for expression in &mut partitioning.expressions {
            rename_in_expression(expression, from, to);
        }
    }
    if let Some(comment) = table.settings.comments.remove(from.as_str()) {
        table
            .settings
            .comments
            .insert(to.as_str().to_owned(), comment);
    }
}

impl IndexDefinition {
    /// True when the index has the column in its key, its INCLUDE, an expression or its condition.
    pub fn mentions(&self, column: &Ident) -> bool {
        index_mentions(self, column)
    }
}

impl ConstraintKind {
    /// True when the constraint is about the column.
    pub fn mentions(&self, column: &Ident) -> bool {
        constraint_mentions(self, column)
    }
}

impl Column {
    /// True when the column is computed from this one.
    pub fn is_generated_from(&self, from: &Ident) -> bool {
        is_generated_from(self, from)
    }
}

impl Table {
    /// True when the table is partitioned by the column.
    pub fn is_partitioned_by(&self, column: &Ident) -> bool {
        is_partition_key(self, column)
    }
}
