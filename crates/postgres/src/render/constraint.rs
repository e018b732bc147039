//! Constraints, beside a table, a column or a domain.

use segue_model::{
    ChosenName, Constraint, ConstraintKind, Deferral, Enforcement, ForeignKey, Ident, KeyColumns,
    ReferentialAction, Sql, Validity,
};

use super::{Rendered, column, refused};

/// Appends a constraint as a table has it.
pub(super) fn of_table(sql: Sql, constraint: &Constraint) -> Rendered {
    let sql = named(sql, &constraint.name);
    let sql = match &constraint.kind {
        ConstraintKind::Check(condition) => check(sql, &condition.text),
        ConstraintKind::NotNull(column) => sql.text("NOT NULL ").ident(column),
        ConstraintKind::Unique(columns) => key(sql.text("UNIQUE "), columns),
        ConstraintKind::PrimaryKey(columns) => key(sql.text("PRIMARY KEY "), columns),
        ConstraintKind::ForeignKey(foreign) => {
            let sql = column::names(sql.text("FOREIGN KEY "), &foreign.columns);
            references(sql.text(" "), foreign)
        }
        ConstraintKind::Exclude { .. } => return Err(refused("the operators of an exclusion")),
    };
    Ok(tail(sql, constraint))
}

/// Appends a constraint as a domain has it.
pub(super) fn of_domain(sql: Sql, constraint: &Constraint) -> Rendered {
    let sql = named(sql, &constraint.name);
    match &constraint.kind {
        ConstraintKind::Check(condition) => Ok(tail(check(sql, &condition.text), constraint)),
        ConstraintKind::NotNull(_) => Ok(sql.text("NOT NULL")),
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => Err(refused("a constraint that no domain can have")),
    }
}

/// Appends a constraint as it is written beside a new column.
pub(super) fn beside_column(sql: Sql, constraint: &Constraint, beside: &Ident) -> Rendered {
    let sql = named(sql, &constraint.name);
    let alone = std::slice::from_ref(beside);
    let sql = match &constraint.kind {
        ConstraintKind::Check(condition) => check(sql, &condition.text),
        ConstraintKind::NotNull(_) => sql.text("NOT NULL"),
        ConstraintKind::Unique(columns) if is_only(columns, alone) => sql.text("UNIQUE"),
        ConstraintKind::PrimaryKey(columns) if is_only(columns, alone) => sql.text("PRIMARY KEY"),
        ConstraintKind::ForeignKey(foreign) if foreign.columns == alone => references(sql, foreign),
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => {
            return Err(refused("a constraint of several columns beside one"));
        }
    };
    Ok(tail(sql, constraint))
}

fn is_only(columns: &KeyColumns, alone: &[Ident]) -> bool {
    match columns {
        KeyColumns::Build { columns, include } => columns == alone && include.is_empty(),
        KeyColumns::UsingIndex(_) => false,
    }
}

fn named(sql: Sql, name: &ChosenName) -> Sql {
    match name {
        ChosenName::Given(name) => sql.text("CONSTRAINT ").ident(name).text(" "),
        ChosenName::Generated(_) => sql,
    }
}

fn check(sql: Sql, condition: &str) -> Sql {
    sql.text("CHECK (").verbatim(condition).text(")")
}

fn key(sql: Sql, columns: &KeyColumns) -> Sql {
    match columns {
        KeyColumns::Build { columns, include } => {
            let sql = column::names(sql, columns);
            if include.is_empty() {
                sql
            } else {
                column::names(sql.text(" INCLUDE "), include)
            }
        }
        KeyColumns::UsingIndex(index) => sql.text("USING INDEX ").ident(index),
    }
}

fn references(sql: Sql, key: &ForeignKey) -> Sql {
    let mut sql = sql.text("REFERENCES ").name(&key.references);
    if !key.referenced_columns.is_empty() {
        sql = column::names(sql.text(" "), &key.referenced_columns);
    }
    sql = match action(key.on_delete) {
        Some(words) => sql.text(" ON DELETE ").text(words),
        None => sql,
    };
    match action(key.on_update) {
        Some(words) => sql.text(" ON UPDATE ").text(words),
        None => sql,
    }
}

/// The words of an action; none for the one that is meant without words.
fn action(action: ReferentialAction) -> Option<&'static str> {
    match action {
        ReferentialAction::NoAction => None,
        ReferentialAction::Restrict => Some("RESTRICT"),
        ReferentialAction::Cascade => Some("CASCADE"),
        ReferentialAction::SetNull => Some("SET NULL"),
        ReferentialAction::SetDefault => Some("SET DEFAULT"),
    }
}

fn tail(sql: Sql, constraint: &Constraint) -> Sql {
    let sql = deferral(sql, constraint.deferral);
    let sql = match constraint.enforcement {
        Enforcement::Enforced => sql,
        Enforcement::NotEnforced => sql.text(" NOT ENFORCED"),
    };
    match constraint.validity {
        Validity::Valid => sql,
        Validity::NotValid => sql.text(" NOT VALID"),
    }
}

/// Appends when a constraint is checked, unless that is at each statement.
pub(super) fn deferral(sql: Sql, deferral: Deferral) -> Sql {
    match deferral {
        Deferral::NotDeferrable => sql,
        Deferral::InitiallyImmediate => sql.text(" DEFERRABLE"),
        Deferral::InitiallyDeferred => sql.text(" DEFERRABLE INITIALLY DEFERRED"),
    }
}
