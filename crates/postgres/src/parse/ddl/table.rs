//! CREATE TABLE in all its forms, CREATE FOREIGN TABLE, and DROP TABLE. SELECT INTO is read with the other queries.

use segue_model::{
    Change, Column, Constraint, ConstraintKind, Ident, Inheritance, LikeSource, Nullability,
    OutputColumn, Persistence, Presence, QualifiedName, Query, Reaction, TableChange,
    TableDefinition,
};
use squawk_syntax::ast::{self, AstNode, HasCreateTable};

use super::{
    Answer,
    clause::{made, non_empty, parameters, presence, reaction, target},
    column::{ColumnParts, Home, read_column},
    constraint::{Beside, Keeping, read_constraint, table_constraint},
    partition::{bound, partitioning},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateTable(create) => vec![create_table(reader, create)?],
        ast::Stmt::CreateTableAs(create) => vec![create_table_as(reader, create)?],
        ast::Stmt::CreateForeignTable(create) => vec![create_foreign_table(reader, create)?],
        ast::Stmt::DropTable(drop) => {
            let presence = presence(drop.if_exists().as_ref());
            drop_tables(
                reader,
                drop.table_name_refs(),
                presence,
                reaction(drop.drop_behavior().as_ref()),
                drop,
            )?
        }
        ast::Stmt::DropForeignTable(drop) => {
            let presence = presence(drop.if_exists().as_ref());
            drop_tables(
                reader,
                drop.table_name_refs(),
                presence,
                reaction(drop.drop_behavior().as_ref()),
                drop,
            )?
        }
        _ => return Ok(None),
    }))
}

fn drop_tables(
    reader: &mut Reader<'_>,
    names: impl Iterator<Item = ast::TableNameRef>,
    presence: Presence,
    reaction: Reaction,
    inside: &impl AstNode,
) -> Result<Vec<Change>, ReadError> {
    let mut changes = Vec::new();
    for name in names {
        let name = reader.qualified(&name)?;
        reader.dropped(&name);
        changes.push(Change::Table(
            target(name, presence),
            TableChange::Drop { reaction },
        ));
    }
    non_empty(reader, changes, inside, "a table")
}

fn empty_definition(persistence: Persistence) -> TableDefinition {
    TableDefinition {
        columns: Vec::new(),
        constraints: Vec::new(),
        like: Vec::new(),
        inheritance: Inheritance::None,
        partitioning: None,
        persistence,
        query: None,
        parameters: Vec::new(),
        tablespace: None,
        server: None,
    }
}

fn create(name: QualifiedName, presence: Presence, definition: TableDefinition) -> Change {
    Change::Table(
        target(name, presence),
        TableChange::Create(Box::new(definition)),
    )
}

/// Permanent where nothing was written.
pub(super) fn read_persistence(written: Option<&ast::Persistence>) -> Persistence {
    match written {
        Some(ast::Persistence::Temp(_)) => Persistence::Temporary,
        Some(ast::Persistence::Unlogged(_)) => Persistence::Unlogged,
        None => Persistence::Permanent,
    }
}

/// The name of a relation that is made; a temporary one lives in a namespace of its own.
pub(super) fn made_relation(
    reader: &mut Reader<'_>,
    name: Option<impl AstNode>,
    persistence: Persistence,
    inside: &impl AstNode,
) -> Result<QualifiedName, ReadError> {
    match persistence {
        Persistence::Temporary => {
            let name = reader.require(name, inside, "a name")?;
            reader.temporary(&name)
        }
        Persistence::Permanent | Persistence::Unlogged => made(reader, name, inside),
    }
}

fn create_table(
    reader: &mut Reader<'_>,
    statement: &ast::CreateTable,
) -> Result<Change, ReadError> {
    let persistence = read_persistence(statement.persistence().as_ref());
    let name = made_relation(reader, statement.table_name(), persistence, statement)?;
    let mut definition = empty_definition(persistence);
    definition.inheritance = inheritance(reader, statement)?;
    if let Some(list) = statement.table_arg_list() {
        let is_defined_elsewhere = matches!(
            definition.inheritance,
            Inheritance::PartitionOf { .. } | Inheritance::OfType(_)
        );
        let typing = if is_defined_elsewhere {
            Typing::Elsewhere
        } else {
            Typing::Here
        };
        elements(reader, &mut definition, &list, &name, typing)?;
    } else if definition.inheritance == Inheritance::None {
        return Err(reader.missing(statement, "columns"));
    }
    if let Some(clause) = statement.partition_by() {
        definition.partitioning = Some(partitioning(reader, &clause)?);
    }
    if let Some(ast::TableParams::WithParams(clause)) = statement.table_params() {
        definition.parameters = parameters(reader, clause.attribute_list(), &clause)?;
    }
    definition.tablespace = tablespace(reader, statement.tablespace_clause())?;
    Ok(create(
        name,
        presence(statement.if_not_exists().as_ref()),
        definition,
    ))
}

