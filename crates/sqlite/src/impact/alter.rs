//! ALTER TABLE: what is done to columns and CHECKs, and when SQLite refuses.
//!
//! Source: <https://sqlite.org/lang_altertable.html>; each refusal is tried on the SQLite that is linked in by
//! `tests/refusals.rs`. Refusals that depend on rows are given unless the table is known to be empty.

use segue_model::{
    Catalog, Cause, Column, ColumnChange, Constraint, ConstraintChange, ConstraintKind, Fill,
    Ident, IndexKeyPart, KeyColumns, Nullability, QualifiedName, RefusalReason, Rows, Shape, Table,
    TableConstraint, View, WorkKind,
};

use super::{Ledger, ledger::same, no_such};
use crate::parse::{STRICT, is_beside_column};

pub(super) fn column(table: &QualifiedName, change: &ColumnChange, ledger: &mut Ledger<'_>) {
    ledger.writes(table);
    match change {
        ColumnChange::Add {
            column,
            constraints,
            ..
        } => add(table, column, constraints, ledger),
        ColumnChange::Drop { name, .. } => drop(table, name, ledger),
        ColumnChange::Rename { .. } => {
            ledger.known(table);
            ledger.since(3_025, "RENAME COLUMN");
        }
        ColumnChange::SetNotNull(_) => {
            ledger.since(3_053, "ALTER COLUMN SET NOT NULL");
            ledger.work(table, WorkKind::Scan, Cause::NotNull);
        }
        ColumnChange::DropNotNull(_) => ledger.since(3_053, "ALTER COLUMN DROP NOT NULL"),
        ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => no_such("this change of a column", ledger),
    }
}

/// Only CHECK constraints can be added and dropped, since 3.53.
pub(super) fn constraint(
    table: &QualifiedName,
    change: &ConstraintChange,
    ledger: &mut Ledger<'_>,
) {
    ledger.writes(table);
    match change {
        ConstraintChange::Add(constraint) => match &constraint.kind {
            ConstraintKind::Check(_) => {
                ledger.since(3_053, "ADD CONSTRAINT");
                ledger.work(table, WorkKind::Scan, Cause::Check);
            }
            ConstraintKind::NotNull(_)
            | ConstraintKind::Unique(_)
            | ConstraintKind::PrimaryKey(_)
            | ConstraintKind::ForeignKey(_)
            | ConstraintKind::Exclude { .. } => no_such("adding this constraint", ledger),
        },
        ConstraintChange::Drop { .. } => {
            ledger.assume();
            ledger.since(3_053, "DROP CONSTRAINT");
        }
        ConstraintChange::Validate(_)
        | ConstraintChange::Rename { .. }
        | ConstraintChange::SetDeferral { .. }
        | ConstraintChange::SetEnforcement { .. } => {
            no_such("this change of a constraint", ledger);
        }
    }
}

/// Why SQLite refuses to add a column, for a table that may have rows.
pub(crate) fn add_refusals(column: &Column, constraints: &[Constraint]) -> Vec<AddRefusal> {
    let mut found = Vec::new();
    for constraint in constraints {
        match &constraint.kind {
            ConstraintKind::PrimaryKey(_) => found.push(AddRefusal::PrimaryKey),
            ConstraintKind::Unique(_) => found.push(AddRefusal::Unique),
            ConstraintKind::ForeignKey(_) if has_value(column) => {
                found.push(AddRefusal::ReferenceWithDefault);
            }
            ConstraintKind::ForeignKey(_)
            | ConstraintKind::Check(_)
            | ConstraintKind::NotNull(_)
            | ConstraintKind::Exclude { .. } => {}
        }
    }
    match &column.fill {
        Fill::Stored(_) => found.push(AddRefusal::Stored),
        Fill::Default(default) if !is_constant(&default.shape) => {
            found.push(AddRefusal::NotConstant);
        }
        Fill::None | Fill::Default(_) if column.nullability == Nullability::NotNull => {
            if !has_value(column) {
                found.push(AddRefusal::NotNull);
            }
        }
        Fill::None | Fill::Default(_) | Fill::Serial | Fill::Identity(_) | Fill::Virtual(_) => {}
    }
    found
}

