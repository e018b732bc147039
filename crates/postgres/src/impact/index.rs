//! Indexes: CREATE, DROP, REINDEX INDEX, ALTER INDEX, and what an index says about itself.

use std::fmt::Write as _;

use segue_model::{
    Build, Cause, Direction, Fill, Ident, Index, IndexChange, IndexDefinition, IndexKey,
    IndexKeyPart, IndexState, LockMode, LockMoment, LockRole, Locked, NullsOrder, Presence,
    QualifiedName, Reaction, RefusalReason, RenameSpelling, Scope, Table, Uniqueness, Wait,
    WorkKind,
};

use super::ledger::Ledger;
use super::{maintenance, removal, storage};

/// What happens to an index. Source: PostgreSQL 17 manual, CREATE INDEX, DROP INDEX, ALTER INDEX; measured on 15 and 18.
pub(super) fn change(change: &IndexChange, ledger: &mut Ledger<'_>) {
    match change {
        IndexChange::Create {
            index,
            build,
            presence,
        } => create(index, *build, *presence, ledger),
        IndexChange::Drop {
            name,
            build,
            presence,
            reaction,
        } => match build {
            Build::Blocking => drop_blocking(name, *presence, *reaction, ledger),
            Build::Concurrently => drop_concurrently(name, *presence, *reaction, ledger),
        },
        IndexChange::Rebuild { name, build } => rebuild(name, *build, ledger),
        // SHARE UPDATE EXCLUSIVE since 12; spelled ALTER TABLE it takes ACCESS EXCLUSIVE (measured).
        IndexChange::Rename { from, spelled, .. } => {
            let mode = match spelled {
                RenameSpelling::AlterIndex => LockMode::ShareUpdateExclusive,
                RenameSpelling::AlterTable => LockMode::AccessExclusive,
            };
            ledger.claim(from, mode, LockRole::Target);
        }
        IndexChange::SetParameters { name, .. } | IndexChange::SetStatistics(name) => {
            ledger.claim(name, LockMode::ShareUpdateExclusive, LockRole::Target);
        }
        IndexChange::SetTablespace { name, .. } => {
            ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
            if !is_partitioned(name, ledger) {
                ledger.work(name, WorkKind::Copy, Cause::Storage);
            }
        }
        IndexChange::DependsOnExtension(name) => {
            ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
        }
        IndexChange::AttachPartition { parent, child } => {
            ledger.claim(parent, LockMode::ShareUpdateExclusive, LockRole::Target);
            ledger.claim(child, LockMode::AccessExclusive, LockRole::Index);
            for index in [parent, child] {
                if let Some(found) = ledger.catalog().index(index) {
                    ledger.claim(
                        &found.definition.table,
                        LockMode::AccessShare,
                        LockRole::Dependent,
                    );
                }
            }
        }
    }
}

fn create(index: &IndexDefinition, build: Build, presence: Presence, ledger: &mut Ledger<'_>) {
    let table = &index.table;
    if index.uniqueness == Uniqueness::UniqueNullsEqual {
        ledger.since(15, "NULLS NOT DISTINCT");
    }
    refuse_virtual(index, ledger);
    if build == Build::Concurrently {
        ledger.must_be_outside("CREATE INDEX CONCURRENTLY");
        if storage::is_partitioned(ledger.catalog(), table) {
            ledger.refuse(
                RefusalReason::Partitioned,
                format!("{table} is partitioned: an index on it cannot be built concurrently"),
            );
        }
    }
    let mode = match build {
        Build::Blocking => LockMode::Share,
        Build::Concurrently => LockMode::ShareUpdateExclusive,
    };
    ledger.claim(table, mode, LockRole::Target);
    if !matches!(
        ledger.catalog().relation(table),
        Some(segue_model::Relation::View(_))
    ) {
        ledger.table(table);
    }
    // IF NOT EXISTS takes the lock before it finds that there is nothing to do (measured).
    let given = table.sibling(index.name.ident().clone());
    let is_given = matches!(index.name, segue_model::ChosenName::Given(_));
    if presence == Presence::Lenient && is_given && ledger.catalog().relation(&given).is_some() {
        return;
    }
    if build == Build::Concurrently {
        ledger.wait(Wait::Writers);
        ledger.wait(Wait::OldSnapshots);
    }
    if !storage::is_partitioned(ledger.catalog(), table) {
        let name = storage::free_name(ledger, table, index.name.ident());
        return ledger.build(table, &name, Cause::Index);
    }
    if index.scope == Scope::WithDescendants {
        build_on_partitions(table, index, Cause::Index, ledger);
    }
}

