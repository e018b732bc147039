//! CREATE, ALTER and DROP AGGREGATE: routines that are not looked into.

use segue_model::{Change, Ident, RoutineBody, RoutineChange, RoutineDefinition, Volatility};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{made, new_name, new_namespace, non_empty, owner, presence, reaction},
    routine::arguments,
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateAggregate(create) => vec![create_aggregate(reader, create)?],
        ast::Stmt::AlterAggregate(alter) => {
            let name = reader.require_qualified(alter.aggregate(), alter, "an aggregate")?;
            let change = match reader.require(alter.action(), alter, "an action")? {
                ast::AlterAggregateAction::AggregateRenameTo(rename) => {
                    RoutineChange::Rename(new_name(reader, rename.aggregate_name(), &rename)?)
                }
                ast::AlterAggregateAction::OwnerTo(clause) => {
                    RoutineChange::SetOwner(owner(reader, &clause)?)
                }
                ast::AlterAggregateAction::SetSchema(set) => {
                    RoutineChange::SetNamespace(new_namespace(reader, &set)?)
                }
            };
            vec![Change::Routine(name, change)]
        }
        ast::Stmt::DropAggregate(drop) => {
            let change = RoutineChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let mut changes = Vec::new();
            for aggregate in drop.aggregates() {
                changes.push(Change::Routine(
                    reader.qualified(&aggregate)?,
                    change.clone(),
                ));
            }
            non_empty(reader, changes, drop, "an aggregate")?
        }
        _ => return Ok(None),
    }))
}

/// What it returns and how volatile it is depends on functions that are not looked up here.
fn create_aggregate(
    reader: &mut Reader<'_>,
    statement: &ast::CreateAggregate,
) -> Result<Change, ReadError> {
    let name = made(reader, statement.aggregate_name(), statement)?;
    reader.require(statement.attribute_list(), statement, "options")?;
    let definition = Box::new(RoutineDefinition {
        arguments: arguments(reader, statement.param_list())?,
        returns: "unknown".to_owned(),
        volatility: Volatility::Unknown,
        language: Ident::from("internal"),
        body: RoutineBody::Unread("an aggregate".to_owned()),
    });
    let change = match statement.or_replace() {
        Some(_) => RoutineChange::Replace(definition),
        None => RoutineChange::Create(definition),
    };
    Ok(Change::Routine(name, change))
}
