//! Constraints of tables: ADD, VALIDATE, DROP, ALTER, RENAME CONSTRAINT.
//!
//! Source: PostgreSQL 17 and 18 manuals, ALTER TABLE; measured on 15 and 18.

use segue_model::{
    Catalog, Cause, ChosenName, Column, Constraint, ConstraintChange, ConstraintKind, Direction,
    Enforcement, Fill, ForeignKey, Ident, IndexDefinition, IndexKey, IndexKeyPart, KeyColumns,
    LockMode, LockRole, Nullability, NullsOrder, QualifiedName, Reaction, RefusalReason, Scope,
    Table, TableConstraint, Target, Uniqueness, Validity,
};

use super::alter_table::{Passed, Reaches};
use super::ledger::Ledger;
use super::{alter_column, index, removal, storage};

/// The lock on the table itself.
pub(super) fn lock_mode(change: &ConstraintChange) -> LockMode {
    match change {
        ConstraintChange::Add(added) => match &added.kind {
            ConstraintKind::ForeignKey(_) => LockMode::ShareRowExclusive,
            ConstraintKind::Check(_)
            | ConstraintKind::NotNull(_)
            | ConstraintKind::Unique(_)
            | ConstraintKind::PrimaryKey(_)
            | ConstraintKind::Exclude { .. } => LockMode::AccessExclusive,
        },
        ConstraintChange::Validate(_) => LockMode::ShareUpdateExclusive,
        ConstraintChange::Drop { .. }
        | ConstraintChange::Rename { .. }
        | ConstraintChange::SetDeferral { .. }
        | ConstraintChange::SetEnforcement { .. } => LockMode::AccessExclusive,
    }
}

/// Who is reached besides: children share CHECK and NOT NULL, partitions share keys and foreign keys too.
pub(super) fn reaches(
    table: &QualifiedName,
    change: &ConstraintChange,
    ledger: &Ledger<'_>,
) -> Reaches {
    let known = |name: &Ident| {
        ledger
            .catalog()
            .table(table)
            .and_then(|found| found.constraint(name))
    };
    match change {
        ConstraintChange::Add(added) => by_kind(&added.kind),
        // A constraint that is valid already is left alone, the children too (measured on 15).
        ConstraintChange::Validate(name) => match known(name) {
            Some(found) if found.validity == Validity::Valid => Reaches::Nobody,
            Some(found) => by_kind(&found.kind),
            None => Reaches::Everybody,
        },
        ConstraintChange::Drop { name, .. } => {
            known(name).map_or(Reaches::Everybody, |found| by_kind(&found.kind))
        }
        ConstraintChange::Rename { from, .. } => {
            known(from).map_or(Reaches::Nobody, |found| match &found.kind {
                ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => Reaches::Everybody,
                ConstraintKind::Unique(_)
                | ConstraintKind::PrimaryKey(_)
                | ConstraintKind::ForeignKey(_)
                | ConstraintKind::Exclude { .. } => Reaches::Nobody,
            })
        }
        ConstraintChange::SetDeferral { .. } | ConstraintChange::SetEnforcement { .. } => {
            Reaches::Partitions
        }
    }
}

fn by_kind(kind: &ConstraintKind) -> Reaches {
    match kind {
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => Reaches::Everybody,
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => Reaches::Partitions,
    }
}

/// What a subcommand does besides the lock on its table.
pub(super) fn alter(
    target: &Target,
    change: &ConstraintChange,
    passed: &mut Passed,
    ledger: &mut Ledger<'_>,
) {
    match change {
        ConstraintChange::Add(added) => add(target, added, passed, ledger),
        ConstraintChange::Drop { name, reaction, .. } => {
            passed.dropped_constraints.push(name.clone());
            drop_constraint(target, name, *reaction, ledger);
        }
        ConstraintChange::Validate(name) => validate(target, name, ledger),
        // The index behind a key gets the constraint's new name (measured on 15).
        ConstraintChange::Rename { from, .. } => {
            let index = ledger
                .catalog()
                .table(&target.name)
                .and_then(|table| table.constraint(from))
                .and_then(|found| found.index.clone());
            if let Some(index) = index {
                ledger.claim(
                    &target.name.sibling(index),
                    LockMode::ShareUpdateExclusive,
                    LockRole::Index,
                );
            }
        }
        // Metadata only (measured).
        ConstraintChange::SetDeferral { .. } => {}
        ConstraintChange::SetEnforcement { name, enforcement } => {
            set_enforcement(target, name, *enforcement, ledger);
        }
    }
}

