//! Tables as a whole: CREATE TABLE, and the subcommands of ALTER TABLE that are about no column and no constraint.
//!
//! DROP TABLE is in `removal`.

use segue_model::{
    Cause, Constraint, ConstraintKind, Enforcement, Fill, Ident, IndexState, Inheritance,
    KeyColumns, LikeSource, LockMode, LockRole, Locked, Parameter, Persistence, Presence,
    QualifiedName, ReplicaIdentity, TableChange, TableDefinition, Target, TriggerState, WorkKind,
};

use super::alter_table::Reaches;
use super::ledger::Ledger;
use super::{constraint, data, index, partition, storage};

/// Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18.
pub(super) fn lock_mode(change: &TableChange) -> LockMode {
    match change {
        // Storage options; `user_catalog_table` alone takes ACCESS EXCLUSIVE.
        TableChange::SetParameters(parameters) => parameters_mode(parameters),
        TableChange::SetCluster(_) => LockMode::ShareUpdateExclusive,
        TableChange::SetTrigger { .. } => LockMode::ShareRowExclusive,
        TableChange::Create(_)
        | TableChange::Drop { .. }
        | TableChange::Rename(_)
        | TableChange::SetNamespace(_)
        | TableChange::SetOwner(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetReplicaIdentity(_)
        | TableChange::SetRowSecurity(_)
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => LockMode::AccessExclusive,
    }
}

fn parameters_mode(parameters: &[Parameter]) -> LockMode {
    if parameters
        .iter()
        .any(|parameter| parameter.name.as_str() == "user_catalog_table")
    {
        LockMode::AccessExclusive
    } else {
        LockMode::ShareUpdateExclusive
    }
}

/// ENABLE and DISABLE TRIGGER go down to the partitions' copies of a row trigger (measured on 15: nobody when the
/// partitioned table has no such trigger). Nothing else here goes down.
pub(super) fn reaches(table: &QualifiedName, change: &TableChange, ledger: &Ledger<'_>) -> Reaches {
    match change {
        TableChange::SetTrigger { trigger, .. } => {
            let has_it = ledger.catalog().table(table).is_none_or(|found| {
                found.triggers.iter().any(|known| {
                    trigger
                        .as_ref()
                        .is_none_or(|name| &known.definition.name == name)
                })
            });
            if has_it {
                Reaches::Partitions
            } else {
                Reaches::Nobody
            }
        }
        TableChange::Create(_)
        | TableChange::Drop { .. }
        | TableChange::Rename(_)
        | TableChange::SetNamespace(_)
        | TableChange::SetOwner(_)
        | TableChange::SetParameters(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetCluster(_)
        | TableChange::SetReplicaIdentity(_)
        | TableChange::SetRowSecurity(_)
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => Reaches::Nobody,
    }
}

/// What a subcommand does besides the lock on its table.
pub(super) fn alter(table: &QualifiedName, change: &TableChange, ledger: &mut Ledger<'_>) {
    match change {
        // The owned sequences move along (measured).
        TableChange::SetNamespace(_) => claim_sequences(table, LockMode::AccessExclusive, ledger),
        // Indexes, TOAST and owned sequences get the new owner too (measured).
        TableChange::SetOwner(_) => {
            storage::claim_storage(ledger, table, LockMode::AccessExclusive);
            claim_sequences(table, LockMode::AccessExclusive, ledger);
        }
        // TOAST has options of its own; its index does not (measured: SET and RESET alike).
        TableChange::SetParameters(parameters) => {
            if storage::has_toast(ledger.catalog(), table) {
                let mode = parameters_mode(parameters);
                ledger.claim_on(Locked::Toast(table.clone()), mode, LockRole::Toast);
            }
        }
        TableChange::SetTablespace(_) => set_tablespace(table, ledger),
        TableChange::SetPersistence(wanted) => set_persistence(table, *wanted, ledger),
        TableChange::SetAccessMethod(wanted) => set_access_method(table, wanted, ledger),
        TableChange::SetCluster(Some(index)) => ledger.claim(
            &table.sibling(index.clone()),
            LockMode::ShareUpdateExclusive,
            LockRole::Index,
        ),
        TableChange::SetReplicaIdentity(ReplicaIdentity::Index(index)) => {
            ledger.claim(
                &table.sibling(index.clone()),
                LockMode::Share,
                LockRole::Index,
            );
        }
        TableChange::Inherit(parent) => {
            ledger.claim(parent, LockMode::ShareUpdateExclusive, LockRole::Parent);
        }
        TableChange::NoInherit(parent) => {
            ledger.claim(parent, LockMode::AccessShare, LockRole::Parent);
        }
        TableChange::OfType(Some(of)) => {
            ledger.claim(of, LockMode::AccessShare, LockRole::Dependent);
        }
        TableChange::SetTrigger { state, .. } => match state {
            TriggerState::Enable
            | TriggerState::Disable
            | TriggerState::EnableReplica
            | TriggerState::EnableAlways => {}
        },
        TableChange::Create(_)
        | TableChange::Drop { .. }
        | TableChange::Rename(_)
        | TableChange::SetCluster(None)
        | TableChange::SetReplicaIdentity(
            ReplicaIdentity::Default | ReplicaIdentity::Full | ReplicaIdentity::Nothing,
        )
        | TableChange::SetRowSecurity(_)
        | TableChange::SetRule { .. }
        | TableChange::OfType(None) => {}
    }
}

/// The heap and TOAST are copied as they are; the indexes stay where they are (measured). A partitioned table has no
/// file: only its future partitions are affected.
fn set_tablespace(table: &QualifiedName, ledger: &mut Ledger<'_>) {
    if storage::is_partitioned(ledger.catalog(), table) {
        return;
    }
    ledger.work(table, WorkKind::Copy, Cause::Storage);
    storage::claim_toast(ledger, table, LockMode::AccessExclusive);
}

/// SET LOGGED and SET UNLOGGED rewrite (measured), unless the table is that already. From 15 on the owned sequences
/// change too, each with a new file (measured on 15).
fn set_persistence(table: &QualifiedName, wanted: Persistence, ledger: &mut Ledger<'_>) {
    let is_already = ledger.table(table).is_some_and(|found| {
        found.persistence == wanted && !storage::is_assumed(ledger.catalog(), table)
    });
    if is_already {
        return;
    }
    storage::rewrite(ledger, table, Cause::Storage);
    if ledger.version() >= 15 {
        for sequence in owned_sequences(table, ledger) {
            ledger.claim(&sequence, LockMode::AccessExclusive, LockRole::Sequence);
            ledger.work(&sequence, WorkKind::NewFile, Cause::Storage);
        }
    }
}

/// Another access method rewrites. Source: manual, ALTER TABLE SET ACCESS METHOD (since 15; partitioned since 17).
fn set_access_method(table: &QualifiedName, wanted: &Ident, ledger: &mut Ledger<'_>) {
    ledger.since(15, "ALTER TABLE … SET ACCESS METHOD");
    if storage::is_partitioned(ledger.catalog(), table) {
        return ledger.since(17, "SET ACCESS METHOD on a partitioned table");
    }
    let current = ledger
        .table(table)
        .and_then(|found| found.settings.access_method.as_ref())
        .map_or("heap", Ident::as_str);
    if current != wanted.as_str() {
        storage::rewrite(ledger, table, Cause::Storage);
    }
}

/// The sequences that go with a table's columns.
pub(super) fn owned_sequences(table: &QualifiedName, ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    ledger
        .catalog()
        .linked(&segue_model::Link::OwnedBy(table.clone()))
        .cloned()
        .collect()
}

fn claim_sequences(table: &QualifiedName, mode: LockMode, ledger: &mut Ledger<'_>) {
    for sequence in owned_sequences(table, ledger) {
        ledger.claim(&sequence, mode, LockRole::Sequence);
    }
}

/// CREATE TABLE: what it takes on relations that were there before, and the indexes it makes.
///
/// Source: PostgreSQL 17 manual, CREATE TABLE; measured on 15 and 18.
pub(super) fn create(target: &Target, definition: &TableDefinition, ledger: &mut Ledger<'_>) {
    let exists = ledger.catalog().relation(&target.name).is_some();
    if exists && target.presence == Presence::Lenient {
        return;
    }
    for like in &definition.like {
        copy_like(&target.name, like, ledger);
    }
    match &definition.inheritance {
        Inheritance::None => {}
        Inheritance::Inherits(parents) => {
            for parent in parents {
                ledger.claim(parent, LockMode::ShareUpdateExclusive, LockRole::Parent);
            }
        }
        Inheritance::PartitionOf { parent, bound } => {
            partition::create(parent, bound, ledger);
            if definition.partitioning.is_none() {
                partition::make_indexes(&target.name, parent, ledger);
            }
        }
        Inheritance::OfType(of) => ledger.claim(of, LockMode::AccessShare, LockRole::Dependent),
    }
    for added in &definition.constraints {
        create_constraint(&target.name, added, definition, ledger);
    }
    for column in &definition.columns {
        if matches!(column.fill, Fill::Virtual(_)) {
            ledger.since(18, "a virtual generated column");
        }
    }
    if let Some(query) = &definition.query {
        data::read(query, ledger);
    }
}

/// A new table that references another takes SHARE ROW EXCLUSIVE on it (measured: even when empty); keys and
/// exclusions make an empty index.
fn create_constraint(
    table: &QualifiedName,
    added: &Constraint,
    definition: &TableDefinition,
    ledger: &mut Ledger<'_>,
) {
    constraint::check_version(added, ledger);
    match &added.kind {
        ConstraintKind::ForeignKey(key) => {
            if &key.references != table {
                constraint::claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
            }
        }
        ConstraintKind::Unique(KeyColumns::Build { .. })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { .. })
        | ConstraintKind::Exclude { .. } => {
            if definition.partitioning.is_none() {
                ledger.work(
                    table,
                    WorkKind::BuildIndex(added.name.ident().clone()),
                    build_cause(&added.kind),
                );
            }
        }
        ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::Unique(KeyColumns::UsingIndex(_))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_)) => {}
    }
    match added.enforcement {
        Enforcement::Enforced | Enforcement::NotEnforced => {}
    }
}

fn build_cause(kind: &ConstraintKind) -> Cause {
    match kind {
        ConstraintKind::Exclude { .. } => Cause::Exclusion,
        ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_) => Cause::UniqueKey,
    }
}

/// LIKE reads its source under ACCESS SHARE; INCLUDING INDEXES makes the same indexes, empty (measured).
fn copy_like(table: &QualifiedName, like: &LikeSource, ledger: &mut Ledger<'_>) {
    ledger.claim(&like.table, LockMode::AccessShare, LockRole::Dependent);
    let copies = like
        .including
        .iter()
        .any(|copied| copied == "all" || copied == "indexes");
    if !copies {
        return;
    }
    let catalog = ledger.catalog();
    for (_, known) in catalog.indexes_of(&like.table) {
        if known.state == IndexState::Valid {
            let base = index::generated_name(table, known, catalog.table(&like.table));
            let name = storage::free_name(ledger, table, &base);
            ledger.work(table, WorkKind::BuildIndex(name), Cause::Index);
        }
    }
}
