//! VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH MATERIALIZED VIEW.
//!
//! Source: PostgreSQL 17 manual, the pages of these commands; measured on 15 and 18.

use segue_model::{
    Build, Cause, Ident, IndexKeyPart, LockMode, LockMoment, LockRole, Locked, MaintenanceChange,
    QualifiedName, RefusalReason, ReindexScope, Relation, Scope, Uniqueness, VacuumMode, Wait,
    WorkKind,
};

use super::ledger::Ledger;
use super::{data, storage};

/// What upkeep locks and reads.
pub(super) fn change(change: &MaintenanceChange, ledger: &mut Ledger<'_>) {
    match change {
        MaintenanceChange::Vacuum { tables, mode } => {
            ledger.must_be_outside("VACUUM");
            for table in named_or_all(tables, ledger) {
                vacuum(&table, *mode, ledger);
            }
        }
        MaintenanceChange::Analyze { tables } => {
            for table in named_or_all(tables, ledger) {
                ledger.claim(&table, LockMode::ShareUpdateExclusive, LockRole::Target);
                ledger.work(&table, WorkKind::Rows, Cause::Query);
            }
        }
        MaintenanceChange::Cluster {
            table: Some(table), ..
        } => cluster(table, ledger),
        MaintenanceChange::Cluster { table: None, .. } => {
            ledger.must_be_outside("CLUSTER without a table");
            ledger.assume();
            ledger.claim_unnamed(
                "every table that was clustered before".to_owned(),
                LockMode::AccessExclusive,
                LockRole::Target,
            );
        }
        MaintenanceChange::Reindex { of, build } => reindex(of, *build, ledger),
        MaintenanceChange::Refresh { view, build } => refresh(view, *build, ledger),
    }
}

/// The tables with their children, or every table that is known, and those that are not.
fn named_or_all(tables: &[QualifiedName], ledger: &mut Ledger<'_>) -> Vec<QualifiedName> {
    let catalog = ledger.catalog();
    if tables.is_empty() {
        ledger.assume();
        return all_tables(ledger, None);
    }
    let mut all: Vec<QualifiedName> = Vec::new();
    for table in tables {
        ledger.table(table);
        all.push(table.clone());
        all.extend(storage::partitions(catalog, table));
    }
    all
}