/// An index on a partitioned table: each partition is locked SHARE, and builds one of its own unless it has a fitting
/// one. Source: PostgreSQL 17 manual, CREATE INDEX; measured on 15 and 18.
pub(super) fn build_on_partitions(
    table: &QualifiedName,
    wanted: &IndexDefinition,
    cause: Cause,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    for partition in storage::partitions(catalog, table) {
        ledger.claim(&partition, LockMode::Share, LockRole::Descendant);
        let Some(found) = catalog.table(&partition) else {
            continue;
        };
        if let Some(part) = fitting(&partition, wanted, ledger) {
            // It becomes a part of the new one (measured on 15).
            ledger.claim(&part, LockMode::Share, LockRole::Index);
        } else if storage::has_storage(found) {
            let base = name_for(&partition, wanted, cause);
            let name = storage::free_name(ledger, &partition, &base);
            ledger.build(&partition, &name, cause);
        }
    }
}

/// An index of a partition that can become part of the wanted one: same method, keys, order, uniqueness, condition.
pub(super) fn fitting(
    partition: &QualifiedName,
    wanted: &IndexDefinition,
    ledger: &Ledger<'_>,
) -> Option<QualifiedName> {
    ledger
        .catalog()
        .indexes_of(partition)
        .find(|(_, index)| {
            index.state == IndexState::Valid
                && index.parent.is_none()
                && is_like(&index.definition, wanted)
        })
        .map(|(name, _)| name)
}

fn is_like(one: &IndexDefinition, other: &IndexDefinition) -> bool {
    let same_key = |(left, right): (&IndexKey, &IndexKey)| {
        let same_part = match (&left.part, &right.part) {
            (IndexKeyPart::Column(left), IndexKeyPart::Column(right)) => left == right,
            (IndexKeyPart::Expression(left), IndexKeyPart::Expression(right)) => {
                left.text == right.text
            }
            (IndexKeyPart::Column(_), IndexKeyPart::Expression(_))
            | (IndexKeyPart::Expression(_), IndexKeyPart::Column(_)) => false,
        };
        same_part
            && left.collation == right.collation
            && left.operator_class == right.operator_class
    };
    let condition =
        |index: &IndexDefinition| index.predicate.as_ref().map(|found| found.text.clone());
    one.method == other.method
        && one.keys.len() == other.keys.len()
        && one.keys.iter().zip(&other.keys).all(same_key)
        && one.include == other.include
        && one.uniqueness == other.uniqueness
        && condition(one) == condition(other)
}

/// The name the server gives to a partition's or a copied index: table, columns, `idx`, `key` or `pkey`.
pub(super) fn generated_name(table: &QualifiedName, like: &Index, owner: Option<&Table>) -> Ident {
    let is_primary = like.constraint.as_ref().is_some_and(|constraint| {
        owner
            .and_then(|found| found.constraint(constraint))
            .is_some_and(|found| matches!(found.kind, segue_model::ConstraintKind::PrimaryKey(_)))
    });
    if is_primary {
        return Ident::new(format!("{}_pkey", table.name.as_str()));
    }
    let cause = match (&like.constraint, like.definition.uniqueness) {
        (None, _) => Cause::Index,
        (Some(_), Uniqueness::NotUnique) => Cause::Exclusion,
        (Some(_), Uniqueness::Unique | Uniqueness::UniqueNullsEqual) => Cause::UniqueKey,
    };
    name_for(table, &like.definition, cause)
}

