//! Partitions: CREATE … PARTITION OF, ATTACH, DETACH, DETACH … CONCURRENTLY, FINALIZE.
//!
//! Source: PostgreSQL 17 manual, 5.12 and ALTER TABLE; measured on 15 and 18. From 12 on ATTACH takes SHARE UPDATE
//! EXCLUSIVE on the parent; before it took ACCESS EXCLUSIVE.

use segue_model::{
    Build, Cause, ForeignKey, Index, LockMode, LockMoment, LockRole, Locked, Nullability,
    PartitionBound, PartitionChange, QualifiedName, RefusalReason, Uniqueness, Wait, WorkKind,
};

use super::ledger::Ledger;
use super::{bound, constraint, index, storage};

/// The lock on the partitioned table.
pub(super) fn lock_mode(change: &PartitionChange) -> LockMode {
    match change {
        PartitionChange::Attach { .. } | PartitionChange::FinishDetach { .. } => {
            LockMode::ShareUpdateExclusive
        }
        PartitionChange::Detach { build, .. } => match build {
            Build::Blocking => LockMode::AccessExclusive,
            Build::Concurrently => LockMode::ShareUpdateExclusive,
        },
    }
}

/// What a subcommand does besides the lock on the partitioned table.
pub(super) fn alter(parent: &QualifiedName, change: &PartitionChange, ledger: &mut Ledger<'_>) {
    match change {
        PartitionChange::Attach { child, bound } => attach(parent, child, bound, ledger),
        PartitionChange::Detach { child, build } => match build {
            Build::Blocking => detach(parent, child, ledger),
            Build::Concurrently => detach_concurrently(parent, child, ledger),
        },
        PartitionChange::FinishDetach { child } => {
            ledger.since(14, "DETACH PARTITION … FINALIZE");
            ledger.claim(child, LockMode::AccessExclusive, LockRole::Descendant);
            claim_parts(child, LockMode::AccessExclusive, LockMoment::Whole, ledger);
        }
    }
}

/// A new partition: ACCESS EXCLUSIVE on the parent, and on DEFAULT, which is read; the parent's indexes and foreign keys
/// are made for it (measured).
pub(super) fn create(parent: &QualifiedName, bound: &PartitionBound, ledger: &mut Ledger<'_>) {
    ledger.table(parent);
    ledger.claim(parent, LockMode::AccessExclusive, LockRole::Parent);
    exclude_from_default(parent, bound, ledger);
    for (name, _) in ledger.catalog().indexes_of(parent) {
        ledger.claim(&name, LockMode::ShareUpdateExclusive, LockRole::Index);
    }
    for key in foreign_keys_of(parent, ledger) {
        constraint::claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
    }
    claim_referencing(parent, LockMode::ShareRowExclusive, ledger);
}

/// The indexes a new partition gets, empty, one for each of the parent's.
pub(super) fn make_indexes(child: &QualifiedName, parent: &QualifiedName, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    for (_, known) in catalog.indexes_of(parent) {
        let base = index::generated_name(child, known, catalog.table(parent));
        let free = storage::free_name(ledger, child, &base);
        ledger.work(child, WorkKind::BuildIndex(free), build_cause(known));
    }
}

fn attach(
    parent: &QualifiedName,
    child: &QualifiedName,
    wanted: &PartitionBound,
    ledger: &mut Ledger<'_>,
) {
    ledger.table(child);
    ledger.table(parent);
    ledger.claim(child, LockMode::AccessExclusive, LockRole::Descendant);
    super::alter_table::refuse_in_use(child, ledger);
    refuse_attach(child, ledger);
    refuse_second_default(parent, wanted, ledger);
    refuse_nullable(parent, child, ledger);
    let catalog = ledger.catalog();
    let members = storage::family(catalog, child, segue_model::Scope::WithDescendants);
    for member in members.iter().skip(1) {
        ledger.claim(member, LockMode::AccessExclusive, LockRole::Descendant);
    }
    let goal = bound::condition(parent, wanted, catalog);
    let proven = |name: &QualifiedName| {
        catalog
            .table(name)
            .is_some_and(|table| bound::is_proven(table, &goal))
    };
    for member in storage::stored(catalog, members.clone()) {
        if !proven(child) && !proven(&member) {
            ledger.scan(&member, Cause::PartitionBound);
        }
    }
    exclude_from_default(parent, wanted, ledger);
    attach_indexes(parent, child, ledger);
    attach_foreign_keys(parent, child, &members, ledger);
}

