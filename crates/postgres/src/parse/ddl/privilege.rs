//! GRANT, REVOKE, default privileges, REASSIGN OWNED, DROP OWNED.

use segue_model::{Change, Ident, ObjectKind, OtherObject, PrivilegeChange, QualifiedName};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{non_empty, reaction, roles},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    let change = match statement {
        ast::Stmt::Grant(grant) => {
            let to = written_roles(reader, grant.role_ref_list(), grant)?;
            let privileges = reader.require(grant.privileges(), grant, "privileges")?;
            match grant.on_privilege_objects_clause() {
                Some(clause) => {
                    let (on, names) = objects(reader, &clause)?;
                    PrivilegeChange::Grant { on, names, to }
                }
                None => return membership(reader, "GRANT", &privileges),
            }
        }
        ast::Stmt::Revoke(revoke) => {
            let from = written_roles(reader, revoke.role_ref_list(), revoke)?;
            let privileges = reader.require(revoke.privileges(), revoke, "privileges")?;
            match revoke.on_privilege_objects_clause() {
                Some(clause) => {
                    let (on, names) = objects(reader, &clause)?;
                    PrivilegeChange::Revoke { on, names, from }
                }
                None => return membership(reader, "REVOKE", &privileges),
            }
        }
        ast::Stmt::AlterDefaultPrivileges(alter) => {
            reader.require(alter.action(), alter, "GRANT or REVOKE")?;
            PrivilegeChange::Default
        }
        ast::Stmt::Reassign(reassign) => {
            let from = roles(reader, reassign.before(), reassign)?;
            let mut to = roles(reader, reassign.after(), reassign)?;
            let first = to.pop().filter(|_| to.is_empty());
            let to = reader.require(first, reassign, "one role")?;
            PrivilegeChange::ReassignOwned { from, to }
        }
        ast::Stmt::DropOwned(drop) => PrivilegeChange::DropOwned {
            roles: roles(reader, drop.role_ref_list(), drop)?,
            reaction: reaction(drop.drop_behavior().as_ref()),
        },
        _ => return Ok(None),
    };
    Ok(Some(vec![Change::Privilege(change)]))
}

/// `GRANT role TO role`: one change for each role that is given.
fn membership(reader: &mut Reader<'_>, verb: &str, privileges: &ast::Privileges) -> Answer {
    let list = match privileges {
        ast::Privileges::RevokeCommandList(list) => list,
        ast::Privileges::AllPrivileges(all) => return Err(reader.missing(all, "ON objects")),
    };
    let mut changes = Vec::new();
    for command in list.revoke_commands() {
        let role = reader.require(command.role_ref(), &command, "a role, or ON objects")?;
        changes.push(Change::Other(OtherObject {
            kind: "role".to_owned(),
            verb: verb.to_owned(),
            name: Some(super::clause::role(reader, Some(role), &command)?),
        }));
    }
    non_empty(reader, changes, list, "a role").map(Some)
}

/// The roles as they are written: `PUBLIC` and `CURRENT_USER` among them.
fn written_roles(
    reader: &Reader<'_>,
    list: Option<ast::RoleRefList>,
    inside: &impl AstNode,
) -> Result<Vec<String>, ReadError> {
    let list = reader.require(list, inside, "roles")?;
    let roles = list
        .role_refs()
        .map(|role| reader.verbatim(&role))
        .collect();
    non_empty(reader, roles, &list, "roles")
}

type Objects = (ObjectKind, Vec<QualifiedName>);

/// What a privilege is on. A schema is named twice, as namespace and as name: it lives in no other.
fn objects(
    reader: &mut Reader<'_>,
    clause: &ast::OnPrivilegeObjectsClause,
) -> Result<Objects, ReadError> {
    use ast::PrivilegeObjects as On;
    let objects = reader.require(clause.privilege_objects(), clause, "objects")?;
    let (kind, names) = match &objects {
        On::PrivilegeTable(on) => (ObjectKind::Table, named(reader, on.relation_name_refs())?),
        On::PrivilegeDefault(on) => (ObjectKind::Table, named(reader, on.relation_name_refs())?),
        On::PrivilegeSequence(on) => (ObjectKind::Sequence, named(reader, on.sequence_refs())?),
        On::PrivilegeType(on) => (ObjectKind::Type, named(reader, on.type_name_refs())?),
        On::PrivilegeDomain(on) => (ObjectKind::Type, named(reader, on.domain_refs())?),
        On::PrivilegeFunction(on) => {
            let list = reader.require(on.function_sig_list(), on, "a function")?;
            (ObjectKind::Routine, named(reader, list.function_sigs())?)
        }
        On::PrivilegeProcedure(on) => {
            let list = reader.require(on.procedure_sig_list(), on, "a procedure")?;
            (ObjectKind::Routine, named(reader, list.procedure_sigs())?)
        }
        On::PrivilegeRoutine(on) => {
            let list = reader.require(on.routine_sig_list(), on, "a routine")?;
            (ObjectKind::Routine, named(reader, list.routine_sigs())?)
        }
        On::PrivilegeSchema(on) => (ObjectKind::Namespace, namespaces(reader, on)?),
        On::PrivilegeAllTablesInSchema(_) => return Ok((ObjectKind::Table, Vec::new())),
        On::PrivilegeAllSequencesInSchema(_) => return Ok((ObjectKind::Sequence, Vec::new())),
        On::PrivilegeAllFunctionsInSchema(_)
        | On::PrivilegeAllProceduresInSchema(_)
        | On::PrivilegeAllRoutinesInSchema(_) => return Ok((ObjectKind::Routine, Vec::new())),
        On::PrivilegeDatabase(_)
        | On::PrivilegeForeignDataWrapper(_)
        | On::PrivilegeForeignServer(_)
        | On::PrivilegeLanguage(_)
        | On::PrivilegeLargeObject(_)
        | On::PrivilegeParameter(_)
        | On::PrivilegePropertyGraph(_)
        | On::PrivilegeTablespace(_) => return Ok((ObjectKind::Other, Vec::new())),
    };
    Ok((kind, non_empty(reader, names, &objects, "a name")?))
}

/// The names of objects; a routine's arguments stand beside its name and are left out.
fn named<N: AstNode>(
    reader: &mut Reader<'_>,
    names: impl Iterator<Item = N>,
) -> Result<Vec<QualifiedName>, ReadError> {
    names.map(|name| reader.qualified(&name)).collect()
}

fn namespaces(
    reader: &mut Reader<'_>,
    on: &ast::PrivilegeSchema,
) -> Result<Vec<QualifiedName>, ReadError> {
    on.schema_refs()
        .map(|written| {
            let name: Ident = reader.ident(&written)?;
            Ok(QualifiedName {
                namespace: name.clone(),
                name,
            })
        })
        .collect()
}