fn name_for(table: &QualifiedName, wanted: &IndexDefinition, cause: Cause) -> Ident {
    let mut name = String::from(table.name.as_str());
    for key in &wanted.keys {
        let part = match &key.part {
            IndexKeyPart::Column(column) => column.as_str(),
            IndexKeyPart::Expression(expression) => expression
                .functions
                .first()
                .map_or("expr", |function| function.name.as_str()),
        };
        let _ = write!(name, "_{part}");
    }
    name.push_str(match cause {
        Cause::UniqueKey => "_key",
        Cause::Exclusion => "_excl",
        Cause::VolatileDefault
        | Cause::StoredGenerated
        | Cause::Serial
        | Cause::Identity
        | Cause::ConstrainedDomain
        | Cause::TypeChange
        | Cause::SortOrderChange
        | Cause::UsingExpression
        | Cause::TimeZone
        | Cause::Check
        | Cause::NotNull
        | Cause::ForeignKey
        | Cause::Index
        | Cause::PartitionBound
        | Cause::DefaultPartition
        | Cause::Storage
        | Cause::Refresh
        | Cause::Query
        | Cause::DomainConstraint
        | Cause::Removal => "_idx",
    });
    Ident::new(name)
}

/// Virtual generated columns cannot be indexed. Source: PostgreSQL 18 manual, 5.4; measured on 18.
fn refuse_virtual(index: &IndexDefinition, ledger: &mut Ledger<'_>) {
    let Some(table) = ledger.catalog().table(&index.table) else {
        return;
    };
    for column in &table.columns {
        if matches!(column.fill, Fill::Virtual(_)) && definition_uses(index, &column.name) {
            ledger.refuse(
                RefusalReason::Unsupported,
                format!(
                    "column {} of {} is a virtual generated column and cannot be indexed",
                    column.name, index.table
                ),
            );
        }
    }
}

/// True when the index has this column in its key, as included column, in an expression or in its condition.
pub(super) fn uses(index: &Index, column: &Ident) -> bool {
    definition_uses(&index.definition, column)
}

fn definition_uses(index: &IndexDefinition, column: &Ident) -> bool {
    index.include.contains(column)
        || index
            .predicate
            .as_ref()
            .is_some_and(|condition| condition.columns.contains(column))
        || index.keys.iter().any(|key| match &key.part {
            IndexKeyPart::Column(name) => name == column,
            IndexKeyPart::Expression(expression) => expression.columns.contains(column),
        })
}

/// True when the index sorts by the column's own collation and default operator class.
pub(super) fn sorts_by(index: &Index, column: &Ident) -> bool {
    index.definition.keys.iter().any(|key| match &key.part {
        IndexKeyPart::Column(name) => name == column && key.collation.is_none(),
        IndexKeyPart::Expression(expression) => expression.columns.contains(column),
    })
}

/// True when an index whose column keeps its bytes can be taken over as it is: no expression, no condition, valid, and
/// no part of a partitioned one (measured on 15).
pub(super) fn is_reusable(index: &Index) -> bool {
    index.state == IndexState::Valid
        && index.parent.is_none()
        && index.definition.predicate.is_none()
        && index
            .definition
            .keys
            .iter()
            .all(|key| matches!(key.part, IndexKeyPart::Column(_)))
}

/// The key columns of an index that are plain columns.
pub(super) fn plain_columns(index: &Index) -> Vec<Ident> {
    index
        .definition
        .keys
        .iter()
        .filter_map(|key| match &key.part {
            IndexKeyPart::Column(name) => Some(name.clone()),
            IndexKeyPart::Expression(_) => None,
        })
        .collect()
}

