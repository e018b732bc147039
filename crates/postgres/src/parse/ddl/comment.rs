//! COMMENT ON.

use segue_model::{Change, CommentTarget, ObjectKind};
use squawk_syntax::ast::{self, AstNode};

use super::{Answer, clause::string};
use crate::parse::reader::{ReadError, Reader};

pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    let ast::Stmt::CommentOn(comment) = statement else {
        return Ok(None);
    };
    let object = reader.require(comment.comment_object(), comment, "an object")?;
    let target = target(reader, &object)?;
    let text = match comment.null_token() {
        Some(_) => None,
        None => Some(string(reader, comment.literal(), comment)?),
    };
    Ok(Some(vec![Change::Comment(target, text)]))
}

/// What the comment is on. Objects of kinds that the model does not follow are not named.
fn target(
    reader: &mut Reader<'_>,
    object: &ast::CommentObject,
) -> Result<CommentTarget, ReadError> {
    use ast::CommentObject as On;
    match object {
        On::ObjectTable(on) => whole(reader, ObjectKind::Table, on.table_name_ref(), on),
        On::ObjectForeignTable(on) => whole(reader, ObjectKind::Table, on.table_name_ref(), on),
        On::ObjectIndex(on) => whole(reader, ObjectKind::Index, on.index_ref(), on),
        On::ObjectSequence(on) => whole(reader, ObjectKind::Sequence, on.sequence_ref(), on),
        On::ObjectView(on) => whole(reader, ObjectKind::View, on.view_ref(), on),
        On::ObjectMaterializedView(on) => {
            whole(reader, ObjectKind::MaterializedView, on.view_ref(), on)
        }
        On::ObjectType(on) => whole(reader, ObjectKind::Type, on.type_name_ref(), on),
        On::ObjectDomain(on) => whole(reader, ObjectKind::Type, on.domain_ref(), on),
        On::ObjectFunction(on) => whole(reader, ObjectKind::Routine, on.function_sig(), on),
        On::ObjectProcedure(on) => whole(reader, ObjectKind::Routine, on.procedure_sig(), on),
        On::ObjectRoutine(on) => whole(reader, ObjectKind::Routine, on.routine_sig(), on),
        On::ObjectAggregate(on) => whole(reader, ObjectKind::Routine, on.aggregate(), on),
        On::ObjectColumn(_)
        | On::ObjectConstraint(_)
        | On::ObjectTrigger(_)
        | On::ObjectRule(_)
        | On::ObjectPolicy(_)
        | On::ObjectSchema(_) => part(reader, object),
        On::ObjectAccessMethod(_)
        | On::ObjectCast(_)
        | On::ObjectCollation(_)
        | On::ObjectConversion(_)
        | On::ObjectDatabase(_)
        | On::ObjectEventTrigger(_)
        | On::ObjectExtension(_)
        | On::ObjectForeignDataWrapper(_)
        | On::ObjectLanguage(_)
        | On::ObjectLargeObject(_)
        | On::ObjectOperator(_)
        | On::ObjectOperatorClass(_)
        | On::ObjectOperatorFamily(_)
        | On::ObjectPropertyGraph(_)
        | On::ObjectPublication(_)
        | On::ObjectRole(_)
        | On::ObjectServer(_)
        | On::ObjectStatistics(_)
        | On::ObjectSubscription(_)
        | On::ObjectTablespace(_)
        | On::ObjectTextSearchConfig(_)
        | On::ObjectTextSearchDict(_)
        | On::ObjectTextSearchParser(_)
        | On::ObjectTextSearchTemplate(_)
        | On::ObjectTransform(_) => Ok(CommentTarget {
            kind: ObjectKind::Other,
            name: None,
            part: None,
        }),
    }
}

fn whole(
    reader: &mut Reader<'_>,
    kind: ObjectKind,
    name: Option<impl AstNode>,
    inside: &impl AstNode,
) -> Result<CommentTarget, ReadError> {
    Ok(CommentTarget {
        kind,
        name: Some(reader.require_qualified(name, inside, "a name")?),
        part: None,
    })
}

/// Objects that are part of a table, and namespaces, which have no namespace.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the caller takes the rest"
)]
fn part(reader: &mut Reader<'_>, object: &ast::CommentObject) -> Result<CommentTarget, ReadError> {
    use ast::CommentObject as On;
    let (kind, name, part) = match object {
        On::ObjectColumn(on) => {
            let written = reader.require(on.name(), on, "a column")?;
            let (table, column) = reader.qualified_column(&written)?;
            (ObjectKind::Column, Some(table), column)
        }
        On::ObjectConstraint(on) => {
            let name = reader.require_ident(on.constraint_name_ref(), on, "a constraint")?;
            let table = match on.domain_ref() {
                Some(domain) => reader.qualified(&domain)?,
                None => reader.require_qualified(on.table_name_ref(), on, "a table")?,
            };
            (ObjectKind::Constraint, Some(table), name)
        }
        On::ObjectTrigger(on) => {
            let name = reader.require_ident(on.trigger_ref(), on, "a trigger")?;
            let table = reader.require_qualified(on.relation_name_ref(), on, "a table")?;
            (ObjectKind::OnTable, Some(table), name)
        }
        On::ObjectRule(on) => {
            let name = reader.require_ident(on.rule_ref(), on, "a rule")?;
            let table = reader.require_qualified(on.relation_name_ref(), on, "a table")?;
            (ObjectKind::OnTable, Some(table), name)
        }
        On::ObjectPolicy(on) => {
            let name = reader.require_ident(on.policy_ref(), on, "a policy")?;
            let table = reader.require_qualified(on.table_name_ref(), on, "a table")?;
            (ObjectKind::OnTable, Some(table), name)
        }
        On::ObjectSchema(on) => {
            let name = reader.require_ident(on.schema_ref(), on, "a schema")?;
            (ObjectKind::Namespace, None, name)
        }
        _ => return Err(reader.not_modelled(object, "a comment on this object")),
    };
    Ok(CommentTarget {
        kind,
        name,
        part: Some(part),
    })
}
