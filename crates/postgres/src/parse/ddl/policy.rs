//! CREATE, ALTER and DROP POLICY. Row security is switched by ALTER TABLE.

use segue_model::{Change, Ident, PolicyChange, QualifiedName};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{new_name, presence},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(vec![match statement {
        ast::Stmt::CreatePolicy(create) => {
            let name = new_name(reader, create.policy(), create)?;
            let table = table(reader, create.on_table(), create)?;
            let clauses = (create.using_expr_clause(), create.with_check_expr_clause());
            let columns = condition_columns(reader, clauses)?;
            Change::Policy(table, PolicyChange::Create { name, columns })
        }
        ast::Stmt::AlterPolicy(alter) => alter_policy(reader, alter)?,
        ast::Stmt::DropPolicy(drop) => {
            let name = reader.require_ident(drop.policy_ref(), drop, "a policy")?;
            let table = table(reader, drop.on_table(), drop)?;
            let change = PolicyChange::Drop {
                name,
                presence: presence(drop.if_exists().as_ref()),
            };
            Change::Policy(table, change)
        }
        _ => return Ok(None),
    }]))
}

fn table(
    reader: &mut Reader<'_>,
    on: Option<ast::OnTable>,
    inside: &impl AstNode,
) -> Result<QualifiedName, ReadError> {
    let on = reader.require(on, inside, "ON table")?;
    reader.require_qualified(on.table_name_ref(), &on, "a table")
}

type Conditions = (
    Option<ast::UsingExprClause>,
    Option<ast::WithCheckExprClause>,
);

/// The columns that USING and WITH CHECK name, each once.
fn condition_columns(
    reader: &mut Reader<'_>,
    (using, with_check): Conditions,
) -> Result<Vec<Ident>, ReadError> {
    let mut columns = Vec::new();
    if let Some(clause) = using {
        columns = reader
            .require_expression(clause.expr(), &clause, "a condition")?
            .columns;
    }
    if let Some(clause) = with_check {
        let more = reader
            .require_expression(clause.expr(), &clause, "a condition")?
            .columns;
        for column in more {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    Ok(columns)
}

fn alter_policy(
    reader: &mut Reader<'_>,
    statement: &ast::AlterPolicy,
) -> Result<Change, ReadError> {
    let name = reader.require_ident(statement.policy_ref(), statement, "a policy")?;
    let table = table(reader, statement.on_table(), statement)?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        ast::AlterPolicyAction::PolicyRenameTo(rename) => PolicyChange::Rename {
            from: name,
            to: new_name(reader, rename.policy(), &rename)?,
        },
        ast::AlterPolicyAction::AlterPolicyTo(alter) => {
            let clauses = (alter.using_expr_clause(), alter.with_check_expr_clause());
            if let ((None, None), None) = (&clauses, alter.policy_roles()) {
                return Err(reader.missing(statement, "TO, USING or WITH CHECK"));
            }
            // Read for the names that are none; the model keeps no conditions.
            condition_columns(reader, clauses)?;
            PolicyChange::Alter { name }
        }
    };
    Ok(Change::Policy(table, change))
}
