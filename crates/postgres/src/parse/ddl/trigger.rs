//! CREATE, ALTER and DROP TRIGGER. Switching triggers on and off is ALTER TABLE.

use segue_model::{Change, Ident, TriggerChange, TriggerDefinition, TriggerEvent};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{called_function, columns, new_name, non_empty, presence, reaction},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateTrigger(create) => vec![create_trigger(reader, create)?],
        ast::Stmt::AlterTrigger(alter) => vec![alter_trigger(reader, alter)?],
        ast::Stmt::DropTrigger(drop) => {
            let name = reader.require_ident(drop.trigger_ref(), drop, "a trigger")?;
            let on = reader.require(drop.on_relation(), drop, "ON table")?;
            let table = reader.require_qualified(on.relation_name_ref(), &on, "a table")?;
            let change = TriggerChange::Drop {
                name,
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            vec![Change::Trigger(table, change)]
        }
        _ => return Ok(None),
    }))
}

fn create_trigger(
    reader: &mut Reader<'_>,
    statement: &ast::CreateTrigger,
) -> Result<Change, ReadError> {
    let name = new_name(reader, statement.trigger(), statement)?;
    let on = reader.require(statement.on_relation(), statement, "ON table")?;
    let table = reader.require_qualified(on.relation_name_ref(), &on, "a table")?;
    let timing = match reader.require(statement.timing(), statement, "BEFORE or AFTER")? {
        ast::Timing::TimingAfter(_) => "after",
        ast::Timing::TimingBefore(_) => "before",
        ast::Timing::TimingInsteadOf(_) => "instead of",
    };
    let (events, update_of) = events(reader, statement)?;
    let when_columns = match statement.when_condition() {
        Some(clause) => {
            reader
                .require_expression(clause.expr(), &clause, "a condition")?
                .columns
        }
        None => Vec::new(),
    };
    let from = match statement.from_table() {
        Some(clause) => {
            Some(reader.require_qualified(clause.table_name_ref(), &clause, "a table")?)
        }
        None => None,
    };
    let definition = TriggerDefinition {
        name,
        events,
        update_of,
        when_columns,
        function: called_function(reader, statement.call_expr(), statement)?,
        from,
        timing: timing.to_owned(),
    };
    let change = match statement.or_replace() {
        Some(_) => TriggerChange::Replace(definition),
        None => TriggerChange::Create(definition),
    };
    Ok(Change::Trigger(table, change))
}

/// The events, and the columns of UPDATE OF.
fn events(
    reader: &mut Reader<'_>,
    statement: &ast::CreateTrigger,
) -> Result<(Vec<TriggerEvent>, Vec<Ident>), ReadError> {
    let list = reader.require(statement.trigger_event_list(), statement, "an event")?;
    let mut events = Vec::new();
    let mut update_of = Vec::new();
    for event in list.trigger_events() {
        events.push(match event {
            ast::TriggerEvent::TriggerEventInsert(_) => TriggerEvent::Insert,
            ast::TriggerEvent::TriggerEventDelete(_) => TriggerEvent::Delete,
            ast::TriggerEvent::TriggerEventTruncate(_) => TriggerEvent::Truncate,
            ast::TriggerEvent::TriggerEventUpdate(update) => {
                if update.of_token().is_some() {
                    update_of.extend(columns(reader, update.column_name_refs(), &update)?);
                }
                TriggerEvent::Update
            }
        });
    }
    Ok((non_empty(reader, events, &list, "an event")?, update_of))
}

fn alter_trigger(
    reader: &mut Reader<'_>,
    statement: &ast::AlterTrigger,
) -> Result<Change, ReadError> {
    let from = reader.require_ident(statement.trigger_ref(), statement, "a trigger")?;
    let on = reader.require(statement.on_relation(), statement, "ON table")?;
    let table = reader.require_qualified(on.relation_name_ref(), &on, "a table")?;
    match reader.require(statement.action(), statement, "an action")? {
        ast::AlterTriggerAction::TriggerRenameTo(rename) => {
            let to = new_name(reader, rename.trigger(), &rename)?;
            Ok(Change::Trigger(table, TriggerChange::Rename { from, to }))
        }
        action @ (ast::AlterTriggerAction::DependsOnExtension(_)
        | ast::AlterTriggerAction::NoDependsOnExtension(_)) => {
            Err(reader.not_modelled(&action, "DEPENDS ON EXTENSION of a trigger"))
        }
    }
}
