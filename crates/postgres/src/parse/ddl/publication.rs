//! CREATE, ALTER and DROP PUBLICATION.

use segue_model::{Change, Ident, PublicationChange, PublishedTable, QualifiedName};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{columns, new_name, non_empty, owner, parameters, presence, with_parameters},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreatePublication(create) => vec![create_publication(reader, create)?],
        ast::Stmt::AlterPublication(alter) => vec![alter_publication(reader, alter)?],
        ast::Stmt::DropPublication(drop) => {
            let change = PublicationChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
            };
            let mut changes = Vec::new();
            for name in drop.publication_refs() {
                changes.push(Change::Publication(reader.ident(&name)?, change.clone()));
            }
            non_empty(reader, changes, drop, "a publication")?
        }
        _ => return Ok(None),
    }))
}

fn create_publication(
    reader: &mut Reader<'_>,
    statement: &ast::CreatePublication,
) -> Result<Change, ReadError> {
    let name = new_name(reader, statement.publication(), statement)?;
    with_parameters(reader, statement.with_params())?;
    let change = match statement.publication_for_clause() {
        None => PublicationChange::Create(Vec::new()),
        Some(ast::PublicationForClause::ForAllPublicationObjects(all)) => {
            if let Some(except) = all.except_table_clause() {
                return Err(reader.not_modelled(&except, "EXCEPT in a publication"));
            }
            PublicationChange::CreateForAll
        }
        Some(ast::PublicationForClause::ForPublicationObjects(some)) => {
            match published(reader, some.publication_objects(), &some)? {
                Published::Tables(tables) => PublicationChange::Create(tables),
                Published::Namespaces => PublicationChange::CreateForAll,
            }
        }
    };
    Ok(Change::Publication(name, change))
}

/// What a list of a publication's objects says.
enum Published {
    /// These tables.
    Tables(Vec<PublishedTable>),
    /// Every table of some namespaces.
    Namespaces,
}

/// One kind of object in a list; a mixture is not modelled.
fn published(
    reader: &mut Reader<'_>,
    objects: impl Iterator<Item = ast::PublicationObject>,
    inside: &impl AstNode,
) -> Result<Published, ReadError> {
    let mut tables = Vec::new();
    let mut has_namespaces = false;
    for object in objects {
        match object {
            // Without its keyword an object is of the kind of the one before it.
            ast::PublicationObject::PublicationObjectTable(table)
                if table.table_token().is_none() && has_namespaces =>
            {
                let namespace = reader.require(table.table_name_ref(), &table, "a schema")?;
                reader.ident(&namespace)?;
            }
            ast::PublicationObject::PublicationObjectTable(table) => {
                tables.push(published_table(reader, &table)?);
            }
            ast::PublicationObject::PublicationObjectTablesInSchema(schema) => {
                reader.since(&schema, "TABLES IN SCHEMA", 15);
                has_namespaces = true;
            }
            ast::PublicationObject::PublicationObjectCurrentSchema(_) => has_namespaces = true,
        }
    }
    match (has_namespaces, tables.is_empty()) {
        (true, true) => Ok(Published::Namespaces),
        (true, false) => Err(reader.not_modelled(inside, "tables and schemas in one publication")),
        (false, _) => non_empty(reader, tables, inside, "tables").map(Published::Tables),
    }
}

/// The columns of the list, then those of the filter.
fn published_table(
    reader: &mut Reader<'_>,
    object: &ast::PublicationObjectTable,
) -> Result<PublishedTable, ReadError> {
    let table = reader.require_qualified(object.table_name_ref(), object, "a table")?;
    let mut named: Vec<Ident> = Vec::new();
    if let Some(list) = object.column_ref_list() {
        reader.since(&list, "a column list in a publication", 15);
        named = columns(reader, list.column_name_refs(), &list)?;
    }
    if let Some(clause) = object.where_condition_clause() {
        reader.since(&clause, "a row filter in a publication", 15);
        let filter = reader.require_expression(clause.expr(), &clause, "a condition")?;
        for column in filter.columns {
            if !named.contains(&column) {
                named.push(column);
            }
        }
    }
    Ok(PublishedTable {
        table,
        columns: named,
    })
}

/// The tables of ADD, SET and DROP.
fn tables(
    reader: &mut Reader<'_>,
    objects: impl Iterator<Item = ast::PublicationObject>,
    inside: &impl AstNode,
) -> Result<Vec<PublishedTable>, ReadError> {
    match published(reader, objects, inside)? {
        Published::Tables(tables) => Ok(tables),
        Published::Namespaces => {
            Err(reader.not_modelled(inside, "a publication's schemas being altered"))
        }
    }
}

fn alter_publication(
    reader: &mut Reader<'_>,
    statement: &ast::AlterPublication,
) -> Result<Change, ReadError> {
    use ast::AlterPublicationAction as Action;
    let name = reader.require_ident(statement.publication_ref(), statement, "a publication")?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        Action::AddPublicationObjects(add) => {
            PublicationChange::Add(tables(reader, add.publication_objects(), &add)?)
        }
        Action::SetPublicationObjects(set) => {
            PublicationChange::Set(tables(reader, set.publication_objects(), &set)?)
        }
        Action::DropPublicationObjects(drop) => {
            let tables = tables(reader, drop.publication_objects(), &drop)?;
            let names: Vec<QualifiedName> = tables.into_iter().map(|table| table.table).collect();
            PublicationChange::Remove(names)
        }
        Action::SetAllPublicationObjectList(set) => {
            return Err(reader.not_modelled(&set, "this form of ALTER PUBLICATION"));
        }
        Action::SetOptions(set) => {
            parameters(reader, set.attribute_list(), &set)?;
            PublicationChange::Alter
        }
        Action::OwnerTo(clause) => {
            owner(reader, &clause)?;
            PublicationChange::Alter
        }
        Action::PublicationRenameTo(rename) => {
            new_name(reader, rename.publication(), &rename)?;
            PublicationChange::Alter
        }
    };
    Ok(Change::Publication(name, change))
}
