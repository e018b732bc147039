//! CREATE SCHEMA with its elements, ALTER SCHEMA, DROP SCHEMA.

use segue_model::{Change, NamespaceChange};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{new_name, non_empty, owner, presence, reaction},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateSchema(create) => create_namespace(reader, create)?,
        ast::Stmt::AlterSchema(alter) => {
            let name = reader.require_ident(alter.schema_ref(), alter, "a schema")?;
            let change = match reader.require(alter.action(), alter, "an action")? {
                ast::AlterSchemaAction::SchemaRenameTo(rename) => {
                    NamespaceChange::Rename(new_name(reader, rename.schema(), &rename)?)
                }
                ast::AlterSchemaAction::OwnerTo(clause) => {
                    NamespaceChange::SetOwner(owner(reader, &clause)?)
                }
            };
            vec![Change::Namespace(name, change)]
        }
        ast::Stmt::DropSchema(drop) => {
            let change = NamespaceChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let mut changes = Vec::new();
            for name in drop.schema_refs() {
                changes.push(Change::Namespace(reader.ident(&name)?, change.clone()));
            }
            non_empty(reader, changes, drop, "a schema")?
        }
        _ => return Ok(None),
    }))
}

/// The namespace, then its elements: their unqualified names live in it.
fn create_namespace(
    reader: &mut Reader<'_>,
    statement: &ast::CreateSchema,
) -> Result<Vec<Change>, ReadError> {
    let target = reader.require(statement.create_schema_target(), statement, "a schema")?;
    let name = match &target {
        ast::CreateSchemaTarget::NamedSchema(named) => new_name(reader, named.schema(), named)?,
        ast::CreateSchemaTarget::AuthorizationSchema(owned) => {
            new_name(reader, owned.role(), owned)?
        }
    };
    let presence = presence(statement.if_not_exists().as_ref());
    let mut changes = vec![Change::Namespace(
        name.clone(),
        NamespaceChange::Create(presence),
    )];
    let outer = std::mem::replace(&mut reader.scope.namespace, name);
    let elements = elements(reader, statement);
    reader.scope.namespace = outer;
    changes.extend(elements?);
    Ok(changes)
}

fn elements(
    reader: &mut Reader<'_>,
    statement: &ast::CreateSchema,
) -> Result<Vec<Change>, ReadError> {
    let mut changes = Vec::new();
    for element in statement.schema_elements() {
        let inner = ast::Stmt::cast(element.syntax().clone());
        let inner = reader.require(inner, &element, "an element of a schema")?;
        match super::changes(reader, &inner)? {
            Some(inner) => changes.extend(inner),
            None => return Err(reader.not_modelled(&element, "this element of a schema")),
        }
    }
    Ok(changes)
}
