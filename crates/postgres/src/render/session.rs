//! Settings, locks, transaction control, upkeep, and the few statements on rows that Segue authors.

use segue_model::{
    ConstraintTiming, DataChange, Ident, MaintenanceChange, ModeWritten, QualifiedName,
    ReindexScope, SessionChange, SettingScope, Sql, TransactionChange, TruncateIdentity,
    VacuumMode,
};

use super::{Rendered, cascade, column, index, refused};

/// A setting or an explicit lock.
pub(super) fn session(change: &SessionChange) -> Rendered {
    Ok(match change {
        SessionChange::Set { name, value, scope } => {
            let words = match scope {
                SettingScope::Session => "SET ",
                SettingScope::Local => "SET LOCAL ",
            };
            let sql = column::dotted(Sql::literal(words), name).text(" TO ");
            match value {
                Some(value) => sql.verbatim(value),
                None => sql.text("DEFAULT"),
            }
        }
        SessionChange::Reset(Some(name)) => column::dotted(Sql::literal("RESET "), name),
        SessionChange::Reset(None) => Sql::literal("RESET ALL"),
        SessionChange::Lock(lock) => {
            let sql = Sql::literal("LOCK TABLE ").list(&lock.tables, ", ", Sql::name);
            match lock.mode_written {
                ModeWritten::Yes => sql.text(" IN ").text(lock.mode.words()).text(" MODE"),
                ModeWritten::No => sql,
            }
        }
        SessionChange::SetConstraints { names, timing } => {
            let sql = Sql::literal("SET CONSTRAINTS ");
            let sql = if names.is_empty() {
                sql.text("ALL")
            } else {
                sql.list(names, ", ", Sql::ident)
            };
            sql.text(match timing {
                ConstraintTiming::Immediate => " IMMEDIATE",
                ConstraintTiming::Deferred => " DEFERRED",
            })
        }
        SessionChange::Nothing { .. } => return Err(refused("a statement without effect")),
    })
}

/// BEGIN, COMMIT and the like.
pub(super) fn transaction(change: &TransactionChange) -> Rendered {
    let savepoint = |words, name: &Ident| Ok(Sql::literal(words).ident(name));
    match change {
        TransactionChange::Begin => Ok(Sql::literal("BEGIN")),
        TransactionChange::Commit => Ok(Sql::literal("COMMIT")),
        TransactionChange::Rollback => Ok(Sql::literal("ROLLBACK")),
        TransactionChange::Savepoint(name) => savepoint("SAVEPOINT ", name),
        TransactionChange::Release(name) => savepoint("RELEASE SAVEPOINT ", name),
        TransactionChange::RollbackTo(name) => savepoint("ROLLBACK TO SAVEPOINT ", name),
        TransactionChange::Other => Err(refused("another kind of transaction control")),
    }
}

/// Rows: a query whose whole text is kept, and TRUNCATE.
pub(super) fn data(change: &DataChange) -> Rendered {
    match change {
        DataChange::Select(query) if !query.text.is_empty() => {
            Ok(Sql::default().verbatim(&query.text))
        }
        DataChange::Truncate {
            tables,
            reaction,
            identity,
        } => {
            let sql = Sql::literal("TRUNCATE ").list(tables, ", ", Sql::name);
            let sql = match identity {
                TruncateIdentity::Continue => sql,
                TruncateIdentity::Restart => sql.text(" RESTART IDENTITY"),
            };
            Ok(cascade(sql, *reaction))
        }
        DataChange::Select(_)
        | DataChange::Insert { .. }
        | DataChange::Update { .. }
        | DataChange::Delete { .. }
        | DataChange::Merge { .. }
        | DataChange::CopyIn { .. }
        | DataChange::CopyOut { .. }
        | DataChange::SetSequenceValue(_) => Err(refused("rows written by the user's statement")),
    }
}

/// VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH.
pub(super) fn maintenance(change: &MaintenanceChange) -> Rendered {
    let of = |sql: Sql, tables: &[QualifiedName]| {
        if tables.is_empty() {
            sql
        } else {
            sql.text(" ").list(tables, ", ", Sql::name)
        }
    };
    Ok(match change {
        MaintenanceChange::Vacuum { tables, mode } => of(
            Sql::literal(match mode {
                VacuumMode::Plain => "VACUUM",
                VacuumMode::Full => "VACUUM (FULL)",
            }),
            tables,
        ),
        MaintenanceChange::Analyze { tables } => of(Sql::literal("ANALYZE"), tables),
        MaintenanceChange::Cluster { table: None, .. } => Sql::literal("CLUSTER"),
        MaintenanceChange::Cluster {
            table: Some(table),
            index,
        } => {
            let sql = Sql::literal("CLUSTER ").name(table);
            match index {
                Some(index) => sql.text(" USING ").ident(index),
                None => sql,
            }
        }
        MaintenanceChange::Reindex { of, build } => match of {
            ReindexScope::Table(table) => {
                index::built(Sql::literal("REINDEX TABLE "), *build).name(table)
            }
            ReindexScope::Namespace(name) => {
                index::built(Sql::literal("REINDEX SCHEMA "), *build).ident(name)
            }
            ReindexScope::Database => return Err(refused("a database whose name is not known")),
        },
        MaintenanceChange::Refresh { view, build } => {
            index::built(Sql::literal("REFRESH MATERIALIZED VIEW "), *build).name(view)
        }
    })
}
