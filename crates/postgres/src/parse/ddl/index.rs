//! CREATE, ALTER and DROP INDEX. REINDEX is upkeep and read elsewhere.

use segue_model::{
    Change, ChosenName, Direction, Ident, IndexChange, IndexDefinition, IndexKey, IndexKeyPart,
    NullsOrder, QualifiedName, RenameSpelling, Uniqueness,
};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{
        build, collation, new_name, non_empty, operator_class, parameters, presence, reaction,
        table_and_scope, with_parameters,
    },
    generated_name::{distinct, for_parts, key_name},
    table::tablespace,
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateIndex(create) => vec![create_index(reader, create)?],
        ast::Stmt::AlterIndex(alter) => vec![alter_index(reader, alter)?],
        ast::Stmt::DropIndex(drop) => drop_index(reader, drop)?,
        _ => return Ok(None),
    }))
}

fn create_index(
    reader: &mut Reader<'_>,
    statement: &ast::CreateIndex,
) -> Result<Change, ReadError> {
    let (table, scope) = table_and_scope(reader, statement.table_relation_name(), statement)?;
    let method = match statement.using_method() {
        Some(clause) => reader.require_ident(clause.access_method_ref(), &clause, "a method")?,
        None => Ident::from("btree"),
    };
    let (keys, mut names) = keys(reader, statement)?;
    let include = include(reader, statement.index_include_clause())?;
    names.extend(include.iter().map(|column| column.as_str().to_owned()));
    let name = if let Some(name) = statement.index() {
        ChosenName::Given(index_name(reader, &name, &table)?)
    } else {
        let names = distinct(names.iter().map(String::as_str));
        for_parts(&table.name, names.iter().map(String::as_str), "idx")
    };
    let predicate = match statement.where_clause() {
        Some(clause) => {
            let condition = reader.require(clause.expr(), &clause, "a condition")?;
            Some(reader.expression(&condition)?)
        }
        None => None,
    };
    let index = IndexDefinition {
        name,
        table,
        scope,
        method,
        keys,
        include,
        uniqueness: uniqueness(statement),
        predicate,
        parameters: with_parameters(reader, statement.with_params())?,
        tablespace: tablespace(reader, statement.tablespace_clause())?,
    };
    Ok(Change::Index(IndexChange::Create {
        index,
        build: build(statement.concurrently_token().as_ref()),
        presence: presence(statement.if_not_exists().as_ref()),
    }))
}

/// An index lives beside its table; the server accepts no other namespace in its name.
fn index_name(
    reader: &mut Reader<'_>,
    name: &ast::Index,
    table: &QualifiedName,
) -> Result<Ident, ReadError> {
    let segments = reader.segments(name.syntax(), crate::parse::reader::NameRole::New)?;
    match segments.as_slice() {
        [name] => Ok(name.clone()),
        [namespace, name] if namespace == &table.namespace => Ok(name.clone()),
        _ => Err(reader.missing(name, "an index's name without a schema")),
    }
}

fn uniqueness(statement: &ast::CreateIndex) -> Uniqueness {
    if statement.unique_token().is_none() {
        return Uniqueness::NotUnique;
    }
    match statement.nulls_distinct_option() {
        Some(ast::NullsDistinctOption::NullsNotDistinct(_)) => Uniqueness::UniqueNullsEqual,
        Some(ast::NullsDistinctOption::NullsDistinct(_)) | None => Uniqueness::Unique,
    }
}

/// The key, and what its parts are called in the index's name.
fn keys(
    reader: &mut Reader<'_>,
    statement: &ast::CreateIndex,
) -> Result<(Vec<IndexKey>, Vec<String>), ReadError> {
    let list = reader.require(statement.partition_item_list(), statement, "a key")?;
    let mut keys = Vec::new();
    let mut names = Vec::new();
    for item in list.partition_items() {
        let written = reader.require(item.expr(), &item, "a key")?;
        let mut key = key(reader, &written)?;
        names.push(key_name(&key.part, &written));
        key.operator_class = operator_class(reader, item.op_class_ref())?;
        if let Some(options) = item.attribute_list() {
            return Err(reader.not_modelled(&options, "an operator class with options"));
        }
        key.direction = match item.sort_order() {
            Some(ast::SortOrder::SortDesc(_)) => Direction::Descending,
            Some(ast::SortOrder::SortAsc(_)) | None => Direction::Ascending,
            Some(ast::SortOrder::SortUsing(using)) => {
                return Err(reader.missing(&using, "ASC or DESC"));
            }
        };
        key.nulls = match item.nulls_order() {
            Some(ast::NullsOrder::NullsFirst(_)) => NullsOrder::First,
            Some(ast::NullsOrder::NullsLast(_)) => NullsOrder::Last,
            None => NullsOrder::Default,
        };
        keys.push(key);
    }
    Ok((non_empty(reader, keys, &list, "a key")?, names))
}