/// A table that is a partition or a child already cannot be attached. Source: manual, ALTER TABLE.
fn refuse_attach(child: &QualifiedName, ledger: &mut Ledger<'_>) {
    let Some(found) = ledger.catalog().table(child) else {
        return;
    };
    if let Some((parent, _)) = &found.partition_of {
        ledger.refuse(
            RefusalReason::Unsupported,
            format!("{child} is a partition of {parent} already"),
        );
    }
    if !found.inherits.is_empty() {
        ledger.refuse(
            RefusalReason::Unsupported,
            format!("{child} inherits from another table and cannot become a partition"),
        );
    }
}

/// A partition refuses null where its parent does. Source: manual, ALTER TABLE; measured on 15.
fn refuse_nullable(parent: &QualifiedName, child: &QualifiedName, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let (Some(above), Some(below)) = (catalog.table(parent), catalog.table(child)) else {
        return;
    };
    for column in &above.columns {
        let is_nullable = below
            .column(&column.name)
            .is_some_and(|known| known.nullability == Nullability::Nullable);
        if column.nullability == Nullability::NotNull && is_nullable {
            ledger.refuse(
                RefusalReason::Unsupported,
                format!(
                    "{child} cannot be attached to {parent}: its column {} accepts null",
                    column.name
                ),
            );
        }
    }
}

fn refuse_second_default(parent: &QualifiedName, wanted: &PartitionBound, ledger: &mut Ledger<'_>) {
    if *wanted == PartitionBound::Default
        && let Some(default) = ledger.catalog().default_partition(parent)
    {
        ledger.refuse(
            RefusalReason::DefaultPartition,
            format!("{parent} has the DEFAULT partition {default} already"),
        );
    }
}

/// DEFAULT gives up what the new bound takes: ACCESS EXCLUSIVE, and every row is read unless a CHECK excludes the bound.
fn exclude_from_default(parent: &QualifiedName, taken: &PartitionBound, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    if *taken == PartitionBound::Default {
        return;
    }
    let Some(default) = catalog.default_partition(parent) else {
        if storage::is_assumed(catalog, parent) {
            ledger.claim_unnamed(
                format!("the DEFAULT partition of {parent}, if there is one"),
                LockMode::AccessExclusive,
                LockRole::DefaultPartition,
            );
        }
        return;
    };
    let goal = bound::excluded(parent, taken, catalog);
    let proven = |name: &QualifiedName| {
        catalog
            .table(name)
            .is_some_and(|table| bound::is_proven(table, &goal))
    };
    ledger.claim(
        default,
        LockMode::AccessExclusive,
        LockRole::DefaultPartition,
    );
    if proven(default) {
        return;
    }
    let members = storage::family(catalog, default, segue_model::Scope::WithDescendants);
    for member in members.iter().skip(1) {
        ledger.claim(
            member,
            LockMode::AccessExclusive,
            LockRole::DefaultPartition,
        );
    }
    for member in storage::stored(catalog, members) {
        if !proven(&member) {
            ledger.scan(&member, Cause::DefaultPartition);
        }
    }
}

/// Each index of the parent gets a part in the new partition: a fitting one, or one that is built now.
fn attach_indexes(parent: &QualifiedName, child: &QualifiedName, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let is_partitioned = storage::is_partitioned(catalog, child);
    let mut used: Vec<QualifiedName> = Vec::new();
    for (name, known) in catalog.indexes_of(parent) {
        ledger.claim(&name, LockMode::ShareUpdateExclusive, LockRole::Index);
        let fits = |candidate: &QualifiedName| {
            let serves = catalog
                .index(candidate)
                .is_some_and(|found| found.constraint.is_some());
            !used.contains(candidate) && (known.constraint.is_none() || serves)
        };
        match index::fitting(child, &known.definition, ledger).filter(fits) {
            Some(found) => used.push(found),
            None if is_partitioned => {
                index::build_on_partitions(child, &known.definition, build_cause(known), ledger);
            }
            None => {
                let base = index::generated_name(child, known, catalog.table(parent));
                let free = storage::free_name(ledger, child, &base);
                ledger.build(child, &free, build_cause(known));
            }
        }
    }
}

fn build_cause(known: &Index) -> Cause {
    match (&known.constraint, known.definition.uniqueness) {
        (None, _) => Cause::Index,
        (Some(_), Uniqueness::NotUnique) => Cause::Exclusion,
        (Some(_), Uniqueness::Unique | Uniqueness::UniqueNullsEqual) => Cause::UniqueKey,
    }
}

