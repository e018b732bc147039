//! A column as it is defined, and the constraints written beside it.

use segue_model::{Column, Constraint, Fill, Ident, IdentityMode, Nullability, QualifiedName};
use squawk_syntax::ast::{self, AstNode};

use super::{
    clause::collation,
    constraint::{Beside, Keeping, read_constraint},
};
use crate::parse::{
    data_type::TypeSpelling,
    reader::{ReadError, Reader},
};

/// The parts of a column's definition, wherever it stands.
pub(super) struct ColumnParts {
    /// The name.
    pub(super) name: Option<ast::ColumnName>,
    /// The type.
    pub(super) data_type: Option<ast::Type>,
    /// COLLATE.
    pub(super) collate: Option<ast::Collate>,
    /// STORAGE or COMPRESSION, as written.
    pub(super) storage: Option<String>,
    /// The constraints beside it.
    pub(super) constraints: Vec<ast::Constraint>,
}

impl ColumnParts {
    /// The parts of a column in CREATE TABLE.
    pub(super) fn of_table(reader: &mut Reader<'_>, column: &ast::Column) -> Self {
        let mut parts = Self {
            name: column.name(),
            data_type: column.ty(),
            collate: None,
            storage: None,
            constraints: Vec::new(),
        };
        let mut storage = Vec::new();
        for clause in column.clauses() {
            match clause {
                ast::ColumnClause::Storage(clause) => {
                    reader.since(&clause, "STORAGE in a column's definition", 16);
                    storage.push(reader.verbatim(&clause));
                }
                ast::ColumnClause::CompressionMethod(clause) => {
                    storage.push(reader.verbatim(&clause));
                }
                ast::ColumnClause::Collate(clause) => parts.collate = Some(clause),
                ast::ColumnClause::ColumnConstraint(constraint) => parts
                    .constraints
                    .extend(ast::Constraint::cast(constraint.syntax().clone())),
                // Options of a foreign table's column change nothing on this server.
                ast::ColumnClause::WithOptions(_) | ast::ColumnClause::AlterOptionList(_) => {}
            }
        }
        if !storage.is_empty() {
            parts.storage = Some(storage.join(" "));
        }
        parts
    }

    /// The parts of `ADD COLUMN`.
    pub(super) fn added(column: &ast::AddColumn) -> Self {
        Self {
            name: column.column_name(),
            data_type: column.ty(),
            collate: column.collate(),
            storage: None,
            constraints: column.constraints().collect(),
        }
    }
}

/// Where a column's definition stands.
pub(super) struct Home<'t> {
    /// The table.
    pub(super) table: &'t QualifiedName,
    /// What must not be lost of its constraints.
    pub(super) keeping: Keeping,
}

/// A column and the constraints beside it, NOT NULL apart.
///
/// # Errors
/// A required part is missing, or a clause is not modelled.
pub(super) fn read_column(
    reader: &mut Reader<'_>,
    parts: ColumnParts,
    home: &Home<'_>,
    inside: &impl AstNode,
) -> Result<(Column, Vec<Constraint>), ReadError> {
    let name = reader.require(parts.name, inside, "a column")?;
    let name = reader.new_ident(&name)?;
    let data_type = reader.require(parts.data_type, inside, "a type")?;
    let (data_type, spelling) = reader.column_type(&data_type)?;
    let (fill, nullability) = match spelling {
        TypeSpelling::Serial => (Fill::Serial, Nullability::NotNull),
        TypeSpelling::Plain => (Fill::None, Nullability::Nullable),
    };
    let mut column = Column {
        name,
        data_type,
        collation: collation(reader, parts.collate)?,
        nullability,
        fill,
        storage: parts.storage,
    };
    let mut constraints = Vec::new();
    for constraint in &parts.constraints {
        constraints.extend(beside(reader, &mut column, constraint, home)?);
    }
    Ok((column, constraints))
}

