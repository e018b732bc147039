//! INSERT, UPDATE, DELETE: which rows, from where.
//!
//! Does not count rows that a query gives, nor those that a conflict clause replaces.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{
    Assignment, Change, DataChange, InsertColumns, InsertSource, QualifiedName, Reach,
};
use sqlite3_parser::ast::{
    DistinctNames, Expr, FromClause, InsertBody, Limit, OneSelect, ResolveType, Select, Set, Stmt,
    With,
};

use super::{
    names,
    split::{Kind, Tokens},
    statement::ReadError,
    uses,
};

/// The changes of a statement that writes rows.
pub(super) fn changes(statement: &Stmt<'_>, sql: &str) -> Result<Vec<Change>, ReadError> {
    match statement {
        Stmt::Insert {
            with,
            or_conflict,
            tbl_name,
            columns,
            body,
            ..
        } => Ok(insert(
            names::qualified(tbl_name),
            &Insert {
                with: with.as_ref(),
                conflict: or_conflict.as_ref(),
                columns: columns.as_ref(),
                body,
                sql,
            },
        )),
        Stmt::Update {
            with,
            tbl_name,
            sets,
            from,
            where_clause,
            limit,
            ..
        } => {
            let table = names::qualified(tbl_name);
            let reads = reads(with.as_ref(), from.as_ref(), where_clause.as_ref(), sets);
            Ok(vec![Change::Data(DataChange::Update {
                reads: without(reads, &table),
                assignments: sets.iter().flat_map(assignments).collect(),
                reach: reach(where_clause.as_ref(), *limit),
                filter: where_clause.as_ref().map(uses::expression),
                table,
            })])
        }
        Stmt::Delete {
            with,
            tbl_name,
            where_clause,
            limit,
            ..
        } => {
            let table = names::qualified(tbl_name);
            let reads = reads(with.as_ref(), None, where_clause.as_ref(), &[]);
            Ok(vec![Change::Data(DataChange::Delete {
                reads: without(reads, &table),
                reach: reach(where_clause.as_ref(), *limit),
                filter: where_clause.as_ref().map(uses::expression),
                table,
            })])
        }
        _ => Err(ReadError::not_modelled("this statement")),
    }
}

/// The parts of an INSERT.
struct Insert<'a, 'b> {
    with: Option<&'a With<'b>>,
    conflict: Option<&'a ResolveType>,
    columns: Option<&'a DistinctNames<'b>>,
    body: &'a InsertBody<'b>,
    sql: &'a str,
}

/// `INSERT OR REPLACE` deletes the rows it conflicts with: how many is not known.
fn insert(table: QualifiedName, parts: &Insert<'_, '_>) -> Vec<Change> {
    let source = match parts.body {
        InsertBody::DefaultValues => InsertSource::Defaults,
        InsertBody::Select(select, _) => source(select, parts),
    };
    let columns = match parts.columns {
        Some(columns) => InsertColumns::Named(names::idents(columns)),
        None => InsertColumns::Positional,
    };
    let mut changes = Vec::new();
    if parts.conflict == Some(&ResolveType::Replace) {
        changes.push(Change::Data(DataChange::Delete {
            table: table.clone(),
            reach: Reach::Unknown,
            filter: None,
            reads: Vec::new(),
        }));
    }
    changes.push(Change::Data(DataChange::Insert {
        table,
        columns,
        source,
        each: None,
    }));
    changes
}

/// Literal rows are counted; everything else is a query, whose text is the statement's.
fn source(select: &Select<'_>, parts: &Insert<'_, '_>) -> InsertSource {
    if let (OneSelect::Values(rows), None, None) =
        (&select.body.select, &select.body.compounds, parts.with)
    {
        return InsertSource::Values { rows: rows.len() };
    }
    let mut query = uses::query(select, query_text(parts.sql));
    let mut uses = uses::Uses::default();
    uses.with(parts.with);
    for relation in uses.relations() {
        if !query.relations.contains(&relation) {
            query.relations.push(relation);
        }
    }
    InsertSource::Query(query)
}

/// The text from the query's first word on; the whole statement where it starts with a WITH of its own.
fn query_text(sql: &str) -> &str {
    let mut depth = 0_usize;
    for (kind, span) in Tokens::new(sql) {
        match kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 => {
                let is_start = ["SELECT", "WITH", "VALUES"]
                    .iter()
                    .any(|word| span.of(sql).eq_ignore_ascii_case(word));
                if is_start {
                    return sql.get(span.start..).unwrap_or(sql);
                }
            }
            Kind::Word | Kind::Quoted | Kind::Semicolon | Kind::Comma | Kind::Sign => {}
        }
    }
    sql
}

fn assignments<'s>(set: &'s Set<'_>) -> impl Iterator<Item = Assignment> + 's {
    set.col_names.iter().map(|column| Assignment {
        column: names::ident(column),
        value: uses::expression(&set.expr),
    })
}

fn reach(filter: Option<&Expr<'_>>, limit: Option<&Limit<'_>>) -> Reach {
    if filter.is_some() || limit.is_some() {
        Reach::Some
    } else {
        Reach::All
    }
}

fn reads(
    with: Option<&With<'_>>,
    from: Option<&FromClause<'_>>,
    filter: Option<&Expr<'_>>,
    sets: &[Set<'_>],
) -> Vec<QualifiedName> {
    let mut uses = uses::Uses::default();
    uses.with(with);
    uses.from(from);
    uses.all(filter);
    uses.all(sets.iter().map(|set| &set.expr));
    uses.relations()
}

fn without(mut relations: Vec<QualifiedName>, table: &QualifiedName) -> Vec<QualifiedName> {
    relations.retain(|relation| relation != table);
    relations
}