/// Why a column is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddRefusal {
    /// It is the primary key: never.
    PrimaryKey,
    /// It is unique: never.
    Unique,
    /// A default that is not null beside REFERENCES, while `foreign_keys` is on and there are rows.
    ReferenceWithDefault,
    /// Stored generated columns, while there are rows.
    Stored,
    /// A default that is no constant, while there are rows.
    NotConstant,
    /// NOT NULL without a default, while there are rows.
    NotNull,
}

impl AddRefusal {
    fn needs_rows(self) -> bool {
        match self {
            Self::PrimaryKey | Self::Unique => false,
            Self::ReferenceWithDefault | Self::Stored | Self::NotConstant | Self::NotNull => true,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::PrimaryKey => "a PRIMARY KEY column",
            Self::Unique => "a UNIQUE column",
            Self::ReferenceWithDefault => {
                "a REFERENCES column with a default that is not null, while foreign_keys is on"
            }
            Self::Stored => "a STORED generated column",
            Self::NotConstant => "a column whose default is no constant",
            Self::NotNull => "a NOT NULL column without a default that is not null",
        }
    }
}

fn is_constant(shape: &Shape) -> bool {
    match shape {
        Shape::Null | Shape::Constant => true,
        // `DEFAULT word` is a string.
        Shape::Column(_) => true,
        Shape::Cast { .. } | Shape::NextValue(_) | Shape::Other => false,
    }
}

/// True when the default gives something else than null.
fn has_value(column: &Column) -> bool {
    match &column.fill {
        Fill::Default(default) => default.shape != Shape::Null,
        Fill::None | Fill::Serial | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => false,
    }
}

fn add(
    table: &QualifiedName,
    column: &Column,
    constraints: &[Constraint],
    ledger: &mut Ledger<'_>,
) {
    let found = ledger.known(table).map(|(_, table)| table);
    let is_empty = found.is_some_and(|table| table.rows == Rows::None);
    for refusal in add_refusals(column, constraints) {
        if !(is_empty && refusal.needs_rows()) {
            let rows = if refusal.needs_rows() {
                " to a table that has rows"
            } else {
                ""
            };
            ledger.refuse(
                RefusalReason::Unsupported,
                format!("{table}: SQLite does not add {}{rows}", refusal.words()),
            );
        }
    }
    // What must hold for rows that are there is verified by reading them. Source: `sqlite3AlterFinishAddColumn`.
    let has_check = constraints
        .iter()
        .any(|constraint| matches!(constraint.kind, ConstraintKind::Check(_)));
    if has_check {
        ledger.work(table, WorkKind::Scan, Cause::Check);
    }
    let is_generated = matches!(column.fill, Fill::Virtual(_) | Fill::Stored(_));
    if is_generated && column.nullability == Nullability::NotNull {
        ledger.work(table, WorkKind::Scan, Cause::NotNull);
    }
    if found.is_some_and(is_strict) {
        ledger.work(table, WorkKind::Scan, Cause::Check);
    }
}

fn is_strict(table: &Table) -> bool {
    table.settings.parameters.contains_key(&Ident::from(STRICT))
}

fn drop(table: &QualifiedName, column: &Ident, ledger: &mut Ledger<'_>) {
    ledger.since(3_035, "DROP COLUMN");
    let Some((name, found)) = ledger.known(table) else {
        ledger.work(table, WorkKind::Rewrite, Cause::Removal);
        return;
    };
    for why in drop_refusals(&name, found, column, ledger.catalog()) {
        ledger.refuse(
            RefusalReason::Dependents,
            format!("{column} of {table} cannot be dropped: {why}"),
        );
    }
    let is_virtual = found
        .columns
        .iter()
        .any(|one| same(&one.name, column) && matches!(one.fill, Fill::Virtual(_)));
    if !is_virtual {
        ledger.work(table, WorkKind::Rewrite, Cause::Removal);
    }
    // A trigger of another table may name the column in its body, which is not followed.
    let catalog = ledger.catalog();
    let others = catalog.relations().any(|(other, _)| {
        let has_triggers = |table: &Table| !table.triggers.is_empty();
        *other != name && catalog.table(other).is_some_and(has_triggers)
    });
    // A view over a view that selects `*` may name it too.
    if others || catalog.views_of(&name).next().is_some() {
        ledger.assume();
    }
}

