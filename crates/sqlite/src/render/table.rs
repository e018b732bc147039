//! CREATE TABLE, columns, constraints.
//!
//! A CHECK or reference that stood beside its column stands beside it again: it goes when the column does.

use segue_model::{
    ChosenName, Column, Constraint, ConstraintKind, DataType, Deferral, Enforcement, Expression,
    Fill, ForeignKey, Ident, Inheritance, KeyColumns, Nullability, Persistence, ReferentialAction,
    Shape, Sql, TableDefinition, Target, TypeName, Validity,
};

use super::{Rendered, if_not_exists, names, refused};
use crate::parse::{AUTOINCREMENT, STRICT, WITHOUT_ROWID, is_beside_column};

/// CREATE TABLE.
pub(super) fn create(target: &Target, table: &TableDefinition) -> Rendered {
    let has_foreign_parts = !table.like.is_empty()
        || table.inheritance != Inheritance::None
        || table.partitioning.is_some()
        || table.tablespace.is_some()
        || table.server.is_some();
    if has_foreign_parts {
        return Err(refused("parts of a table SQLite does not have"));
    }
    let sql = match table.persistence {
        Persistence::Permanent => Sql::literal("CREATE TABLE "),
        Persistence::Temporary | Persistence::Unlogged => {
            return Err(refused("a temporary table"));
        }
    };
    let sql = if_not_exists(sql, target.presence).name(&target.name);
    if let Some(query) = &table.query {
        return Ok(sql.text(" AS ").verbatim(&query.text));
    }
    let sql = elements(sql.text(" ("), table)?.text(")");
    options(sql, table)
}

fn elements(mut sql: Sql, table: &TableDefinition) -> Rendered {
    let mut placed: Vec<&Constraint> = Vec::new();
    for (position, one) in table.columns.iter().enumerate() {
        if position > 0 {
            sql = sql.text(", ");
        }
        let beside: Vec<&Constraint> = table
            .constraints
            .iter()
            .filter(|constraint| stands_beside(constraint, one))
            .collect();
        sql = column(sql, one, &beside)?;
        placed.extend(beside);
    }
    for constraint in &table.constraints {
        if !placed.contains(&constraint) {
            sql = in_table(sql.text(", "), constraint)?;
        }
    }
    Ok(sql)
}

fn stands_beside(constraint: &Constraint, column: &Column) -> bool {
    match &constraint.kind {
        ConstraintKind::PrimaryKey(_) => column.storage.as_deref() == Some(AUTOINCREMENT),
        ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_) => {
            is_beside_column(constraint.name.ident(), &column.name)
        }
        ConstraintKind::Unique(_) | ConstraintKind::NotNull(_) | ConstraintKind::Exclude { .. } => {
            false
        }
    }
}

fn options(mut sql: Sql, table: &TableDefinition) -> Rendered {
    let mut separator = " ";
    for parameter in &table.parameters {
        let words = match parameter.name.as_str() {
            WITHOUT_ROWID => "WITHOUT ROWID",
            STRICT => "STRICT",
            _ => return Err(refused("parts of the table the model does not hold")),
        };
        sql = sql.text(separator).text(words);
        separator = ", ";
    }
    Ok(sql)
}

/// Appends a column with what is written beside it.
pub(super) fn column(sql: Sql, column: &Column, beside: &[&Constraint]) -> Rendered {
    let mut sql = data_type(sql.ident(&column.name), &column.data_type)?;
    if let Some(collation) = &column.collation {
        sql = sql.text(" COLLATE ").ident(&collation.name);
    }
    sql = match column.nullability {
        Nullability::Nullable => sql,
        Nullability::NotNull | Nullability::NotNullUnchecked => sql.text(" NOT NULL"),
    };
    sql = fill(sql, &column.fill)?;
    for constraint in beside {
        sql = one_beside(named(sql.text(" "), constraint)?, constraint, column)?;
    }
    Ok(sql)
}

fn data_type(sql: Sql, data_type: &DataType) -> Rendered {
    let TypeName::BuiltIn(name) = &data_type.name else {
        return Err(refused("a type of the user's"));
    };
    if name.is_empty() {
        return Ok(sql);
    }
    let sql = sql.text(" ").verbatim(name);
    Ok(if data_type.modifiers.is_empty() {
        sql
    } else {
        sql.text("(")
            .list(&data_type.modifiers, ", ", |sql, one| sql.verbatim(one))
            .text(")")
    })
}

fn fill(sql: Sql, fill: &Fill) -> Rendered {
    Ok(match fill {
        Fill::None => sql,
        Fill::Default(default) => default_value(sql.text(" DEFAULT "), default),
        Fill::Stored(expression) => sql
            .text(" GENERATED ALWAYS AS (")
            .verbatim(&expression.text)
            .text(") STORED"),
        Fill::Virtual(expression) => sql
            .text(" GENERATED ALWAYS AS (")
            .verbatim(&expression.text)
            .text(") VIRTUAL"),
        Fill::Serial | Fill::Identity(_) => return Err(refused("a column SQLite does not have")),
    })
}

