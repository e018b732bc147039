//! CREATE INDEX, CREATE VIEW, CREATE TRIGGER, and the text of the queries inside.
//!
//! Does not follow the body of a trigger beyond the columns of its own table that it names.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{
    Build, Change, ChosenName, Direction, Ident, IndexChange, IndexDefinition, IndexKey,
    IndexKeyPart, NullsOrder, Presence, QualifiedName, Scope, Target, TriggerChange,
    TriggerDefinition, TriggerEvent, Uniqueness, ViewChange, ViewDefinition, ViewKind,
};
use sqlite3_parser::ast::{self, Expr, SortOrder, SortedColumn, Stmt, TriggerCmd, TriggerTime};

use super::{
    names,
    split::{Kind, Tokens},
    statement::ReadError,
    table, uses,
};

/// `IF [NOT] EXISTS` as written.
pub(super) fn presence(clause: impl Into<bool>) -> Presence {
    if clause.into() {
        Presence::Lenient
    } else {
        Presence::Required
    }
}

/// The text after the first AS that stands in no parentheses: the query of a view or of CREATE TABLE … AS.
///
/// # Errors
/// There is none: nothing is made up.
pub(super) fn after_as(sql: &str) -> Result<&str, ReadError> {
    let mut depth = 0_usize;
    for (kind, span) in Tokens::new(sql) {
        match kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 && span.of(sql).eq_ignore_ascii_case("AS") => {
                return Ok(sql.get(span.end..).unwrap_or_default().trim());
            }
            Kind::Word | Kind::Quoted | Kind::Semicolon | Kind::Comma | Kind::Sign => {}
        }
    }
    Err(ReadError::not_modelled("a query without AS"))
}

/// CREATE INDEX.
pub(super) fn index(statement: &Stmt<'_>) -> Result<Change, ReadError> {
    let Stmt::CreateIndex {
        unique,
        if_not_exists,
        idx_name,
        tbl_name,
        columns,
        where_clause,
    } = statement
    else {
        return Err(ReadError::not_modelled("this statement"));
    };
    let name = names::qualified(idx_name);
    let index = IndexDefinition {
        table: name.sibling(names::ident(tbl_name)),
        name: ChosenName::Given(name.name),
        scope: Scope::WithDescendants,
        method: Ident::from("btree"),
        keys: columns.iter().map(key).collect(),
        include: Vec::new(),
        uniqueness: if *unique {
            Uniqueness::Unique
        } else {
            Uniqueness::NotUnique
        },
        predicate: where_clause.as_ref().map(uses::expression),
        parameters: Vec::new(),
        tablespace: None,
    };
    Ok(Change::Index(IndexChange::Create {
        index,
        build: Build::Blocking,
        presence: presence(*if_not_exists),
    }))
}

fn key(column: &SortedColumn<'_>) -> IndexKey {
    let (expr, collation) = match &column.expr {
        Expr::Collate(inner, name) => (*inner, Some(table::collation(&ast::Name(name)))),
        other => (other, None),
    };
    let part = match expr {
        Expr::Id(id) => IndexKeyPart::Column(names::unquoted(id.0)),
        Expr::Name(name) => IndexKeyPart::Column(names::ident(name)),
        other => IndexKeyPart::Expression(uses::expression(other)),
    };
    IndexKey {
        part,
        collation,
        operator_class: None,
        direction: if column.order == Some(SortOrder::Desc) {
            Direction::Descending
        } else {
            Direction::Ascending
        },
        nulls: match column.nulls {
            Some(ast::NullsOrder::First) => NullsOrder::First,
            Some(ast::NullsOrder::Last) => NullsOrder::Last,
            None => NullsOrder::Default,
        },
    }
}

/// CREATE VIEW.
pub(super) fn view(statement: &Stmt<'_>, sql: &str) -> Result<Change, ReadError> {
    let Stmt::CreateView {
        temporary,
        if_not_exists,
        view_name,
        columns,
        select,
    } = statement
    else {
        return Err(ReadError::not_modelled("this statement"));
    };
    let definition = ViewDefinition {
        kind: ViewKind::View,
        query: uses::query(select, after_as(sql)?),
        columns: columns
            .unwrap_or_default()
            .iter()
            .map(|column| names::ident(&column.col_name))
            .collect(),
        parameters: Vec::new(),
    };
    let database = if *temporary { names::TEMP } else { names::MAIN };
    let mut target = Target::required(names::qualified_in(view_name, database));
    target.presence = presence(*if_not_exists);
    Ok(Change::View(target, ViewChange::Create(definition)))
}

/// CREATE TRIGGER. The function of the model is the trigger itself: its body has no other name.
pub(super) fn trigger(statement: &Stmt<'_>) -> Result<Change, ReadError> {
    let Stmt::CreateTrigger {
        temporary,
        trigger_name,
        time,
        event,
        tbl_name,
        when_clause,
        commands,
        ..
    } = statement
    else {
        return Err(ReadError::not_modelled("this statement"));
    };
    let database = if *temporary { names::TEMP } else { names::MAIN };
    let name = names::qualified_in(trigger_name, database);
    let (events, update_of) = match event {
        ast::TriggerEvent::Delete => (TriggerEvent::Delete, Vec::new()),
        ast::TriggerEvent::Insert => (TriggerEvent::Insert, Vec::new()),
        ast::TriggerEvent::Update => (TriggerEvent::Update, Vec::new()),
        ast::TriggerEvent::UpdateOf(columns) => (TriggerEvent::Update, names::idents(columns)),
    };
    let mut named = uses::Uses::default();
    named.all(when_clause);
    for command in *commands {
        command_uses(command, &mut named);
    }
    let on: QualifiedName = if *temporary && tbl_name.db_name.is_none() {
        names::qualified(tbl_name)
    } else {
        names::qualified_in(tbl_name, name.namespace.as_str())
    };
    let definition = TriggerDefinition {
        name: name.name.clone(),
        events: vec![events],
        update_of,
        when_columns: named.of_the_row(),
        function: name,
        from: None,
        timing: match time {
            Some(TriggerTime::Before) | None => "before",
            Some(TriggerTime::After) => "after",
            Some(TriggerTime::InsteadOf) => "instead of",
        }
        .to_owned(),
    };
    Ok(Change::Trigger(on, TriggerChange::Create(definition)))
}

fn command_uses(command: &TriggerCmd<'_>, named: &mut uses::Uses) {
    match command {
        TriggerCmd::Update {
            sets,
            from,
            where_clause,
            ..
        } => {
            named.all(sets.iter().map(|set| &set.expr));
            named.from(from.as_ref());
            named.all(where_clause);
        }
        TriggerCmd::Insert { select, .. } => named.select(select),
        TriggerCmd::Delete { where_clause, .. } => named.all(where_clause),
        TriggerCmd::Select(select) => named.select(select),
    }
}