/// Why an index cannot become a constraint's. Source: PostgreSQL 17 manual, ALTER TABLE; each measured on 15 and 18.
pub(super) fn refuse_as_constraint(table: &QualifiedName, name: &Ident, ledger: &mut Ledger<'_>) {
    let index_name = table.sibling(name.clone());
    let Some(index) = ledger.catalog().index(&index_name) else {
        return ledger.assume();
    };
    let definition = &index.definition;
    let has_order = definition
        .keys
        .iter()
        .any(|key| key.direction == Direction::Descending || key.nulls == NullsOrder::First);
    let has_expression = definition
        .keys
        .iter()
        .any(|key| matches!(key.part, IndexKeyPart::Expression(_)));
    let has_class = definition
        .keys
        .iter()
        .any(|key| key.operator_class.is_some() || key.collation.is_some());
    let reasons = [
        (
            &definition.table != table,
            "it is an index of another table",
        ),
        (index.constraint.is_some(), "it serves a constraint already"),
        (index.state == IndexState::Invalid, "it is not valid"),
        (
            definition.uniqueness == Uniqueness::NotUnique,
            "it is not unique",
        ),
        (definition.predicate.is_some(), "it is a partial index"),
        (has_expression, "it has an expression in its key"),
        (has_order, "it does not have the default sorting order"),
        (has_class, "it has a collation or operator class of its own"),
        (
            definition.method.as_str() != "btree",
            "it is not a btree index",
        ),
    ];
    for (_, reason) in reasons.into_iter().filter(|(applies, _)| *applies) {
        ledger.refuse(
            RefusalReason::IneligibleIndex,
            format!("the index {index_name} cannot become a constraint: {reason}"),
        );
    }
}

fn is_partitioned(index: &QualifiedName, ledger: &Ledger<'_>) -> bool {
    ledger
        .catalog()
        .index(index)
        .is_some_and(|found| storage::is_partitioned(ledger.catalog(), &found.definition.table))
}

/// DROP INDEX: ACCESS EXCLUSIVE on the table too; a partitioned index takes the partitions and their parts along
/// (measured on 15).
fn drop_blocking(
    name: &QualifiedName,
    presence: Presence,
    reaction: Reaction,
    ledger: &mut Ledger<'_>,
) {
    let Some(index) = ledger.catalog().index(name) else {
        return unknown_index(name, presence, LockMode::AccessExclusive, ledger);
    };
    ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
    ledger.claim(
        &index.definition.table,
        LockMode::AccessExclusive,
        LockRole::Dependent,
    );
    refuse_drop(name, index, reaction, ledger);
    for (part, table) in parts(name, ledger) {
        ledger.claim(&part, LockMode::AccessExclusive, LockRole::Index);
        ledger.claim(&table, LockMode::AccessExclusive, LockRole::Descendant);
    }
}

/// The partitions' indexes that belong to a partitioned one, with their tables.
pub(super) fn parts(
    name: &QualifiedName,
    ledger: &Ledger<'_>,
) -> Vec<(QualifiedName, QualifiedName)> {
    let catalog = ledger.catalog();
    let Some(index) = catalog.index(name) else {
        return Vec::new();
    };
    let mut family = vec![name.clone()];
    let mut found = Vec::new();
    for partition in storage::partitions(catalog, &index.definition.table) {
        for (part, known) in catalog.indexes_of(&partition) {
            if known
                .parent
                .as_ref()
                .is_some_and(|parent| family.contains(parent))
            {
                family.push(part.clone());
                found.push((part, partition.clone()));
            }
        }
    }
    found
}

