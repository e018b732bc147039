//! CREATE, ALTER and DROP STATISTICS.

use segue_model::{Change, Ident, IndexKeyPart, QualifiedName, StatisticsChange};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{made, new_name, new_namespace, non_empty, owner, presence},
    generated_name::for_parts,
    index::key,
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateStatistics(create) => vec![create_statistics(reader, create)?],
        ast::Stmt::AlterStatistics(alter) => {
            let name = alter.statistics_ref();
            let name = reader.require_qualified(name, alter, "statistics")?;
            match reader.require(alter.action(), alter, "an action")? {
                ast::AlterStatisticsAction::OwnerTo(clause) => {
                    owner(reader, &clause)?;
                }
                ast::AlterStatisticsAction::SetSchema(set) => {
                    new_namespace(reader, &set)?;
                }
                ast::AlterStatisticsAction::StatisticsRenameTo(rename) => {
                    new_name(reader, rename.statistics(), &rename)?;
                }
                ast::AlterStatisticsAction::SetStatistics(_) => {}
            }
            vec![Change::Statistics(name, StatisticsChange::Alter)]
        }
        ast::Stmt::DropStatistics(drop) => {
            let change = StatisticsChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
            };
            let mut changes = Vec::new();
            for name in drop.statistics_refs() {
                changes.push(Change::Statistics(reader.qualified(&name)?, change.clone()));
            }
            non_empty(reader, changes, drop, "statistics")?
        }
        _ => return Ok(None),
    }))
}

fn create_statistics(
    reader: &mut Reader<'_>,
    statement: &ast::CreateStatistics,
) -> Result<Change, ReadError> {
    let from = reader.require(statement.from_table(), statement, "FROM table")?;
    let table = reader.require_qualified(from.table_name_ref(), &from, "a table")?;
    let on = reader.require(statement.statistics_on_clause(), statement, "ON columns")?;
    let mut columns: Vec<Ident> = Vec::new();
    let mut parts = Vec::new();
    for written in on.exprs() {
        match key(reader, &written)?.part {
            IndexKeyPart::Column(column) => {
                parts.push(column.as_str().to_owned());
                columns.push(column);
            }
            IndexKeyPart::Expression(expression) => {
                reader.since(&written, "statistics on an expression", 14);
                parts.push("expr".to_owned());
                columns.extend(expression.columns);
            }
        }
    }
    let parts = non_empty(reader, parts, &on, "columns")?;
    let name = if let Some(name) = statement.statistics() {
        made(reader, Some(name), statement)?
    } else {
        reader.since(statement, "statistics without a name", 16);
        generated(&table, &parts)
    };
    let change = StatisticsChange::Create {
        table,
        columns,
        presence: presence(statement.if_not_exists().as_ref()),
    };
    Ok(Change::Statistics(name, change))
}

fn generated(table: &QualifiedName, parts: &[String]) -> QualifiedName {
    let name = for_parts(&table.name, parts.iter().map(String::as_str), "stat");
    table.sibling(name.ident().clone())
}
