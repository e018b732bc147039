//! Lists of dropped objects that the model does not follow: one change for each name.
//!
//! What makes and alters such objects, and drops them one by one, is read with the statements that are named only.

use segue_model::{Change, Ident, OtherObject};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{non_empty, role},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    let (kind, names) = match statement {
        ast::Stmt::DropCollation(drop) => ("collation", last_parts(reader, drop.collation_refs())?),
        ast::Stmt::DropForeignDataWrapper(drop) => {
            let names = last_parts(reader, drop.foreign_data_wrapper_refs())?;
            ("foreign data wrapper", names)
        }
        ast::Stmt::DropServer(drop) => ("server", last_parts(reader, drop.server_refs())?),
        ast::Stmt::DropGroup(drop) => ("group", roles(reader, drop.role_refs(), drop)?),
        ast::Stmt::DropRole(drop) => ("role", roles(reader, drop.role_refs(), drop)?),
        ast::Stmt::DropUser(drop) => ("user", roles(reader, drop.role_refs(), drop)?),
        _ => return Ok(None),
    };
    let names = non_empty(reader, names, statement, "a name")?;
    let verb = ["DROP ", &kind.to_ascii_uppercase()].concat();
    let changes = names.into_iter().map(|name| {
        Change::Other(OtherObject {
            kind: kind.to_owned(),
            verb: verb.clone(),
            name: Some(name),
        })
    });
    Ok(Some(changes.collect()))
}

fn last_parts<N: AstNode>(
    reader: &mut Reader<'_>,
    names: impl Iterator<Item = N>,
) -> Result<Vec<Ident>, ReadError> {
    names
        .map(|name| Ok(reader.qualified_quietly(&name)?.name))
        .collect()
}

fn roles(
    reader: &mut Reader<'_>,
    names: impl Iterator<Item = ast::RoleRef>,
    inside: &impl AstNode,
) -> Result<Vec<Ident>, ReadError> {
    names.map(|name| role(reader, Some(name), inside)).collect()
}
