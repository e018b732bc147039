//! One statement of the tree to its changes: which file reads which kind of statement.
//!
//! A statement that nobody reads is `NotModelled`, never passed over. DROP TRIGGER names no table, which the model needs:
//! it is named and not modelled.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{
    Build, Change, DataChange, Ident, IndexChange, MaintenanceChange, OtherObject, Reaction,
    ReindexScope, SessionChange, SettingScope, TableChange, Target, TransactionChange, VacuumMode,
    ViewChange, ViewKind,
};
use sqlite3_parser::ast::{Cmd, CreateTableBody, Expr, Literal, Name, PragmaBody, Stmt};

use super::{
    data, definition,
    definition::{after_as, presence},
    names,
    statement::ReadError,
    table, uses,
};

/// The changes of one statement.
///
/// # Errors
/// Something valid is not modelled.
pub(super) fn changes(command: &Cmd<'_>, sql: &str) -> Result<Vec<Change>, ReadError> {
    let statement = match command {
        Cmd::Explain(_) | Cmd::ExplainQueryPlan(_) => return Ok(vec![nothing("EXPLAIN")]),
        Cmd::Stmt(statement) => statement,
    };
    match statement {
        Stmt::Insert { .. } | Stmt::Update { .. } | Stmt::Delete { .. } => {
            data::changes(statement, sql)
        }
        Stmt::Select(select) => Ok(vec![Change::Data(DataChange::Select(uses::query(
            select, sql,
        )))]),
        _ => one(statement, sql).map(|change| vec![change]),
    }
}

fn one(statement: &Stmt<'_>, sql: &str) -> Result<Change, ReadError> {
    Ok(match statement {
        Stmt::AlterTable(name, body) => table::alter(names::qualified(name), body)?,
        Stmt::CreateTable {
            temporary,
            if_not_exists,
            tbl_name,
            body,
        } => {
            let database = if *temporary { names::TEMP } else { names::MAIN };
            let name = names::qualified_in(tbl_name, database);
            let mut target = Target::required(name);
            target.presence = presence(*if_not_exists);
            create_table(target, body, sql)?
        }
        Stmt::CreateIndex { .. } => definition::index(statement)?,
        Stmt::CreateView { .. } => definition::view(statement, sql)?,
        Stmt::CreateTrigger { .. } => definition::trigger(statement)?,
        Stmt::CreateVirtualTable { tbl_name, .. } => other(
            "virtual table",
            "CREATE VIRTUAL TABLE",
            Some(names::ident(&tbl_name.name)),
        ),
        Stmt::Attach { .. } => other("database file", "ATTACH", None),
        Stmt::Detach(_) => other("database file", "DETACH", None),
        Stmt::DropIndex { .. }
        | Stmt::DropTable { .. }
        | Stmt::DropTrigger { .. }
        | Stmt::DropView { .. } => drop(statement)?,
        Stmt::Pragma(name, body) => pragma(&names::ident(&name.name), body.as_ref()),
        Stmt::Analyze(_) | Stmt::Reindex { .. } | Stmt::Vacuum(..) => maintenance(statement)?,
        Stmt::Begin(..)
        | Stmt::Commit(_)
        | Stmt::Release(_)
        | Stmt::Rollback { .. }
        | Stmt::Savepoint(_) => Change::Transaction(transaction(statement)),
        Stmt::Select(_) | Stmt::Insert { .. } | Stmt::Update { .. } | Stmt::Delete { .. } => {
            return Err(ReadError::not_modelled("this kind of statement"));
        }
    })
}

fn create_table(
    target: Target,
    body: &CreateTableBody<'_>,
    sql: &str,
) -> Result<Change, ReadError> {
    let definition = table::definition(&target.name, body, |select| {
        Ok(uses::query(select, after_as(sql)?))
    })?;
    let change = TableChange::Create(Box::new(definition));
    Ok(Change::Table(target, change))
}

