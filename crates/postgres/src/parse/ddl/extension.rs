//! CREATE, ALTER and DROP EXTENSION.

use segue_model::{Change, ExtensionChange};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{non_empty, presence, reaction},
};
use crate::parse::reader::Reader;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateExtension(create) => {
            // Extensions are named by their authors (`uuid-ossp`), so quotes are worth no note.
            let name = reader.require_ident(create.extension(), create, "an extension")?;
            let presence = presence(create.if_not_exists().as_ref());
            vec![Change::Extension(name, ExtensionChange::Create(presence))]
        }
        ast::Stmt::AlterExtension(alter) => {
            let name = reader.require_ident(alter.extension_ref(), alter, "an extension")?;
            let change = match reader.require(alter.action(), alter, "an action")? {
                ast::AlterExtensionAction::AlterExtensionUpdate(_) => ExtensionChange::Update,
                ast::AlterExtensionAction::AlterExtensionAdd(_)
                | ast::AlterExtensionAction::AlterExtensionDrop(_)
                | ast::AlterExtensionAction::SetSchema(_) => ExtensionChange::Alter,
            };
            vec![Change::Extension(name, change)]
        }
        ast::Stmt::DropExtension(drop) => {
            let change = ExtensionChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let mut changes = Vec::new();
            for name in drop.extension_refs() {
                changes.push(Change::Extension(reader.ident(&name)?, change.clone()));
            }
            non_empty(reader, changes, drop, "an extension")?
        }
        _ => return Ok(None),
    }))
}