fn drop_concurrently(
    name: &QualifiedName,
    presence: Presence,
    reaction: Reaction,
    ledger: &mut Ledger<'_>,
) {
    ledger.must_be_outside("DROP INDEX CONCURRENTLY");
    if reaction == Reaction::Cascade {
        ledger.refuse(
            RefusalReason::Unsupported,
            format!("DROP INDEX CONCURRENTLY {name} does not support CASCADE"),
        );
    }
    let Some(index) = ledger.catalog().index(name) else {
        return unknown_index(name, presence, LockMode::ShareUpdateExclusive, ledger);
    };
    if is_partitioned(name, ledger) {
        ledger.refuse(
            RefusalReason::Partitioned,
            format!(
                "{name} is the index of a partitioned table and cannot be dropped concurrently"
            ),
        );
    }
    refuse_drop(name, index, Reaction::Restrict, ledger);
    ledger.wait(Wait::Users);
    ledger.claim(name, LockMode::ShareUpdateExclusive, LockRole::Target);
    ledger.claim_during(
        Locked::Relation(name.clone()),
        LockMode::AccessExclusive,
        LockRole::Target,
        LockMoment::AtEnd,
    );
    ledger.claim(
        &index.definition.table,
        LockMode::ShareUpdateExclusive,
        LockRole::Dependent,
    );
}

fn unknown_index(
    name: &QualifiedName,
    presence: Presence,
    mode: LockMode,
    ledger: &mut Ledger<'_>,
) {
    ledger.assume();
    // IF EXISTS on what the history never made: most likely it is not there, and then nothing is locked (measured).
    if presence == Presence::Required {
        ledger.claim(name, mode, LockRole::Target);
        ledger.claim_unnamed(
            format!("the table of the index {name}"),
            mode,
            LockRole::Dependent,
        );
    }
}

/// An index that serves a constraint goes with it only; one that is part of a partitioned one not alone; a unique one
/// that a foreign key relies on only with CASCADE. Source: manual, DROP INDEX.
fn refuse_drop(name: &QualifiedName, index: &Index, reaction: Reaction, ledger: &mut Ledger<'_>) {
    if let Some(constraint) = &index.constraint {
        ledger.refuse(
            RefusalReason::Dependents,
            format!(
                "{name} cannot be dropped: the constraint {constraint} of {} needs it",
                index.definition.table
            ),
        );
    }
    if let Some(parent) = &index.parent {
        ledger.refuse(
            RefusalReason::Dependents,
            format!("{name} cannot be dropped: it is part of the partitioned index {parent}"),
        );
    }
    if index.constraint.is_none() && index.definition.uniqueness != Uniqueness::NotUnique {
        let columns = plain_columns(index);
        removal::referencing_key(&index.definition.table, &columns, name, reaction, ledger);
    }
}

/// REINDEX INDEX. Source: PostgreSQL 17 manual, REINDEX; measured on 15.
fn rebuild(name: &QualifiedName, build: Build, ledger: &mut Ledger<'_>) {
    let Some(index) = ledger.catalog().index(name) else {
        if build == Build::Concurrently {
            ledger.must_be_outside("REINDEX CONCURRENTLY");
        }
        let mode = match build {
            Build::Blocking => LockMode::AccessExclusive,
            Build::Concurrently => LockMode::ShareUpdateExclusive,
        };
        return unknown_index(name, Presence::Required, mode, ledger);
    };
    let table = &index.definition.table;
    if is_partitioned(name, ledger) {
        ledger.since(14, "REINDEX of a partitioned index");
        maintenance::outside_for_partitions(build, ledger);
        let mode = match build {
            Build::Blocking => LockMode::Share,
            Build::Concurrently => LockMode::ShareUpdateExclusive,
        };
        ledger.claim(table, mode, LockRole::Dependent);
        for (part, partition) in parts(name, ledger) {
            maintenance::claim_listed_partition(&partition, ledger);
            if !storage::is_partitioned(ledger.catalog(), &partition) {
                maintenance::rebuild_index(&partition, &part, build, ledger);
            }
        }
        return;
    }
    maintenance::rebuild_index(table, name, build, ledger);
}
