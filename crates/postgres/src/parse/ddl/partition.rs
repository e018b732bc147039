//! How a table is partitioned, and which rows a partition takes.

use segue_model::{IndexKeyPart, PartitionBound, PartitionStrategy, Partitioning};
use squawk_syntax::ast;

use super::{clause::non_empty, index::key};
use crate::parse::reader::{ReadError, Reader};

/// PARTITION BY.
pub(super) fn partitioning(
    reader: &mut Reader<'_>,
    clause: &ast::PartitionBy,
) -> Result<Partitioning, ReadError> {
    let strategy = reader.require(clause.partition_strategy(), clause, "a strategy")?;
    let strategy = match reader.verbatim(&strategy).to_ascii_lowercase().as_str() {
        "range" => PartitionStrategy::Range,
        "list" => PartitionStrategy::List,
        "hash" => PartitionStrategy::Hash,
        _ => return Err(reader.missing(&strategy, "RANGE, LIST or HASH")),
    };
    let list = reader.require(clause.partition_item_list(), clause, "a partition key")?;
    let mut columns = Vec::new();
    let mut expressions = Vec::new();
    for item in list.partition_items() {
        let written = reader.require(item.expr(), &item, "a partition key")?;
        match key(reader, &written)?.part {
            IndexKeyPart::Column(column) => columns.push(column),
            IndexKeyPart::Expression(expression) => expressions.push(expression),
        }
    }
    if columns.is_empty() && expressions.is_empty() {
        return Err(reader.missing(&list, "a partition key"));
    }
    Ok(Partitioning {
        strategy,
        columns,
        expressions,
    })
}

/// FOR VALUES … or DEFAULT.
pub(super) fn bound(
    reader: &mut Reader<'_>,
    values: &ast::PartitionType,
) -> Result<PartitionBound, ReadError> {
    match values {
        ast::PartitionType::PartitionDefault(_) => Ok(PartitionBound::Default),
        ast::PartitionType::PartitionForValuesFrom(clause) => {
            let from = reader.require(clause.from(), clause, "FROM")?;
            let to = reader.require(clause.to(), clause, "TO")?;
            let lower = written(reader, from.exprs());
            let upper = written(reader, to.exprs());
            Ok(PartitionBound::Range {
                from: non_empty(reader, lower, &from, "values")?,
                to: non_empty(reader, upper, &to, "values")?,
            })
        }
        ast::PartitionType::PartitionForValuesIn(clause) => {
            let values = written(reader, clause.exprs());
            Ok(PartitionBound::List(non_empty(
                reader, values, clause, "values",
            )?))
        }
        ast::PartitionType::PartitionForValuesWith(clause) => hash(reader, clause),
    }
}

fn written(reader: &Reader<'_>, values: impl Iterator<Item = ast::Expr>) -> Vec<String> {
    values.map(|value| reader.verbatim(&value)).collect()
}

fn hash(
    reader: &Reader<'_>,
    clause: &ast::PartitionForValuesWith,
) -> Result<PartitionBound, ReadError> {
    let (mut modulus, mut remainder) = (None, None);
    for bound in clause.bounds() {
        let name = reader.require(bound.ident_token(), &bound, "MODULUS or REMAINDER")?;
        let literal = reader.require(bound.literal(), &bound, "a number")?;
        let number = reader.verbatim(&literal).parse::<u32>().ok();
        let number = reader.require(number, &literal, "a number")?;
        match name.text().to_ascii_lowercase().as_str() {
            "modulus" => modulus = Some(number),
            "remainder" => remainder = Some(number),
            _ => return Err(reader.missing(&bound, "MODULUS or REMAINDER")),
        }
    }
    Ok(PartitionBound::Hash {
        modulus: reader.require(modulus, clause, "MODULUS")?,
        remainder: reader.require(remainder, clause, "REMAINDER")?,
    })
}