/// What the version does not have, and what no version has.
pub(super) fn check_version(added: &Constraint, ledger: &mut Ledger<'_>) {
    if added.enforcement == Enforcement::NotEnforced {
        ledger.since(18, "NOT ENFORCED");
    }
    match &added.kind {
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Exclude { .. } => {
            if added.validity == Validity::NotValid {
                ledger.refuse(
                    RefusalReason::Unsupported,
                    format!(
                        "the constraint {} cannot be NOT VALID: it is kept by an index",
                        added.name.ident()
                    ),
                );
            }
        }
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) | ConstraintKind::ForeignKey(_) => {}
    }
}

fn add(target: &Target, added: &Constraint, passed: &mut Passed, ledger: &mut Ledger<'_>) {
    check_version(added, ledger);
    match &added.kind {
        ConstraintKind::Check(_) => {
            if added.validity == Validity::Valid && added.enforcement == Enforcement::Enforced {
                check_rows(target, added, ledger);
            }
        }
        ConstraintKind::NotNull(column) => {
            ledger.since(18, "a NOT NULL constraint with a name");
            if added.validity == Validity::Valid {
                alter_column::set_not_null(target, column, passed, ledger);
            }
        }
        ConstraintKind::Unique(key) => add_key(target, added, key, Cause::UniqueKey, ledger),
        ConstraintKind::PrimaryKey(key) => {
            let columns = alter_column::key_columns(&target.name, key, ledger);
            add_key(target, added, key, Cause::UniqueKey, ledger);
            primary_key_not_null(target, &columns, passed, ledger);
        }
        ConstraintKind::Exclude {
            method,
            keys,
            predicate,
        } => {
            let wanted = IndexDefinition {
                name: added.name.clone(),
                table: target.name.clone(),
                scope: Scope::WithDescendants,
                method: method.clone(),
                keys: keys.clone(),
                include: Vec::new(),
                uniqueness: Uniqueness::NotUnique,
                predicate: predicate.clone(),
                parameters: Vec::new(),
                tablespace: None,
            };
            build_key(target, &wanted, Cause::Exclusion, ledger);
        }
        ConstraintKind::ForeignKey(key) => add_foreign_key(target, added, key, ledger),
    }
}

/// A constraint written beside a new column.
///
/// Measured on 15 and 18: a CHECK reads every row even though all values are null; REFERENCES reads them only when the
/// column has a default.
pub(super) fn add_with_column(
    target: &Target,
    added: &Constraint,
    column: &Column,
    ledger: &mut Ledger<'_>,
) {
    check_version(added, ledger);
    match &added.kind {
        ConstraintKind::ForeignKey(key) => {
            claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
            let has_default = match &column.fill {
                Fill::Default(_) | Fill::Serial | Fill::Stored(_) => true,
                Fill::None | Fill::Identity(_) | Fill::Virtual(_) => false,
            };
            if has_default && added.enforcement == Enforcement::Enforced {
                for member in storage::stored(
                    ledger.catalog(),
                    storage::family(ledger.catalog(), &target.name, target.scope),
                ) {
                    scan_both(&member, &key.references, ledger);
                }
            }
        }
        ConstraintKind::PrimaryKey(key) => add_key(target, added, key, Cause::UniqueKey, ledger),
        ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::Exclude { .. } => add(target, added, &mut Passed::default(), ledger),
    }
}

/// Every row of the table and its children is read, except where a child has the same constraint already.
fn check_rows(target: &Target, added: &Constraint, ledger: &mut Ledger<'_>) {
    let members = storage::family(ledger.catalog(), &target.name, target.scope);
    for member in storage::stored(ledger.catalog(), members) {
        let is_there = member != target.name
            && ledger
                .catalog()
                .table(&member)
                .and_then(|table| table.constraint(added.name.ident()))
                .is_some_and(|known| known.validity == Validity::Valid);
        if !is_there {
            ledger.scan(&member, Cause::Check);
        }
    }
}

