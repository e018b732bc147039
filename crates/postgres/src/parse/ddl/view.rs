//! CREATE, ALTER and DROP VIEW and MATERIALIZED VIEW. REFRESH is upkeep and read elsewhere.

use segue_model::{
    Change, Ident, Parameter, Persistence, Presence, Query, Target, ViewChange, ViewDefinition,
    ViewKind,
};
use squawk_syntax::ast;

use super::{
    Answer,
    alter_table::rename_column,
    clause::{
        new_name, new_namespace, non_empty, owner, parameters, presence, reaction, target,
        with_parameters,
    },
    table::{made_relation, read_persistence, rename_output},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateView(create) => vec![create_view(reader, create)?],
        ast::Stmt::CreateMaterializedView(create) => vec![create_materialized(reader, create)?],
        ast::Stmt::AlterView(alter) => vec![alter_view(reader, alter)?],
        ast::Stmt::AlterMaterializedView(alter) => alter_materialized(reader, alter)?,
        ast::Stmt::DropView(drop) => {
            let change = ViewChange::Drop {
                kind: ViewKind::View,
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let presence = presence(drop.if_exists().as_ref());
            let changes = drop_views(reader, drop.view_refs(), presence, &change)?;
            non_empty(reader, changes, drop, "a view")?
        }
        ast::Stmt::DropMaterializedView(drop) => {
            let change = ViewChange::Drop {
                kind: ViewKind::Materialized,
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let presence = presence(drop.if_exists().as_ref());
            let changes = drop_views(reader, drop.view_refs(), presence, &change)?;
            non_empty(reader, changes, drop, "a materialized view")?
        }
        _ => return Ok(None),
    }))
}

fn drop_views(
    reader: &mut Reader<'_>,
    names: impl Iterator<Item = ast::ViewRef>,
    presence: Presence,
    change: &ViewChange,
) -> Result<Vec<Change>, ReadError> {
    let mut changes = Vec::new();
    for name in names {
        let name = reader.qualified(&name)?;
        reader.dropped(&name);
        changes.push(Change::View(target(name, presence), change.clone()));
    }
    Ok(changes)
}

fn create_view(reader: &mut Reader<'_>, statement: &ast::CreateView) -> Result<Change, ReadError> {
    let mut query = reader.require_query(statement.query(), statement)?;
    let persistence = read_persistence(statement.persistence().as_ref());
    let name = made_relation(reader, statement.view(), persistence, statement)?;
    if statement.recursive_token().is_some() {
        query.relations.retain(|relation| relation != &name);
    }
    let columns = listed(reader, statement.column_list())?;
    rename_output(&mut query, columns.clone());
    let mut parameters = with_parameters(reader, statement.with_params())?;
    parameters.extend(check_option(statement));
    let definition = ViewDefinition {
        kind: ViewKind::View,
        query,
        columns,
        parameters,
    };
    let change = match statement.or_replace() {
        Some(_) => ViewChange::Replace(definition),
        None => ViewChange::Create(definition),
    };
    Ok(Change::View(Target::required(name), change))
}

/// The server keeps WITH CHECK OPTION among the view's options, so does the model.
fn check_option(statement: &ast::CreateView) -> Option<Parameter> {
    let level = match statement.with_check_option()?.check_option_level() {
        Some(ast::CheckOptionLevel::LocalCheckOption(_)) => "local",
        Some(ast::CheckOptionLevel::CascadedCheckOption(_)) | None => "cascaded",
    };
    Some(Parameter {
        name: Ident::from("check_option"),
        value: Some(level.to_owned()),
    })
}

fn listed(reader: &mut Reader<'_>, list: Option<ast::ColumnList>) -> Result<Vec<Ident>, ReadError> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let columns = list
        .column_names()
        .map(|column| reader.new_ident(&column))
        .collect::<Result<Vec<_>, _>>()?;
    non_empty(reader, columns, &list, "columns")
}

fn create_materialized(
    reader: &mut Reader<'_>,
    statement: &ast::CreateMaterializedView,
) -> Result<Change, ReadError> {
    let mut query: Query = reader.require_query(statement.query(), statement)?;
    let name = made_relation(reader, statement.view(), Persistence::Permanent, statement)?;
    let columns = listed(reader, statement.column_list())?;
    rename_output(&mut query, columns.clone());
    let definition = ViewDefinition {
        kind: ViewKind::Materialized,
        query,
        columns,
        parameters: with_parameters(reader, statement.with_params())?,
    };
    let presence = presence(statement.if_not_exists().as_ref());
    Ok(Change::View(
        target(name, presence),
        ViewChange::Create(definition),
    ))
}