/// One part of a key: a column where it is one, however many parentheses stand around it.
pub(super) fn key(reader: &mut Reader<'_>, written: &ast::Expr) -> Result<IndexKey, ReadError> {
    let mut written = written.clone();
    let mut collate = None;
    // `a COLLATE "C"` is an expression for the parser, a column with a collation for the server.
    if let ast::Expr::Collate(clause) = &written {
        let inner = reader.require(clause.expr(), clause, "a key")?;
        collate = Some(clause.clone());
        written = inner;
    }
    let part = match bare_column(&written) {
        Some(column) => IndexKeyPart::Column(reader.ident(&column)?),
        None => IndexKeyPart::Expression(reader.expression(&written)?),
    };
    Ok(IndexKey {
        part,
        collation: collation(reader, collate)?,
        operator_class: None,
        direction: Direction::Ascending,
        nulls: NullsOrder::Default,
    })
}

fn bare_column(written: &ast::Expr) -> Option<ast::NameRef> {
    let mut node = written.syntax().clone();
    while let Some(paren) = ast::ParenExpr::cast(node.clone()) {
        node = paren.expr()?.syntax().clone();
    }
    ast::NameRef::cast(node)
}

fn include(
    reader: &mut Reader<'_>,
    clause: Option<ast::IndexIncludeClause>,
) -> Result<Vec<Ident>, ReadError> {
    let Some(clause) = clause else {
        return Ok(Vec::new());
    };
    let list = reader.require(clause.partition_item_list(), &clause, "columns")?;
    let mut columns = Vec::new();
    for item in list.partition_items() {
        let written = reader.require(item.expr(), &item, "a column")?;
        let column = reader.require(bare_column(&written), &item, "a column")?;
        columns.push(reader.ident(&column)?);
    }
    non_empty(reader, columns, &list, "columns")
}

fn drop_index(
    reader: &mut Reader<'_>,
    statement: &ast::DropIndex,
) -> Result<Vec<Change>, ReadError> {
    let build = build(statement.concurrently_token().as_ref());
    let presence = presence(statement.if_exists().as_ref());
    let reaction = reaction(statement.drop_behavior().as_ref());
    let mut changes = Vec::new();
    for name in statement.index_refs() {
        changes.push(Change::Index(IndexChange::Drop {
            name: reader.qualified(&name)?,
            build,
            presence,
            reaction,
        }));
    }
    non_empty(reader, changes, statement, "an index")
}

fn alter_index(reader: &mut Reader<'_>, statement: &ast::AlterIndex) -> Result<Change, ReadError> {
    if let Some(all) = statement.all_in_tablespace() {
        return Err(reader.not_modelled(&all, "ALL IN TABLESPACE"));
    }
    let name = reader.require_qualified(statement.index_ref(), statement, "an index")?;
    let presence = presence(statement.if_exists().as_ref());
    let change = match reader.require(statement.action(), statement, "an action")? {
        ast::AlterIndexAction::IndexRenameTo(rename) => IndexChange::Rename {
            from: name,
            to: new_name(reader, rename.index(), &rename)?,
            presence,
            spelled: RenameSpelling::AlterIndex,
        },
        ast::AlterIndexAction::SetOptions(set) => IndexChange::SetParameters {
            name,
            parameters: parameters(reader, set.attribute_list(), &set)?,
        },
        ast::AlterIndexAction::ResetOptions(reset) => IndexChange::SetParameters {
            name,
            parameters: parameters(reader, reset.attribute_list(), &reset)?,
        },
        ast::AlterIndexAction::SetTablespace(set) => IndexChange::SetTablespace {
            name,
            tablespace: reader.require_ident(set.tablespace_ref(), &set, "a tablespace")?,
        },
        ast::AlterIndexAction::AttachIndexPartition(attach) => IndexChange::AttachPartition {
            parent: name,
            child: reader.require_qualified(attach.index_ref(), &attach, "an index")?,
        },
        ast::AlterIndexAction::DependsOnExtension(depends) => {
            reader.require(depends.extension_ref(), &depends, "an extension")?;
            IndexChange::DependsOnExtension(name)
        }
        ast::AlterIndexAction::NoDependsOnExtension(depends) => {
            return Err(reader.not_modelled(&depends, "NO DEPENDS ON EXTENSION"));
        }
        ast::AlterIndexAction::AlterSetStatistics(alter) => {
            if let Some(options) = alter.set_options() {
                return Err(reader.not_modelled(&options, "options of an index's column"));
            }
            reader.require(alter.set_statistics(), &alter, "SET STATISTICS")?;
            IndexChange::SetStatistics(name)
        }
    };
    Ok(Change::Index(change))
}