/// What one clause beside a column does to it; a constraint of the table where it is one.
fn beside(
    reader: &mut Reader<'_>,
    column: &mut Column,
    constraint: &ast::Constraint,
    home: &Home<'_>,
) -> Result<Option<Constraint>, ReadError> {
    match constraint {
        ast::Constraint::DefaultConstraint(clause) => {
            let default = reader.require(clause.expr(), clause, "a default")?;
            let fill = Fill::Default(reader.expression(&default)?);
            set_fill(reader, column, fill, clause)?;
        }
        ast::Constraint::GeneratedConstraint(clause) => {
            let fill = generated(reader, clause)?;
            if let Fill::Identity(_) = &fill {
                column.nullability = Nullability::NotNull;
            }
            set_fill(reader, column, fill, clause)?;
        }
        ast::Constraint::NullConstraint(_) => {}
        ast::Constraint::NotNullConstraint(clause) => {
            column.nullability = Nullability::NotNull;
            // A new table's constraint can be named later on; beside an added column the model has no place for it.
            if home.keeping == Keeping::Essence && clause.constraint_name_clause().is_some() {
                let beside = Beside::Column(&column.name);
                return read_constraint(reader, constraint, home, beside).map(Some);
            }
        }
        ast::Constraint::CheckConstraint(_)
        | ast::Constraint::ExcludeConstraint(_)
        | ast::Constraint::ForeignKeyConstraint(_)
        | ast::Constraint::PrimaryKeyConstraint(_)
        | ast::Constraint::ReferencesConstraint(_)
        | ast::Constraint::UniqueConstraint(_) => {
            return read_constraint(reader, constraint, home, Beside::Column(&column.name))
                .map(Some);
        }
    }
    Ok(None)
}

/// The server refuses a second source of values.
fn set_fill(
    reader: &Reader<'_>,
    column: &mut Column,
    fill: Fill,
    clause: &impl AstNode,
) -> Result<(), ReadError> {
    if column.fill != Fill::None {
        return Err(reader.missing(clause, "one source of values for a column, not two"));
    }
    column.fill = fill;
    Ok(())
}

fn generated(
    reader: &mut Reader<'_>,
    clause: &ast::GeneratedConstraint,
) -> Result<Fill, ReadError> {
    match reader.require(clause.generated_as(), clause, "what is generated")? {
        ast::GeneratedAs::GeneratedIdentity(identity) => {
            let when = identity.generated_when();
            Ok(Fill::Identity(identity_mode(reader, when, &identity)?))
        }
        ast::GeneratedAs::GeneratedStored(computed) => {
            let expression = reader.require(computed.expr(), &computed, "an expression")?;
            let expression = reader.expression(&expression)?;
            match computed.generated_kind() {
                Some(ast::GeneratedKind::Stored(_)) => Ok(Fill::Stored(expression)),
                Some(ast::GeneratedKind::Virtual(_)) => Ok(Fill::Virtual(expression)),
                None => {
                    reader.since(clause, "virtual generated columns", 18);
                    Ok(Fill::Virtual(expression))
                }
            }
        }
    }
}

/// ALWAYS or BY DEFAULT.
pub(super) fn identity_mode(
    reader: &Reader<'_>,
    when: Option<ast::GeneratedWhen>,
    inside: &impl AstNode,
) -> Result<IdentityMode, ReadError> {
    match reader.require(when, inside, "ALWAYS or BY DEFAULT")? {
        ast::GeneratedWhen::GeneratedAlways(_) => Ok(IdentityMode::Always),
        ast::GeneratedWhen::GeneratedByDefault(_) => Ok(IdentityMode::ByDefault),
    }
}

/// A column of a composite type: a name and a type, nothing else.
pub(super) fn attribute(
    reader: &mut Reader<'_>,
    name: Ident,
    data_type: &ast::Type,
    collate: Option<ast::Collate>,
) -> Result<Column, ReadError> {
    Ok(Column {
        name,
        data_type: reader.data_type(data_type)?,
        collation: collation(reader, collate)?,
        nullability: Nullability::Nullable,
        fill: Fill::None,
        storage: None,
    })
}