fn alter_view(reader: &mut Reader<'_>, statement: &ast::AlterView) -> Result<Change, ReadError> {
    let name = reader.require_qualified(statement.view_ref(), statement, "a view")?;
    let target = target(name, presence(statement.if_exists().as_ref()));
    let change = match reader.require(statement.action(), statement, "an action")? {
        ast::AlterViewAction::ViewRenameTo(rename) => ViewChange::Rename {
            kind: ViewKind::View,
            to: new_name(reader, rename.view(), &rename)?,
        },
        ast::AlterViewAction::RenameColumn(rename) => {
            let (from, to) = rename_column(reader, &rename)?;
            ViewChange::RenameColumn { from, to }
        }
        ast::AlterViewAction::SetSchema(set) => {
            ViewChange::SetNamespace(new_namespace(reader, &set)?)
        }
        ast::AlterViewAction::OwnerTo(clause) => ViewChange::SetOwner(owner(reader, &clause)?),
        ast::AlterViewAction::AlterViewColumn(alter) => {
            reader.require(
                alter.alter_view_column_action(),
                &alter,
                "SET or DROP DEFAULT",
            )?;
            let column = reader.require_ident(alter.name(), &alter, "a column")?;
            ViewChange::SetColumnDefault(column)
        }
        ast::AlterViewAction::SetOptions(set) => {
            ViewChange::SetParameters(parameters(reader, set.attribute_list(), &set)?)
        }
        ast::AlterViewAction::ResetOptions(reset) => {
            ViewChange::SetParameters(parameters(reader, reset.attribute_list(), &reset)?)
        }
    };
    Ok(Change::View(target, change))
}

fn alter_materialized(
    reader: &mut Reader<'_>,
    statement: &ast::AlterMaterializedView,
) -> Result<Vec<Change>, ReadError> {
    if let Some(all) = statement.all_in_tablespace() {
        return Err(reader.not_modelled(&all, "ALL IN TABLESPACE"));
    }
    let name = reader.require_qualified(statement.view_ref(), statement, "a view")?;
    let target = target(name, presence(statement.if_exists().as_ref()));
    let mut changes = Vec::new();
    for action in statement.action() {
        let change = alter_materialized_action(reader, &action)?;
        changes.push(Change::View(target.clone(), change));
    }
    non_empty(reader, changes, statement, "an action")
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: what is not listed is an error"
)]
fn alter_materialized_action(
    reader: &mut Reader<'_>,
    action: &ast::AlterMaterializedViewAction,
) -> Result<ViewChange, ReadError> {
    use ast::{AlterMaterializedViewAction as Action, AlterTableAction as OfTable};
    Ok(match action {
        Action::ViewRenameTo(rename) => ViewChange::Rename {
            kind: ViewKind::Materialized,
            to: new_name(reader, rename.view(), rename)?,
        },
        Action::AlterTableAction(OfTable::TableRenameTo(rename)) => ViewChange::Rename {
            kind: ViewKind::Materialized,
            to: new_name(reader, rename.table_name(), rename)?,
        },
        Action::RenameColumn(rename) | Action::AlterTableAction(OfTable::RenameColumn(rename)) => {
            let (from, to) = rename_column(reader, rename)?;
            ViewChange::RenameColumn { from, to }
        }
        Action::SetSchema(set) | Action::AlterTableAction(OfTable::SetSchema(set)) => {
            ViewChange::SetNamespace(new_namespace(reader, set)?)
        }
        Action::AlterTableAction(OfTable::OwnerTo(clause)) => {
            ViewChange::SetOwner(owner(reader, clause)?)
        }
        Action::AlterTableAction(OfTable::SetOptions(set)) => {
            ViewChange::SetParameters(parameters(reader, set.attribute_list(), set)?)
        }
        Action::AlterTableAction(OfTable::ResetOptions(reset)) => {
            ViewChange::SetParameters(parameters(reader, reset.attribute_list(), reset)?)
        }
        _ => return Err(reader.not_modelled(action, "this form of ALTER MATERIALIZED VIEW")),
    })
}