/// UNIQUE and PRIMARY KEY build an index under ACCESS EXCLUSIVE, or take one over without work.
fn add_key(
    target: &Target,
    added: &Constraint,
    key: &KeyColumns,
    cause: Cause,
    ledger: &mut Ledger<'_>,
) {
    match key {
        KeyColumns::Build { columns, include } => {
            let wanted = key_index(target, added, columns, include);
            build_key(target, &wanted, cause, ledger);
        }
        KeyColumns::UsingIndex(name) => {
            index::refuse_as_constraint(&target.name, name, ledger);
            if storage::is_partitioned(ledger.catalog(), &target.name) {
                ledger.refuse(
                    RefusalReason::Partitioned,
                    format!(
                        "{} is partitioned: USING INDEX is not supported on it",
                        target.name
                    ),
                );
            }
            // The index takes the constraint's name (measured: SHARE UPDATE EXCLUSIVE when that is another one).
            let mode = match &added.name {
                ChosenName::Given(wanted) if wanted != name => LockMode::ShareUpdateExclusive,
                ChosenName::Given(_) | ChosenName::Generated(_) => LockMode::AccessShare,
            };
            ledger.claim(&target.name.sibling(name.clone()), mode, LockRole::Index);
        }
    }
}

fn key_index(
    target: &Target,
    added: &Constraint,
    columns: &[Ident],
    include: &[Ident],
) -> IndexDefinition {
    IndexDefinition {
        name: added.name.clone(),
        table: target.name.clone(),
        scope: target.scope,
        method: Ident::from("btree"),
        keys: columns
            .iter()
            .map(|column| IndexKey {
                part: IndexKeyPart::Column(column.clone()),
                collation: None,
                operator_class: None,
                direction: Direction::Ascending,
                nulls: NullsOrder::Default,
            })
            .collect(),
        include: include.to_vec(),
        uniqueness: Uniqueness::Unique,
        predicate: None,
        parameters: Vec::new(),
        tablespace: None,
    }
}

fn build_key(target: &Target, wanted: &IndexDefinition, cause: Cause, ledger: &mut Ledger<'_>) {
    if storage::is_partitioned(ledger.catalog(), &target.name) {
        index::build_on_partitions(&target.name, wanted, cause, ledger);
    } else if ledger.rewrites(&target.name) {
        let name = storage::free_name(ledger, &target.name, wanted.name.ident());
        ledger.work(&target.name, segue_model::WorkKind::BuildIndex(name), cause);
    } else {
        let name = storage::free_name(ledger, &target.name, wanted.name.ident());
        ledger.build(&target.name, &name, cause);
    }
}

/// A primary key's columns refuse null: where one does not yet, the table and its children are locked and read.
///
/// Measured on 15 (children by INHERITS) and 18; a valid CHECK proves it (measured).
fn primary_key_not_null(
    target: &Target,
    columns: &[Ident],
    passed: &mut Passed,
    ledger: &mut Ledger<'_>,
) {
    let Some(table) = ledger.table(&target.name) else {
        return ledger.scan(&target.name, Cause::NotNull);
    };
    for name in columns {
        let nullability = table.column(name).map(|column| column.nullability);
        match nullability {
            Some(Nullability::NotNull) => {}
            Some(Nullability::NotNullUnchecked) => ledger.refuse(
                RefusalReason::Unsupported,
                format!(
                    "{name} of {} is NOT NULL but not validated: a primary key needs it validated",
                    target.name
                ),
            ),
            Some(Nullability::Nullable) | None => {
                if target.scope == Scope::WithDescendants {
                    for child in ledger.catalog().descendants(&target.name) {
                        ledger.claim(&child, LockMode::AccessExclusive, LockRole::Descendant);
                    }
                }
                alter_column::set_not_null(target, name, passed, ledger);
            }
        }
    }
}

