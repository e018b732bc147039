//! CREATE, ALTER and DROP RULE. Switching rules on and off is ALTER TABLE.

use segue_model::{Change, RuleChange};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{new_name, presence, reaction},
};
use crate::parse::reader::Reader;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(vec![match statement {
        ast::Stmt::CreateRule(create) => {
            let name = new_name(reader, create.rule(), create)?;
            let on = reader.require(create.rule_on(), create, "ON event TO table")?;
            reader.require(on.rule_event(), &on, "an event")?;
            let table = reader.require_qualified(on.relation_name_ref(), &on, "a table")?;
            let action = reader.require(create.rule_do(), create, "DO")?;
            reader.require(action.rule_action(), &action, "an action")?;
            Change::Rule(table, RuleChange::Create(name))
        }
        ast::Stmt::AlterRule(alter) => {
            let from = reader.require_ident(alter.rule_ref(), alter, "a rule")?;
            let on = reader.require(alter.on_relation(), alter, "ON table")?;
            let table = reader.require_qualified(on.relation_name_ref(), &on, "a table")?;
            let rename = reader.require(alter.rule_rename_to(), alter, "RENAME TO")?;
            let to = new_name(reader, rename.rule(), &rename)?;
            Change::Rule(table, RuleChange::Rename { from, to })
        }
        ast::Stmt::DropRule(drop) => {
            let name = reader.require_ident(drop.rule_ref(), drop, "a rule")?;
            let on = reader.require(drop.on_relation(), drop, "ON table")?;
            let table = reader.require_qualified(on.relation_name_ref(), &on, "a table")?;
            let change = RuleChange::Drop {
                name,
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            Change::Rule(table, change)
        }
        _ => return Ok(None),
    }]))
}