/// The parent's foreign keys hold for the new partition: SHARE ROW EXCLUSIVE on the referenced table and a check of the
/// rows, or, where the partition has the same one, ACCESS EXCLUSIVE and no check (measured on 15). Tables that reference
/// the parent are locked SHARE ROW EXCLUSIVE (measured on 15).
fn attach_foreign_keys(
    parent: &QualifiedName,
    child: &QualifiedName,
    members: &[QualifiedName],
    ledger: &mut Ledger<'_>,
) {
    for key in foreign_keys_of(parent, ledger) {
        constraint::claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
        if constraint::has_foreign_key(child, &key, ledger.catalog()) {
            constraint::claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
            continue;
        }
        for member in storage::stored(ledger.catalog(), members.to_vec()) {
            constraint::scan_both(&member, &key.references, ledger);
        }
    }
    claim_referencing(parent, LockMode::ShareRowExclusive, ledger);
}

fn foreign_keys_of(table: &QualifiedName, ledger: &Ledger<'_>) -> Vec<ForeignKey> {
    ledger
        .catalog()
        .table(table)
        .map(|found| found.foreign_keys().map(|(_, key)| key.clone()).collect())
        .unwrap_or_default()
}

fn claim_referencing(parent: &QualifiedName, mode: LockMode, ledger: &mut Ledger<'_>) {
    for (from, _, _) in ledger.catalog().references_to(parent) {
        if from != parent {
            ledger.claim(from, mode, LockRole::ForeignKeyPartner);
        }
    }
}

/// DETACH: ACCESS EXCLUSIVE on parent, partition, its parts of the parent's indexes, and DEFAULT; SHARE ROW EXCLUSIVE on
/// what the parent's foreign keys reference; tables that reference the parent are read and locked ACCESS EXCLUSIVE
/// (measured on 15).
fn detach(parent: &QualifiedName, child: &QualifiedName, ledger: &mut Ledger<'_>) {
    ledger.table(child);
    ledger.claim(child, LockMode::AccessExclusive, LockRole::Descendant);
    super::alter_table::refuse_in_use(child, ledger);
    claim_parts(child, LockMode::AccessExclusive, LockMoment::Whole, ledger);
    let catalog = ledger.catalog();
    if let Some(default) = catalog.default_partition(parent) {
        ledger.claim(
            default,
            LockMode::AccessExclusive,
            LockRole::DefaultPartition,
        );
    }
    detach_foreign_keys(parent, LockMode::AccessExclusive, ledger);
}

fn detach_foreign_keys(parent: &QualifiedName, referencing: LockMode, ledger: &mut Ledger<'_>) {
    for key in foreign_keys_of(parent, ledger) {
        constraint::claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
    }
    claim_referencing(parent, referencing, ledger);
    let users: Vec<QualifiedName> = ledger
        .catalog()
        .references_to(parent)
        .map(|(from, _, _)| from.clone())
        .collect();
    for user in users {
        ledger.scan(&user, Cause::ForeignKey);
    }
}

/// The partition's parts of the parent's indexes.
fn claim_parts(child: &QualifiedName, mode: LockMode, when: LockMoment, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    for (name, known) in catalog.indexes_of(child) {
        if known.parent.is_some() {
            ledger.claim_during(Locked::Relation(name), mode, LockRole::Index, when);
        }
    }
}

/// DETACH CONCURRENTLY: SHARE UPDATE EXCLUSIVE on both while it marks the partition, a wait for every user of the
/// parent with no lock held, then ACCESS EXCLUSIVE on the partition alone. Since 14; refused beside a DEFAULT partition.
fn detach_concurrently(parent: &QualifiedName, child: &QualifiedName, ledger: &mut Ledger<'_>) {
    ledger.since(14, "DETACH PARTITION … CONCURRENTLY");
    ledger.must_be_outside("ALTER TABLE … DETACH PARTITION CONCURRENTLY");
    ledger.table(child);
    if let Some(default) = ledger.catalog().default_partition(parent) {
        ledger.refuse(
            RefusalReason::DefaultPartition,
            format!("{child} cannot be detached concurrently: {parent} has the DEFAULT partition {default}"),
        );
    }
    ledger.wait(Wait::Users);
    ledger.claim(child, LockMode::ShareUpdateExclusive, LockRole::Descendant);
    ledger.claim_during(
        Locked::Relation(child.clone()),
        LockMode::AccessExclusive,
        LockRole::Descendant,
        LockMoment::AtEnd,
    );
    claim_parts(child, LockMode::AccessExclusive, LockMoment::AtEnd, ledger);
    detach_foreign_keys(parent, LockMode::AccessExclusive, ledger);
}
