//! What a statement locks, scans, rewrites, and why SQLite would refuse it.
//!
//! SQLite has no lock on a table: whoever writes holds the whole database file until the transaction ends, and nobody else
//! writes in the meantime. That is a claim of EXCLUSIVE on "every table of the file", beside the target. With a rollback
//! journal, readers are kept out while the commit is written: ACCESS EXCLUSIVE, at the end. With WAL they go on. The
//! journal mode is a property of the file: where no statement sets it, a rollback journal is assumed.
//! Source: <https://sqlite.org/lockingv3.html>, <https://sqlite.org/wal.html>. What could not be read is unknown.

mod alter;
mod ledger;
mod rows;
mod setting;

use segue_model::{
    Cause, Change, Context, Impact, IndexChange, MaintenanceChange, OtherObject, QualifiedName,
    RefusalReason, Statement, TableChange, Target, ViewChange, WorkKind,
};

pub(crate) use alter::{AddRefusal, add_refusals, drop_refusals, index_names};
use ledger::Ledger;
pub(crate) use ledger::{find_table, same};

/// Locks and work of one statement.
pub(crate) fn impact(changes: &[Change], context: &Context<'_>) -> Impact {
    let mut ledger = Ledger::new(context);
    for change in changes {
        one(change, &mut ledger);
    }
    ledger.finish()
}