fn drop(statement: &Stmt<'_>) -> Result<Change, ReadError> {
    let target = |name, if_exists: &bool| {
        let mut target = Target::required(names::qualified(name));
        target.presence = presence(*if_exists);
        target
    };
    Ok(match statement {
        Stmt::DropIndex {
            if_exists,
            idx_name,
        } => Change::Index(IndexChange::Drop {
            name: names::qualified(idx_name),
            build: Build::Blocking,
            presence: presence(*if_exists),
            reaction: Reaction::Restrict,
        }),
        Stmt::DropTable {
            if_exists,
            tbl_name,
        } => Change::Table(
            target(tbl_name, if_exists),
            TableChange::Drop {
                reaction: Reaction::Restrict,
            },
        ),
        Stmt::DropView {
            if_exists,
            view_name,
        } => Change::View(
            target(view_name, if_exists),
            ViewChange::Drop {
                kind: ViewKind::View,
                reaction: Reaction::Restrict,
            },
        ),
        Stmt::DropTrigger { trigger_name, .. } => other(
            "trigger",
            "DROP TRIGGER",
            Some(names::ident(&trigger_name.name)),
        ),
        _ => return Err(ReadError::not_modelled("this kind of statement")),
    })
}

fn maintenance(statement: &Stmt<'_>) -> Result<Change, ReadError> {
    Ok(Change::Maintenance(match statement {
        Stmt::Analyze(name) => MaintenanceChange::Analyze {
            tables: name.iter().map(names::qualified).collect(),
        },
        Stmt::Reindex { obj_name } => MaintenanceChange::Reindex {
            of: match obj_name {
                Some(name) => ReindexScope::Table(names::qualified(name)),
                None => ReindexScope::Database,
            },
            build: Build::Blocking,
        },
        Stmt::Vacuum(_, None) => MaintenanceChange::Vacuum {
            tables: Vec::new(),
            mode: VacuumMode::Full,
        },
        Stmt::Vacuum(_, Some(_)) => return Ok(other("database file", "VACUUM INTO", None)),
        _ => return Err(ReadError::not_modelled("this kind of statement")),
    }))
}

fn transaction(statement: &Stmt<'_>) -> TransactionChange {
    match statement {
        Stmt::Begin(..) => TransactionChange::Begin,
        Stmt::Commit(_) => TransactionChange::Commit,
        Stmt::Release(name) => TransactionChange::Release(names::ident(name)),
        Stmt::Savepoint(name) => TransactionChange::Savepoint(names::ident(name)),
        Stmt::Rollback {
            savepoint_name: Some(name),
            ..
        } => TransactionChange::RollbackTo(names::ident(name)),
        Stmt::Rollback { .. } => TransactionChange::Rollback,
        _ => TransactionChange::Other,
    }
}

/// Pragmas that only read, with an argument or without. Source: <https://sqlite.org/pragma.html>.
const READING: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_info",
    "index_xinfo",
    "index_list",
    "foreign_key_list",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
    "database_list",
    "collation_list",
    "function_list",
    "module_list",
    "pragma_list",
    "compile_options",
    "page_count",
    "freelist_count",
    "data_version",
];
/// Pragmas that do something without a value.
const DOING: &[&str] = &[
    "incremental_vacuum",
    "optimize",
    "wal_checkpoint",
    "shrink_memory",
];

/// A pragma with a value is a setting; one without only reads, except those that act.
fn pragma(name: &Ident, body: Option<&PragmaBody<'_>>) -> Change {
    let name = name.as_str().to_ascii_lowercase();
    let is_in = |list: &[&str]| list.contains(&name.as_str());
    if is_in(READING) || (body.is_none() && !is_in(DOING)) {
        return nothing("PRAGMA");
    }
    let value = body.map(|body| match body {
        PragmaBody::Equals(value) | PragmaBody::Call(value) => pragma_value(value),
    });
    Change::Session(SessionChange::Set {
        name: Ident::new(name),
        value,
        scope: SettingScope::Session,
    })
}

fn pragma_value(value: &Expr<'_>) -> String {
    match value {
        Expr::Name(Name(word)) | Expr::Literal(Literal::Keyword(word) | Literal::String(word)) => {
            names::unquoted(word).written().to_owned()
        }
        other => other.to_string(),
    }
}

fn nothing(verb: &str) -> Change {
    Change::Session(SessionChange::Nothing {
        verb: verb.to_owned(),
    })
}

fn other(kind: &str, verb: &str, name: Option<Ident>) -> Change {
    Change::Other(OtherObject {
        kind: kind.to_owned(),
        verb: verb.to_owned(),
        name,
    })
}