/// The tablespace of a TABLESPACE clause.
pub(super) fn tablespace(
    reader: &mut Reader<'_>,
    clause: Option<ast::TablespaceClause>,
) -> Result<Option<Ident>, ReadError> {
    match clause {
        Some(clause) => reader
            .require_ident(clause.tablespace_ref(), &clause, "a tablespace")
            .map(Some),
        None => Ok(None),
    }
}

fn inheritance(
    reader: &mut Reader<'_>,
    statement: &ast::CreateTable,
) -> Result<Inheritance, ReadError> {
    if let Some(clause) = statement.partition_of() {
        return partition_of(reader, &clause, statement.partition_type(), statement);
    }
    if let Some(clause) = statement.of_type() {
        return Ok(Inheritance::OfType(composite_type(reader, &clause)?));
    }
    match statement.inherits() {
        Some(clause) => inherits(reader, &clause),
        None => Ok(Inheritance::None),
    }
}

fn inherits(reader: &mut Reader<'_>, clause: &ast::Inherits) -> Result<Inheritance, ReadError> {
    let parents = clause
        .table_name_refs()
        .map(|parent| reader.qualified(&parent))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Inheritance::Inherits(non_empty(
        reader, parents, clause, "a table",
    )?))
}

fn partition_of(
    reader: &mut Reader<'_>,
    clause: &ast::PartitionOf,
    values: Option<ast::PartitionType>,
    inside: &impl AstNode,
) -> Result<Inheritance, ReadError> {
    let parent = reader.require_qualified(clause.table_name_ref(), clause, "a table")?;
    let values = reader.require(values, inside, "FOR VALUES or DEFAULT")?;
    Ok(Inheritance::PartitionOf {
        parent,
        bound: bound(reader, &values)?,
    })
}

/// The composite type of `OF type`.
pub(super) fn composite_type(
    reader: &mut Reader<'_>,
    clause: &ast::OfType,
) -> Result<QualifiedName, ReadError> {
    let written = reader.require(clause.ty(), clause, "a composite type")?;
    let data_type = reader.data_type(&written)?;
    let name = data_type.user_type().cloned();
    reader.require(name, clause, "a composite type")
}

/// Where the columns of a table get their types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typing {
    Here,
    Elsewhere,
}

/// Columns, constraints and LIKE clauses, each to its place.
fn elements(
    reader: &mut Reader<'_>,
    definition: &mut TableDefinition,
    list: &ast::TableArgList,
    table: &QualifiedName,
    typing: Typing,
) -> Result<(), ReadError> {
    let home = Home {
        table,
        keeping: Keeping::Essence,
    };
    for element in list.args() {
        match element {
            ast::TableArg::Column(column) if typing == Typing::Elsewhere => {
                untyped_column(reader, definition, &column, &home)?;
            }
            ast::TableArg::Column(column) => {
                let parts = ColumnParts::of_table(reader, &column);
                let (column, constraints) = read_column(reader, parts, &home, &column)?;
                definition.columns.push(column);
                definition.constraints.extend(constraints);
            }
            ast::TableArg::LikeClause(clause) => {
                definition.like.push(like(reader, &clause)?);
            }
            ast::TableArg::TableConstraint(constraint) => {
                let cast = ast::Constraint::cast(constraint.syntax().clone());
                let constraint = reader.require(cast, &constraint, "a constraint")?;
                let constraint = table_constraint(reader, &constraint, table, home.keeping)?;
                place(definition, constraint);
            }
        }
    }
    Ok(())
}

/// NOT NULL is part of the column; as a constraint it stays where it has a name or its column is not listed here.
fn place(definition: &mut TableDefinition, constraint: Constraint) {
    if let ConstraintKind::NotNull(name) = &constraint.kind
        && let Some(column) = column_of(definition, name)
    {
        column.nullability = Nullability::NotNull;
        if matches!(constraint.name, segue_model::ChosenName::Generated(_)) {
            return;
        }
    }
    definition.constraints.push(constraint);
}

fn column_of<'d>(definition: &'d mut TableDefinition, name: &Ident) -> Option<&'d mut Column> {
    definition
        .columns
        .iter_mut()
        .find(|column| &column.name == name)
}

/// A column whose type comes from the partitioned table or the composite type: it may carry constraints only.
fn untyped_column(
    reader: &mut Reader<'_>,
    definition: &mut TableDefinition,
    column: &ast::Column,
    home: &Home<'_>,
) -> Result<(), ReadError> {
    let parts = ColumnParts::of_table(reader, column);
    if let Some(data_type) = parts.data_type {
        return Err(reader.missing(&data_type, "no type: the columns are defined elsewhere"));
    }
    let name = reader.require_ident(parts.name, column, "a column")?;
    for constraint in &parts.constraints {
        match constraint {
            ast::Constraint::NullConstraint(_) => {}
            ast::Constraint::DefaultConstraint(_) | ast::Constraint::GeneratedConstraint(_) => {
                return Err(reader
                    .not_modelled(constraint, "a value for a column that is defined elsewhere"));
            }
            ast::Constraint::CheckConstraint(_)
            | ast::Constraint::ExcludeConstraint(_)
            | ast::Constraint::ForeignKeyConstraint(_)
            | ast::Constraint::NotNullConstraint(_)
            | ast::Constraint::PrimaryKeyConstraint(_)
            | ast::Constraint::ReferencesConstraint(_)
            | ast::Constraint::UniqueConstraint(_) => {
                let beside = Beside::Column(&name);
                let constraint = read_constraint(reader, constraint, home, beside)?;
                definition.constraints.push(constraint);
            }
        }
    }
    Ok(())
}