fn one(change: &Change, ledger: &mut Ledger<'_>) {
    match change {
        Change::Table(target, change) => table(target, change, ledger),
        Change::Column(target, change) => alter::column(&target.name, change, ledger),
        Change::Constraint(target, change) => alter::constraint(&target.name, change, ledger),
        Change::Index(change) => index(change, ledger),
        Change::View(target, change) => view(target, change, ledger),
        Change::Trigger(table, _) => {
            ledger.writes_file(&table.namespace);
        }
        Change::Data(change) => rows::change(change, ledger),
        Change::Maintenance(change) => maintenance(change, ledger),
        Change::Session(change) => setting::change(change, ledger),
        Change::Transaction(_) => {}
        Change::Program(program) => {
            ledger.unknown(format!("a block of {} code", program.language));
            let inner: Vec<&Change> = program.statements.iter().flat_map(of).collect();
            for change in inner {
                one(change, ledger);
            }
        }
        Change::Other(object) => other(object, ledger),
        Change::Opaque(opaque) => {
            ledger.unknown(format!("what could not be read: {}", opaque.message));
        }
        Change::Namespace(..)
        | Change::Partition(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(..)
        | Change::Comment(..) => no_such("an object of this kind", ledger),
    }
}

fn of(statement: &Statement) -> &[Change] {
    &statement.changes
}

/// SQLite has no such statement.
fn no_such(what: &str, ledger: &mut Ledger<'_>) {
    ledger.refuse(
        RefusalReason::Unsupported,
        format!("SQLite has no statement for {what}"),
    );
    ledger.unknown(format!("{what}, which SQLite does not have"));
}

fn table(target: &Target, change: &TableChange, ledger: &mut Ledger<'_>) {
    let name = &target.name;
    match change {
        TableChange::Create(definition) => {
            ledger.writes_file(&name.namespace);
            if let Some(query) = &definition.query {
                rows::reads(query, ledger);
            }
        }
        // Its pages go to the free list; with foreign_keys on, rows are deleted first. Source: lang_droptable.html.
        TableChange::Drop { .. } => {
            ledger.writes(name);
            ledger.work(name, WorkKind::Rows, Cause::Removal);
        }
        // Every view and trigger is read again, and the rename refused when one does not resolve any more.
        TableChange::Rename(_) => {
            ledger.writes(name);
            ledger.since(3_025, "RENAME with references followed");
        }
        TableChange::SetNamespace(_)
        | TableChange::SetOwner(_)
        | TableChange::SetParameters(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetCluster(_)
        | TableChange::SetReplicaIdentity(_)
        | TableChange::SetRowSecurity(_)
        | TableChange::SetTrigger { .. }
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => no_such("this change of a table", ledger),
    }
}

/// Source: <https://sqlite.org/lang_createindex.html>: every row is read, sorted, and the index written.
fn index(change: &IndexChange, ledger: &mut Ledger<'_>) {
    match change {
        IndexChange::Create { index, .. } => {
            ledger.writes(&index.table);
            ledger.known(&index.table);
            ledger.work(&index.table, WorkKind::Scan, Cause::Index);
            let build = WorkKind::BuildIndex(index.name.ident().clone());
            ledger.work(&index.table, build, Cause::Index);
        }
        IndexChange::Drop { name, .. } => ledger.writes(name),
        IndexChange::Rebuild { .. }
        | IndexChange::Rename { .. }
        | IndexChange::SetParameters { .. }
        | IndexChange::SetStatistics(_)
        | IndexChange::SetTablespace { .. }
        | IndexChange::DependsOnExtension(_)
        | IndexChange::AttachPartition { .. } => no_such("this change of an index", ledger),
    }
}

fn view(target: &Target, change: &ViewChange, ledger: &mut Ledger<'_>) {
    match change {
        ViewChange::Create(_) | ViewChange::Drop { .. } => {
            ledger.writes_file(&target.name.namespace);
        }
        ViewChange::Replace(_)
        | ViewChange::Rename { .. }
        | ViewChange::RenameColumn { .. }
        | ViewChange::SetNamespace(_)
        | ViewChange::SetOwner(_)
        | ViewChange::SetColumnDefault(_)
        | ViewChange::SetParameters(_) => no_such("this change of a view", ledger),
    }
}

fn maintenance(change: &MaintenanceChange, ledger: &mut Ledger<'_>) {
    let main = segue_model::Ident::from("main");
    match change {
        // The whole file is copied and copied back. Source: <https://sqlite.org/lang_vacuum.html>.
        MaintenanceChange::Vacuum { .. } => {
            ledger.writes_file(&main);
            ledger.must_be_outside("VACUUM");
            for table in ledger.tables() {
                ledger.work(&table, WorkKind::Rewrite, Cause::Storage);
            }
        }
        MaintenanceChange::Analyze { tables } => {
            ledger.writes_file(&main);
            for table in several(tables, ledger) {
                ledger.work(&table, WorkKind::Scan, Cause::Query);
            }
        }
        MaintenanceChange::Reindex { of, .. } => {
            ledger.writes_file(&main);
            let named = match of {
                segue_model::ReindexScope::Table(name) => vec![name.clone()],
                segue_model::ReindexScope::Namespace(_) | segue_model::ReindexScope::Database => {
                    Vec::new()
                }
            };
            for table in several(&named, ledger) {
                rebuilds(&table, ledger);
            }
        }
        MaintenanceChange::Cluster { .. } | MaintenanceChange::Refresh { .. } => {
            no_such("this maintenance", ledger);
        }
    }
}

/// The tables named, or all of them where none is.
fn several(named: &[QualifiedName], ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    if named.is_empty() {
        ledger.tables()
    } else {
        named.to_vec()
    }
}

/// REINDEX names a table, an index or a collation.
fn rebuilds(name: &QualifiedName, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let table = catalog
        .index(name)
        .map_or(name, |index| &index.definition.table);
    let Some((table, found)) = find_table(catalog, table) else {
        ledger.unknown(format!("whatever {name} is"));
        return;
    };
    ledger.work(&table, WorkKind::Scan, Cause::Index);
    for index in &found.indexes {
        ledger.work(&table, WorkKind::BuildIndex(index.clone()), Cause::Index);
    }
}

fn other(object: &OtherObject, ledger: &mut Ledger<'_>) {
    let main = segue_model::Ident::from("main");
    match object.verb.as_str() {
        "DROP TRIGGER" => ledger.writes_file(&main),
        verb => {
            ledger.writes_file(&main);
            ledger.unknown(format!("what {verb} does"));
        }
    }
}