fn all_tables(ledger: &Ledger<'_>, namespace: Option<&Ident>) -> Vec<QualifiedName> {
    ledger
        .catalog()
        .relations()
        .filter(|(name, relation)| {
            matches!(relation, Relation::Table(_))
                && namespace.is_none_or(|wanted| &name.namespace == wanted)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

/// VACUUM takes SHARE UPDATE EXCLUSIVE and, on the indexes, ROW EXCLUSIVE; FULL writes everything anew.
fn vacuum(table: &QualifiedName, mode: VacuumMode, ledger: &mut Ledger<'_>) {
    let is_partitioned = storage::is_partitioned(ledger.catalog(), table);
    match mode {
        VacuumMode::Plain => {
            ledger.claim(table, LockMode::ShareUpdateExclusive, LockRole::Target);
            if !is_partitioned {
                storage::claim_indexes(ledger, table, LockMode::RowExclusive);
                if storage::has_toast(ledger.catalog(), table) {
                    ledger.claim_on(
                        Locked::Toast(table.clone()),
                        LockMode::ShareUpdateExclusive,
                        LockRole::Toast,
                    );
                }
                ledger.work(table, WorkKind::Rows, Cause::Storage);
            }
        }
        VacuumMode::Full => {
            ledger.claim(table, LockMode::AccessExclusive, LockRole::Target);
            if !is_partitioned {
                storage::rewrite(ledger, table, Cause::Storage);
            }
        }
    }
}

fn cluster(table: &QualifiedName, ledger: &mut Ledger<'_>) {
    ledger.table(table);
    ledger.claim(table, LockMode::AccessExclusive, LockRole::Target);
    let members = if storage::is_partitioned(ledger.catalog(), table) {
        ledger.since(15, "CLUSTER on a partitioned table");
        ledger.must_be_outside("CLUSTER on a partitioned table");
        storage::partitions(ledger.catalog(), table)
    } else {
        vec![table.clone()]
    };
    for member in storage::stored(ledger.catalog(), members) {
        ledger.claim(&member, LockMode::AccessExclusive, LockRole::Descendant);
        storage::rewrite(ledger, &member, Cause::Storage);
    }
}

/// REINDEX TABLE, SCHEMA, DATABASE. The last two commit table by table, so they cannot run in a transaction block.
fn reindex(of: &ReindexScope, build: Build, ledger: &mut Ledger<'_>) {
    match of {
        ReindexScope::Table(table) => reindex_table(table, build, ledger),
        ReindexScope::Namespace(namespace) => {
            ledger.must_be_outside("REINDEX SCHEMA");
            reindex_all(Some(namespace), build, ledger);
        }
        ReindexScope::Database => {
            ledger.must_be_outside("REINDEX DATABASE");
            reindex_all(None, build, ledger);
        }
    }
}

fn reindex_all(namespace: Option<&Ident>, build: Build, ledger: &mut Ledger<'_>) {
    if namespace.is_none_or(|name| !ledger.catalog().namespaces.contains(name)) {
        ledger.assume();
    }
    for table in all_tables(ledger, namespace) {
        if !storage::is_partitioned(ledger.catalog(), &table) {
            reindex_stored(&table, build, ledger);
        }
    }
}

fn reindex_table(table: &QualifiedName, build: Build, ledger: &mut Ledger<'_>) {
    ledger.table(table);
    if !storage::is_partitioned(ledger.catalog(), table) {
        if build == Build::Concurrently {
            ledger.must_be_outside("REINDEX CONCURRENTLY");
        }
        return reindex_stored(table, build, ledger);
    }
    ledger.since(14, "REINDEX of a partitioned table");
    outside_for_partitions(build, ledger);
    ledger.claim(table, table_mode(build), LockRole::Target);
    for partition in storage::partitions(ledger.catalog(), table) {
        claim_listed_partition(&partition, ledger);
        if !storage::is_partitioned(ledger.catalog(), &partition) {
            reindex_stored(&partition, build, ledger);
        }
    }
}

/// On a partitioned table each partition is a transaction of its own.
pub(super) fn outside_for_partitions(build: Build, ledger: &mut Ledger<'_>) {
    match build {
        Build::Blocking => ledger.must_be_outside("REINDEX of a partitioned table"),
        Build::Concurrently => ledger.must_be_outside("REINDEX CONCURRENTLY"),
    }
}

/// To list the partitions the server locks each one SHARE, CONCURRENTLY or not: writers queue behind it (measured on
/// 15 and 18).
pub(super) fn claim_listed_partition(partition: &QualifiedName, ledger: &mut Ledger<'_>) {
    ledger.claim_during(
        Locked::Relation(partition.clone()),
        LockMode::Share,
        LockRole::Descendant,
        LockMoment::Briefly,
    );
}

fn table_mode(build: Build) -> LockMode {
    match build {
        Build::Blocking => LockMode::Share,
        Build::Concurrently => LockMode::ShareUpdateExclusive,
    }
}

/// Every index of a table and the index of its TOAST table.
fn reindex_stored(table: &QualifiedName, build: Build, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    ledger.claim(table, table_mode(build), LockRole::Target);
    for (name, _) in catalog.indexes_of(table) {
        rebuild_index(table, &name, build, ledger);
    }
    if storage::has_toast(catalog, table) {
        ledger.claim_on(
            Locked::Toast(table.clone()),
            table_mode(build),
            LockRole::Toast,
        );
        claim_rebuilt(
            Locked::ToastIndex(table.clone()),
            LockRole::Toast,
            build,
            ledger,
        );
    }
    if build == Build::Concurrently {
        wait_for_everybody(ledger);
    }
}

/// One index is built again: SHARE on its table and ACCESS EXCLUSIVE on the index, or, CONCURRENTLY, a new one beside
/// it that takes its name at the end.
pub(super) fn rebuild_index(
    table: &QualifiedName,
    name: &QualifiedName,
    build: Build,
    ledger: &mut Ledger<'_>,
) {
    ledger.claim(table, table_mode(build), LockRole::Dependent);
    claim_rebuilt(
        Locked::Relation(name.clone()),
        LockRole::Index,
        build,
        ledger,
    );
    match build {
        Build::Blocking => ledger.build(table, &name.name, Cause::Index),
        Build::Concurrently => {
            ledger.must_be_outside("REINDEX CONCURRENTLY");
            wait_for_everybody(ledger);
            let beside = Ident::new(format!("{}_ccnew", name.name.as_str()));
            ledger.build(table, &beside, Cause::Index);
        }
    }
}

fn claim_rebuilt(on: Locked, role: LockRole, build: Build, ledger: &mut Ledger<'_>) {
    match build {
        Build::Blocking => ledger.claim_on(on, LockMode::AccessExclusive, role),
        Build::Concurrently => {
            ledger.claim_during(
                on.clone(),
                LockMode::ShareUpdateExclusive,
                role,
                LockMoment::Whole,
            );
            ledger.claim_during(on, LockMode::AccessExclusive, role, LockMoment::AtEnd);
        }
    }
}

fn wait_for_everybody(ledger: &mut Ledger<'_>) {
    ledger.wait(Wait::Writers);
    ledger.wait(Wait::OldSnapshots);
    ledger.wait(Wait::Users);
}

/// REFRESH writes the view anew under ACCESS EXCLUSIVE; CONCURRENTLY merges the difference under EXCLUSIVE, and needs a
/// unique index over plain columns. Allowed in a transaction block (measured).
///
/// Wider for WITH NO DATA, which the change does not carry: it reads nothing.
fn refresh(view: &QualifiedName, build: Build, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let bases = catalog
        .view(view)
        .map(|found| found.definition.query.relations.clone())
        .unwrap_or_default();
    if catalog.view(view).is_none() {
        ledger.assume();
    }
    data::claim_reads(&bases, ledger);
    for base in &bases {
        for member in storage::stored(
            catalog,
            storage::family(catalog, base, Scope::WithDescendants),
        ) {
            if catalog.view(&member).is_none() {
                ledger.scan(&member, Cause::Refresh);
            }
        }
    }
    match build {
        Build::Blocking => {
            ledger.claim(view, LockMode::AccessExclusive, LockRole::Target);
            storage::rewrite(ledger, view, Cause::Refresh);
        }
        Build::Concurrently => {
            ledger.claim(view, LockMode::Exclusive, LockRole::Target);
            storage::claim_indexes(ledger, view, LockMode::RowExclusive);
            ledger.scan(view, Cause::Refresh);
            refuse_without_key(view, ledger);
        }
    }
}

fn refuse_without_key(view: &QualifiedName, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let has_key = catalog.indexes_of(view).any(|(_, index)| {
        let definition = &index.definition;
        definition.uniqueness != Uniqueness::NotUnique
            && definition.predicate.is_none()
            && definition
                .keys
                .iter()
                .all(|key| matches!(key.part, IndexKeyPart::Column(_)))
    });
    if catalog.view(view).is_some() && !has_key {
        ledger.refuse(
            RefusalReason::Unsupported,
            format!(
                "{view} cannot be refreshed concurrently: it has no unique index over plain columns"
            ),
        );
    }
}