fn like(reader: &mut Reader<'_>, clause: &ast::LikeClause) -> Result<LikeSource, ReadError> {
    let table = reader.require_qualified(clause.relation_name_ref(), clause, "a table")?;
    let mut including = Vec::new();
    for option in clause.like_options() {
        match option {
            ast::LikeOption::IncludingProperty(option) => {
                let property = reader.require(option.table_property(), &option, "a property")?;
                including.push(reader.verbatim(&property).to_ascii_lowercase());
            }
            ast::LikeOption::ExcludingProperty(option) => {
                let property = reader.require(option.table_property(), &option, "a property")?;
                let excluded = reader.verbatim(&property).to_ascii_lowercase();
                exclude(&mut including, &excluded);
            }
        }
    }
    Ok(LikeSource { table, including })
}

/// What `INCLUDING ALL` stands for. Source: PostgreSQL 17 manual, CREATE TABLE.
const PROPERTIES: &[&str] = &[
    "comments",
    "compression",
    "constraints",
    "defaults",
    "generated",
    "identity",
    "indexes",
    "statistics",
    "storage",
];

/// `INCLUDING ALL EXCLUDING INDEXES`: the last word counts.
fn exclude(including: &mut Vec<String>, excluded: &str) {
    if excluded == "all" {
        including.clear();
        return;
    }
    if including.iter().any(|property| property == "all") {
        *including = PROPERTIES
            .iter()
            .map(|&property| property.to_owned())
            .collect();
    }
    including.retain(|property| property != excluded);
}

fn create_table_as(
    reader: &mut Reader<'_>,
    statement: &ast::CreateTableAs,
) -> Result<Change, ReadError> {
    let written = reader.require(statement.query(), statement, "a query")?;
    let Some(select) = written.select_variant() else {
        return Err(reader.not_modelled(&written, "CREATE TABLE AS EXECUTE"));
    };
    // The query is read first: the new table does not hide the relations it reads.
    let mut query = reader.query(&select)?;
    let persistence = read_persistence(statement.persistence().as_ref());
    let name = made_relation(reader, statement.table_name(), persistence, statement)?;
    if let Some(list) = statement.table_arg_list() {
        let names = listed_names(reader, &list)?;
        rename_output(&mut query, names);
    }
    let mut definition = empty_definition(persistence);
    definition.query = Some(query);
    if let Some(ast::TableParams::WithParams(clause)) = statement.table_params() {
        definition.parameters = parameters(reader, clause.attribute_list(), &clause)?;
    }
    definition.tablespace = tablespace(reader, statement.tablespace_clause())?;
    Ok(create(
        name,
        presence(statement.if_not_exists().as_ref()),
        definition,
    ))
}

fn listed_names(
    reader: &mut Reader<'_>,
    list: &ast::TableArgList,
) -> Result<Vec<Ident>, ReadError> {
    let mut names = Vec::new();
    for element in list.args() {
        match element {
            ast::TableArg::Column(column) => {
                let name = reader.require(column.name(), &column, "a column")?;
                names.push(reader.new_ident(&name)?);
            }
            ast::TableArg::LikeClause(_) | ast::TableArg::TableConstraint(_) => {
                return Err(reader.missing(list, "names of columns"));
            }
        }
    }
    Ok(names)
}

/// Listed names take the place of the query's own, from the left.
pub(super) fn rename_output(query: &mut Query, names: Vec<Ident>) {
    for (position, name) in names.into_iter().enumerate() {
        match query.output.get_mut(position) {
            Some(column) => column.name = Some(name),
            None => query.output.push(OutputColumn {
                name: Some(name),
                source: None,
            }),
        }
    }
}

fn create_foreign_table(
    reader: &mut Reader<'_>,
    statement: &ast::CreateForeignTable,
) -> Result<Change, ReadError> {
    let name = made(reader, statement.table_name(), statement)?;
    let mut definition = empty_definition(Persistence::Permanent);
    let mut typing = Typing::Here;
    if let Some(clause) = statement.partition_of() {
        typing = Typing::Elsewhere;
        let values = statement.partition_type();
        definition.inheritance = partition_of(reader, &clause, values, statement)?;
    } else if let Some(clause) = HasCreateTable::inherits(statement) {
        definition.inheritance = inherits(reader, &clause)?;
    }
    if let Some(list) = HasCreateTable::table_arg_list(statement) {
        elements(reader, &mut definition, &list, &name, typing)?;
    }
    let server = reader.require(statement.server_clause(), statement, "SERVER")?;
    definition.server = Some(reader.require_ident(server.server_ref(), &server, "a server")?);
    Ok(create(
        name,
        presence(statement.if_not_exists().as_ref()),
        definition,
    ))
}