/// ADD FOREIGN KEY: SHARE ROW EXCLUSIVE on both tables and their partitions; every row of both is read unless NOT VALID.
fn add_foreign_key(target: &Target, added: &Constraint, key: &ForeignKey, ledger: &mut Ledger<'_>) {
    let table = &target.name;
    let is_partitioned = storage::is_partitioned(ledger.catalog(), table);
    if is_partitioned && target.scope == Scope::Only {
        ledger.refuse(
            RefusalReason::Partitioned,
            format!("{table} is partitioned: a foreign key cannot be added to it alone"),
        );
    }
    if is_partitioned && added.validity == Validity::NotValid && ledger.version() < 18 {
        ledger.refuse(
            RefusalReason::Partitioned,
            format!("{table} is partitioned: a NOT VALID foreign key on it needs PostgreSQL 18"),
        );
    }
    claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
    let checked = added.validity == Validity::Valid && added.enforcement == Enforcement::Enforced;
    let mut members = vec![table.clone()];
    members.extend(storage::partitions(ledger.catalog(), table));
    for member in storage::stored(ledger.catalog(), members) {
        if is_partitioned && has_foreign_key(&member, key, ledger.catalog()) {
            // The partition's own becomes part of the parent's: its triggers on the referenced table go, under
            // ACCESS EXCLUSIVE, and nothing is read (measured on 15 and 18).
            claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
        } else if checked {
            scan_both(&member, &key.references, ledger);
        }
    }
}

/// True when the table has a valid foreign key of its own that says the same.
pub(super) fn has_foreign_key(
    table: &QualifiedName,
    wanted: &ForeignKey,
    catalog: &Catalog,
) -> bool {
    catalog.table(table).is_some_and(|found| {
        found.foreign_keys().any(|(known, key)| {
            known.validity == Validity::Valid
                && known.enforcement == Enforcement::Enforced
                && key.columns == wanted.columns
                && key.references == wanted.references
                && referenced_columns(key, catalog) == referenced_columns(wanted, catalog)
                && key.on_delete == wanted.on_delete
                && key.on_update == wanted.on_update
        })
    })
}

/// True when a partition has the foreign key from its parent: the triggers on the referenced table are the parent's, so
/// dropping the partition leaves them alone (measured on 15).
pub(super) fn is_of_parent(table: &Table, key: &ForeignKey, catalog: &Catalog) -> bool {
    table
        .partition_of
        .as_ref()
        .and_then(|(parent, _)| catalog.table(parent))
        .is_some_and(|parent| {
            parent.foreign_keys().any(|(_, known)| {
                known.columns == key.columns && known.references == key.references
            })
        })
}

/// The referenced columns; none written means the primary key.
pub(super) fn referenced_columns(key: &ForeignKey, catalog: &Catalog) -> Vec<Ident> {
    if key.referenced_columns.is_empty() {
        catalog
            .table(&key.references)
            .map(|table| table.primary_key().to_vec())
            .unwrap_or_default()
    } else {
        key.referenced_columns.clone()
    }
}

/// Locks the referenced table and its partitions.
pub(super) fn claim_referenced(
    references: &QualifiedName,
    mode: LockMode,
    ledger: &mut Ledger<'_>,
) {
    ledger.table(references);
    ledger.claim(references, mode, LockRole::ForeignKeyPartner);
    for partition in storage::partitions(ledger.catalog(), references) {
        ledger.claim(&partition, mode, LockRole::ForeignKeyPartner);
    }
}

/// A foreign key is checked by one query over both tables.
///
/// Wider than some observations: which of the two is read whole depends on the query's plan (an index on the
/// referenced key may serve), so both are named.
pub(super) fn scan_both(
    referencing: &QualifiedName,
    references: &QualifiedName,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    for side in [referencing, references] {
        let members = if storage::is_partitioned(catalog, side) {
            storage::partitions(catalog, side)
        } else {
            vec![side.clone()]
        };
        for member in storage::stored(catalog, members) {
            ledger.scan(&member, Cause::ForeignKey);
        }
    }
}

/// VALIDATE: SHARE UPDATE EXCLUSIVE, ROW SHARE on a referenced table, and every row is read once.
fn validate(target: &Target, name: &Ident, ledger: &mut Ledger<'_>) {
    let Some(found) = ledger
        .table(&target.name)
        .and_then(|table| table.constraint(name))
    else {
        // Not known: it may be a CHECK or a foreign key of any table.
        ledger.assume();
        ledger.claim_unnamed(
            format!(
                "the table that {name} of {} references, if it is a foreign key",
                target.name
            ),
            LockMode::RowShare,
            LockRole::ForeignKeyPartner,
        );
        return ledger.scan(&target.name, Cause::Check);
    };
    if found.enforcement == Enforcement::NotEnforced {
        ledger.refuse(
            RefusalReason::Unsupported,
            format!(
                "the constraint {name} of {} is not enforced and cannot be validated",
                target.name
            ),
        );
    }
    if found.validity == Validity::Valid {
        return;
    }
    validate_rows(target, found, ledger);
}

