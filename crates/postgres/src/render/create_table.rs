//! CREATE TABLE: columns, constraints, LIKE, PARTITION OF, PARTITION BY.

use segue_model::{
    Inheritance, LikeSource, PartitionBound, PartitionStrategy, Partitioning, Persistence, Sql,
    TableDefinition, Target,
};

use super::{Rendered, column, constraint, if_not_exists, refused};

/// CREATE TABLE.
pub(super) fn create_table(target: &Target, table: &TableDefinition) -> Rendered {
    if table.server.is_some() {
        return Err(refused("a foreign table"));
    }
    let mut sql = Sql::literal(match table.persistence {
        Persistence::Permanent => "CREATE TABLE ",
        Persistence::Unlogged => "CREATE UNLOGGED TABLE ",
        Persistence::Temporary => "CREATE TEMPORARY TABLE ",
    });
    sql = if_not_exists(sql, target.presence);
    sql = match table.persistence {
        Persistence::Temporary => sql.ident(&target.name.name),
        Persistence::Permanent | Persistence::Unlogged => sql.name(&target.name),
    };
    sql = match &table.inheritance {
        Inheritance::None => elements(sql.text(" "), table)?,
        Inheritance::Inherits(parents) => elements(sql.text(" "), table)?
            .text(" INHERITS (")
            .list(parents, ", ", Sql::name)
            .text(")"),
        Inheritance::PartitionOf { .. } | Inheritance::OfType(_) if has_elements(table) => {
            return Err(refused(
                "a partition or typed table with elements of its own",
            ));
        }
        Inheritance::PartitionOf { parent, bound: of } => {
            bound(sql.text(" PARTITION OF ").name(parent).text(" "), of)
        }
        Inheritance::OfType(name) => sql.text(" OF ").name(name),
    };
    sql = tail(sql, table);
    Ok(match &table.query {
        Some(query) => sql.text(" AS ").verbatim(&query.text),
        None => sql,
    })
}

fn has_elements(table: &TableDefinition) -> bool {
    !(table.columns.is_empty() && table.constraints.is_empty() && table.like.is_empty())
}

fn elements(sql: Sql, table: &TableDefinition) -> Rendered {
    if table.query.is_some() {
        return if has_elements(table) {
            Err(refused("a table from a query with elements of its own"))
        } else {
            Ok(sql)
        };
    }
    let mut sql = sql.text("(");
    let mut separator = "";
    for column in &table.columns {
        sql = column::definition(sql.text(separator), column, &[])?;
        separator = ", ";
    }
    for source in &table.like {
        sql = like(sql.text(separator), source)?;
        separator = ", ";
    }
    for constraint in &table.constraints {
        sql = constraint::of_table(sql.text(separator), constraint)?;
        separator = ", ";
    }
    Ok(sql.text(")"))
}

fn like(sql: Sql, source: &LikeSource) -> Rendered {
    let mut sql = sql.text("LIKE ").name(&source.table);
    for option in &source.including {
        let words = match option.as_str() {
            "all" => " INCLUDING ALL",
            "comments" => " INCLUDING COMMENTS",
            "compression" => " INCLUDING COMPRESSION",
            "constraints" => " INCLUDING CONSTRAINTS",
            "defaults" => " INCLUDING DEFAULTS",
            "generated" => " INCLUDING GENERATED",
            "identity" => " INCLUDING IDENTITY",
            "indexes" => " INCLUDING INDEXES",
            "statistics" => " INCLUDING STATISTICS",
            "storage" => " INCLUDING STORAGE",
            _ => return Err(refused("an option of LIKE that is not known")),
        };
        sql = sql.text(words);
    }
    Ok(sql)
}

fn tail(mut sql: Sql, table: &TableDefinition) -> Sql {
    if let Some(by) = &table.partitioning {
        sql = partition_by(sql, by);
    }
    if !table.parameters.is_empty() {
        sql = column::parameters(sql.text(" WITH "), &table.parameters);
    }
    match &table.tablespace {
        Some(name) => sql.text(" TABLESPACE ").ident(name),
        None => sql,
    }
}

fn partition_by(sql: Sql, by: &Partitioning) -> Sql {
    let mut sql = sql.text(match by.strategy {
        PartitionStrategy::Range => " PARTITION BY RANGE (",
        PartitionStrategy::List => " PARTITION BY LIST (",
        PartitionStrategy::Hash => " PARTITION BY HASH (",
    });
    sql = sql.list(&by.columns, ", ", Sql::ident);
    if !by.columns.is_empty() && !by.expressions.is_empty() {
        sql = sql.text(", ");
    }
    sql.list(&by.expressions, ", ", |sql, expression| {
        sql.text("(").verbatim(&expression.text).text(")")
    })
    .text(")")
}

/// Appends `FOR VALUES …` or `DEFAULT`.
pub(super) fn bound(sql: Sql, bound: &PartitionBound) -> Sql {
    let value = |sql: Sql, value: &String| sql.verbatim(value);
    match bound {
        PartitionBound::Range { from, to } => sql
            .text("FOR VALUES FROM (")
            .list(from, ", ", value)
            .text(") TO (")
            .list(to, ", ", value)
            .text(")"),
        PartitionBound::List(values) => sql
            .text("FOR VALUES IN (")
            .list(values, ", ", value)
            .text(")"),
        PartitionBound::Hash { modulus, remainder } => sql
            .text("FOR VALUES WITH (MODULUS ")
            .number(i64::from(*modulus))
            .text(", REMAINDER ")
            .number(i64::from(*remainder))
            .text(")"),
        PartitionBound::Default => sql.text("DEFAULT"),
    }
}