/// Anything but a literal stands in parentheses, which the reader keeps with the expression.
fn default_value(sql: Sql, default: &Expression) -> Sql {
    let is_bare = match &default.shape {
        Shape::Null | Shape::Constant | Shape::Column(_) => true,
        Shape::Cast { .. } | Shape::NextValue(_) | Shape::Other => default
            .text
            .to_ascii_uppercase()
            .strip_prefix("CURRENT_")
            .is_some_and(|rest| matches!(rest, "TIMESTAMP" | "DATE" | "TIME")),
    };
    if is_bare || default.text.starts_with('(') {
        sql.verbatim(&default.text)
    } else {
        sql.text("(").verbatim(&default.text).text(")")
    }
}

/// Appends `CONSTRAINT "name"` where the user chose one.
fn named(sql: Sql, constraint: &Constraint) -> Rendered {
    if constraint.validity != Validity::Valid || constraint.enforcement != Enforcement::Enforced {
        return Err(refused("a constraint that is not checked"));
    }
    Ok(match &constraint.name {
        ChosenName::Given(name) => sql.text("CONSTRAINT ").ident(name).text(" "),
        ChosenName::Generated(_) => sql,
    })
}

fn one_beside(sql: Sql, constraint: &Constraint, column: &Column) -> Rendered {
    let is_own = |columns: &[Ident]| columns == [column.name.clone()];
    match &constraint.kind {
        ConstraintKind::Check(expression) => Ok(check_of(sql, expression)),
        ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) if is_own(columns) => {
            Ok(match column.storage.as_deref() {
                Some(AUTOINCREMENT) => sql.text("PRIMARY KEY AUTOINCREMENT"),
                Some(_) | None => sql.text("PRIMARY KEY"),
            })
        }
        ConstraintKind::Unique(KeyColumns::Build { columns, .. }) if is_own(columns) => {
            Ok(sql.text("UNIQUE"))
        }
        ConstraintKind::ForeignKey(key) if is_own(&key.columns) => {
            Ok(references(sql, key, constraint.deferral))
        }
        ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::Exclude { .. } => Err(refused("this constraint beside a column")),
    }
}

fn in_table(sql: Sql, constraint: &Constraint) -> Rendered {
    let sql = named(sql, constraint)?;
    match &constraint.kind {
        ConstraintKind::Check(expression) => Ok(check_of(sql, expression)),
        ConstraintKind::PrimaryKey(key) => key_of(sql.text("PRIMARY KEY "), key),
        ConstraintKind::Unique(key) => key_of(sql.text("UNIQUE "), key),
        ConstraintKind::ForeignKey(key) => {
            let sql = names(sql.text("FOREIGN KEY "), &key.columns).text(" ");
            Ok(references(sql, key, constraint.deferral))
        }
        ConstraintKind::NotNull(_) | ConstraintKind::Exclude { .. } => {
            Err(refused("a constraint SQLite does not have"))
        }
    }
}

/// Appends a CHECK constraint, the only kind ALTER TABLE adds.
pub(super) fn check(sql: Sql, constraint: &Constraint) -> Rendered {
    match &constraint.kind {
        ConstraintKind::Check(_) => in_table(sql, constraint),
        ConstraintKind::NotNull(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => Err(refused("a constraint ALTER TABLE does not add")),
    }
}

fn check_of(sql: Sql, expression: &Expression) -> Sql {
    sql.text("CHECK (").verbatim(&expression.text).text(")")
}

fn key_of(sql: Sql, key: &KeyColumns) -> Rendered {
    match key {
        KeyColumns::Build { columns, include } if include.is_empty() => Ok(names(sql, columns)),
        KeyColumns::Build { .. } | KeyColumns::UsingIndex(_) => {
            Err(refused("a key SQLite does not have"))
        }
    }
}

fn references(sql: Sql, key: &ForeignKey, deferral: Deferral) -> Sql {
    let mut sql = sql.text("REFERENCES ").ident(&key.references.name);
    if !key.referenced_columns.is_empty() {
        sql = names(sql.text(" "), &key.referenced_columns);
    }
    for (words, action) in [
        (" ON DELETE ", key.on_delete),
        (" ON UPDATE ", key.on_update),
    ] {
        sql = match action {
            ReferentialAction::NoAction => sql,
            ReferentialAction::Restrict => sql.text(words).text("RESTRICT"),
            ReferentialAction::Cascade => sql.text(words).text("CASCADE"),
            ReferentialAction::SetNull => sql.text(words).text("SET NULL"),
            ReferentialAction::SetDefault => sql.text(words).text("SET DEFAULT"),
        };
    }
    match deferral {
        Deferral::NotDeferrable => sql,
        Deferral::InitiallyImmediate => sql.text(" DEFERRABLE INITIALLY IMMEDIATE"),
        Deferral::InitiallyDeferred => sql.text(" DEFERRABLE INITIALLY DEFERRED"),
    }
}