fn validate_rows(target: &Target, found: &TableConstraint, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let members = storage::stored(
        catalog,
        storage::family(catalog, &target.name, target.scope),
    );
    let is_open = |member: &QualifiedName| {
        catalog
            .table(member)
            .and_then(|table| table.constraint(&found.name))
            .is_none_or(|known| known.validity == Validity::NotValid)
    };
    match &found.kind {
        ConstraintKind::ForeignKey(key) => {
            claim_referenced(&key.references, LockMode::RowShare, ledger);
            scan_both(&target.name, &key.references, ledger);
        }
        ConstraintKind::Check(_) => {
            for member in members.iter().filter(|member| is_open(member)) {
                ledger.scan(member, Cause::Check);
            }
        }
        ConstraintKind::NotNull(_) => {
            for member in members.iter().filter(|member| is_open(member)) {
                ledger.scan(member, Cause::NotNull);
            }
        }
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Exclude { .. } => {}
    }
}

/// ENFORCED checks every row of both tables at once; NOT ENFORCED takes the triggers down (18; measured).
fn set_enforcement(target: &Target, name: &Ident, wanted: Enforcement, ledger: &mut Ledger<'_>) {
    ledger.since(18, "ALTER CONSTRAINT … ENFORCED");
    let Some(found) = ledger
        .table(&target.name)
        .and_then(|table| table.constraint(name))
    else {
        return ledger.assume();
    };
    match &found.kind {
        ConstraintKind::ForeignKey(key) => match wanted {
            Enforcement::Enforced => {
                claim_referenced(&key.references, LockMode::ShareRowExclusive, ledger);
                scan_both(&target.name, &key.references, ledger);
            }
            Enforcement::NotEnforced => {
                claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
            }
        },
        ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Exclude { .. } => ledger.refuse(
            RefusalReason::Unsupported,
            format!(
                "whether {name} of {} is enforced cannot be changed: it is no foreign key",
                target.name
            ),
        ),
    }
}

/// DROP CONSTRAINT: the partner of a foreign key and the index of a key go along, under ACCESS EXCLUSIVE.
fn drop_constraint(target: &Target, name: &Ident, reaction: Reaction, ledger: &mut Ledger<'_>) {
    let table = &target.name;
    let Some(found) = ledger.table(table).and_then(|known| known.constraint(name)) else {
        if storage::is_assumed(ledger.catalog(), table) {
            ledger.claim_unnamed(
                format!("the table that {name} of {table} references, if it is a foreign key"),
                LockMode::AccessExclusive,
                LockRole::ForeignKeyPartner,
            );
        }
        return;
    };
    match &found.kind {
        ConstraintKind::ForeignKey(key) => {
            claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
        }
        ConstraintKind::Unique(key) | ConstraintKind::PrimaryKey(key) => {
            claim_index_of(table, found, ledger);
            let columns = alter_column::key_columns(table, key, ledger);
            let constraint = table.sibling(name.clone());
            removal::referencing_key(table, &columns, &constraint, reaction, ledger);
        }
        ConstraintKind::Exclude { .. } => claim_index_of(table, found, ledger),
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => {}
    }
}

fn claim_index_of(table: &QualifiedName, found: &TableConstraint, ledger: &mut Ledger<'_>) {
    let Some(name) = &found.index else { return };
    let index_name = table.sibling(name.clone());
    ledger.claim(&index_name, LockMode::AccessExclusive, LockRole::Index);
    for (part, _) in index::parts(&index_name, ledger) {
        ledger.claim(&part, LockMode::AccessExclusive, LockRole::Index);
    }
}

/// True when an index over the referencing columns serves to find the rows of one key.
pub(super) fn has_index_on(table: &QualifiedName, columns: &[Ident], catalog: &Catalog) -> bool {
    let leads = |index: &segue_model::Index| {
        let keys = index::plain_columns(index);
        index.definition.predicate.is_none()
            && columns
                .first()
                .is_some_and(|column| keys.iter().take(columns.len()).any(|key| key == column))
    };
    catalog.indexes_of(table).any(|(_, index)| leads(index))
}