/// Why SQLite refuses to drop a column, one reason each. Source: `lang_altertable.html`, section 5.
pub(crate) fn drop_refusals(
    name: &QualifiedName,
    table: &Table,
    column: &Ident,
    catalog: &Catalog,
) -> Vec<String> {
    let mut found = Vec::new();
    if table.columns.len() == 1 {
        found.push("it is the only column".to_owned());
    }
    let constraints = table.constraints.iter();
    found.extend(constraints.filter_map(|one| in_constraint(one, column).map(str::to_owned)));
    for (index, definition) in catalog.indexes_of(name) {
        if definition.constraint.is_none() && index_names(&definition.definition, column) {
            found.push(format!("the index {} has it", index.name));
        }
    }
    for other in &table.columns {
        if !same(&other.name, column) && generated_names(&other.fill, column) {
            found.push(format!("the generated column {} names it", other.name));
        }
    }
    for trigger in &table.triggers {
        let definition = &trigger.definition;
        // A column that only `UPDATE OF` lists may go: measured on 3.54.
        if lists(&definition.when_columns, column) {
            found.push(format!("the trigger {} names it", definition.name));
        }
    }
    for (view, definition) in catalog.views_of(name) {
        if view_names(definition, name, column, catalog) {
            found.push(format!("the view {} names it", view.name));
        }
    }
    found
}

fn lists(list: &[Ident], column: &Ident) -> bool {
    list.iter().any(|one| same(one, column))
}

/// A CHECK or a reference written beside the column goes with it, whatever else it names.
fn in_constraint(constraint: &TableConstraint, column: &Ident) -> Option<&'static str> {
    let is_beside = is_beside_column(&constraint.name, column);
    match &constraint.kind {
        ConstraintKind::PrimaryKey(key) => {
            lists(key_columns(key), column).then_some("the PRIMARY KEY has it")
        }
        ConstraintKind::Unique(key) => {
            lists(key_columns(key), column).then_some("a UNIQUE constraint has it")
        }
        ConstraintKind::Check(check) => {
            (!is_beside && lists(&check.columns, column)).then_some("a CHECK names it")
        }
        ConstraintKind::ForeignKey(key) => {
            (!is_beside && lists(&key.columns, column)).then_some("a FOREIGN KEY has it")
        }
        ConstraintKind::NotNull(_) | ConstraintKind::Exclude { .. } => None,
    }
}

fn generated_names(fill: &Fill, column: &Ident) -> bool {
    match fill {
        Fill::Stored(expression) | Fill::Virtual(expression) => lists(&expression.columns, column),
        Fill::None | Fill::Default(_) | Fill::Serial | Fill::Identity(_) => false,
    }
}

/// A view that selects `*` only gets narrower. A name that could be of several relations is of this one when no other
/// has it.
fn view_names(view: &View, table: &QualifiedName, column: &Ident, catalog: &Catalog) -> bool {
    let query = &view.definition.query;
    let others_have_it = query.relations.iter().any(|relation| {
        relation != table
            && catalog
                .table(relation)
                .is_some_and(|other| other.columns.iter().any(|one| same(&one.name, column)))
    });
    query.columns.iter().any(|used| {
        let is_here = match &used.relation {
            Some(relation) => relation == table,
            None => !others_have_it,
        };
        is_here && same(&used.column, column)
    })
}

fn key_columns(key: &KeyColumns) -> &[Ident] {
    match key {
        KeyColumns::Build { columns, .. } => columns,
        KeyColumns::UsingIndex(_) => &[],
    }
}

/// True when an index's key or condition names the column.
pub(crate) fn index_names(index: &segue_model::IndexDefinition, column: &Ident) -> bool {
    let names = |list: &[Ident]| list.iter().any(|one| same(one, column));
    let in_key = index.keys.iter().any(|key| match &key.part {
        IndexKeyPart::Column(name) => same(name, column),
        IndexKeyPart::Expression(expression) => names(&expression.columns),
    });
    in_key
        || index
            .predicate
            .as_ref()
            .is_some_and(|predicate| names(&predicate.columns))
}
