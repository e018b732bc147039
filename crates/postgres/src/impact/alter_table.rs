//! ALTER TABLE: one lock for all its subcommands, the passes in the server's order, and who is reached besides.
//!
//! A statement takes the strongest lock of its subcommands for all of them: one that needs ACCESS EXCLUSIVE makes a
//! VALIDATE beside it run under ACCESS EXCLUSIVE. Source: PostgreSQL 17 manual, ALTER TABLE (Notes); measured on 15
//! and 18 (`multi-subcommand-ael`).

use segue_model::{
    Change, ColumnChange, ConstraintChange, ConstraintKind, Enforcement, Ident, LockMode, LockRole,
    Nullability, QualifiedName, RefusalReason, Relation, Scope, Table, TableChange, Target,
    Validity,
};

use super::ledger::Ledger;
use super::{alter_column, constraint, partition, storage, table, view};

/// What earlier passes of the same statement have taken away, and what it has retyped.
#[derive(Default)]
pub(super) struct Passed {
    /// Constraints that are gone.
    pub(super) dropped_constraints: Vec<Ident>,
    /// Columns that are gone.
    pub(super) dropped_columns: Vec<Ident>,
    /// Columns that refuse null from now on.
    pub(super) not_null: Vec<Ident>,
}

impl Passed {
    /// True when no row of the table can have null in the column, by what is left when this pass comes.
    ///
    /// Drops run first, so a CHECK that the same statement drops proves nothing (measured on 15 and 18).
    pub(super) fn proves_not_null(&self, table: &Table, column: &Ident) -> bool {
        if table
            .column(column)
            .is_some_and(|column| column.nullability == Nullability::NotNull)
        {
            return true;
        }
        table.constraints.iter().any(|constraint| {
            constraint.validity == Validity::Valid
                && constraint.enforcement == Enforcement::Enforced
                && !self.dropped_constraints.contains(&constraint.name)
                && matches!(&constraint.kind, ConstraintKind::Check(check) if check.logic.proves_not_null(column))
        })
    }
}

/// The subcommands of one ALTER TABLE.
pub(super) fn alter_table(target: &Target, changes: &[&Change], ledger: &mut Ledger<'_>) {
    match ledger.catalog().relation(&target.name) {
        Some(Relation::View(_)) => return view::alter_by_table(target, changes, ledger),
        Some(Relation::Index(_) | Relation::Sequence(_)) => {
            // `ALTER TABLE index RENAME` and the like: ACCESS EXCLUSIVE, unlike ALTER INDEX (measured).
            return ledger.claim(&target.name, LockMode::AccessExclusive, LockRole::Target);
        }
        Some(Relation::Table(_)) | None => {}
    }
    ledger.table(&target.name);
    let mode = changes.iter().map(|change| lock_mode(change)).max();
    let Some(mode) = mode else { return };
    ledger.claim(&target.name, mode, LockRole::Target);
    for change in changes {
        for member in reached(target, change, ledger) {
            ledger.claim(&member, member_mode(change, mode), LockRole::Descendant);
        }
        refuse_in_use(&target.name, ledger);
    }
    run_passes(target, changes, ledger);
}

fn run_passes(target: &Target, changes: &[&Change], ledger: &mut Ledger<'_>) {
    let mut ordered: Vec<&Change> = changes.to_vec();
    ordered.sort_by_key(|change| pass(change));
    let mut passed = Passed::default();
    for change in ordered {
        match change {
            Change::Table(_, change) => table::alter(&target.name, change, ledger),
            Change::Column(_, change) => alter_column::alter(target, change, &mut passed, ledger),
            Change::Constraint(_, change) => constraint::alter(target, change, &mut passed, ledger),
            Change::Partition(_, change) => partition::alter(&target.name, change, ledger),
            // Only these four are subcommands of ALTER TABLE: the caller sends nothing else here.
            Change::Namespace(..)
            | Change::Index(..)
            | Change::View(..)
            | Change::Sequence(..)
            | Change::Type(..)
            | Change::Domain(..)
            | Change::Routine(..)
            | Change::Trigger(..)
            | Change::Rule(..)
            | Change::Policy(..)
            | Change::Statistics(..)
            | Change::Publication(..)
            | Change::Extension(..)
            | Change::Privilege(..)
            | Change::Comment(..)
            | Change::Data(..)
            | Change::Maintenance(..)
            | Change::Session(..)
            | Change::Transaction(..)
            | Change::Program(..)
            | Change::Other(..)
            | Change::Opaque(..) => {}
        }
    }
}

/// In which pass the server runs a subcommand: drops, type changes, new columns, column attributes, then the rest.
///
/// Measured on 15 and 18: `SET NOT NULL, DROP CONSTRAINT proof` scans.
fn pass(change: &Change) -> u8 {
    match change {
        Change::Column(_, change) => match change {
            ColumnChange::Drop { .. } => 0,
            ColumnChange::SetType { .. } => 1,
            ColumnChange::Add { .. } => 2,
            ColumnChange::SetExpression { .. } => 2,
            ColumnChange::Rename { .. }
            | ColumnChange::SetDefault { .. }
            | ColumnChange::DropDefault(_)
            | ColumnChange::SetNotNull(_)
            | ColumnChange::DropNotNull(_)
            | ColumnChange::AddIdentity { .. }
            | ColumnChange::SetIdentity { .. }
            | ColumnChange::DropIdentity { .. }
            | ColumnChange::DropExpression { .. }
            | ColumnChange::SetStatistics(_)
            | ColumnChange::SetParameters { .. }
            | ColumnChange::SetStorage(_)
            | ColumnChange::SetAside(_)
            | ColumnChange::PutBack(_)
            | ColumnChange::SetCompression(_) => 3,
        },
        Change::Constraint(_, change) => match change {
            ConstraintChange::Drop { .. } => 0,
            ConstraintChange::Add(_) => 4,
            ConstraintChange::Validate(_)
            | ConstraintChange::Rename { .. }
            | ConstraintChange::SetDeferral { .. }
            | ConstraintChange::SetEnforcement { .. } => 5,
        },
        Change::Table(..) | Change::Partition(..) => 5,
        Change::Namespace(..)
        | Change::Index(..)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(..)
        | Change::Comment(..)
        | Change::Data(..)
        | Change::Maintenance(..)
        | Change::Session(..)
        | Change::Transaction(..)
        | Change::Program(..)
        | Change::Other(..)
        | Change::Opaque(..) => 6,
    }
}

/// The lock each subcommand takes on its table.
///
/// Source: PostgreSQL 17 manual, ALTER TABLE: ACCESS EXCLUSIVE unless noted; measured on 15 and 18.
fn lock_mode(change: &Change) -> LockMode {
    match change {
        Change::Table(_, change) => table::lock_mode(change),
        Change::Column(_, change) => alter_column::lock_mode(change),
        Change::Constraint(_, change) => constraint::lock_mode(change),
        Change::Partition(_, change) => partition::lock_mode(change),
        Change::Namespace(..)
        | Change::Index(..)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(..)
        | Change::Comment(..)
        | Change::Data(..)
        | Change::Maintenance(..)
        | Change::Session(..)
        | Change::Transaction(..)
        | Change::Program(..)
        | Change::Other(..)
        | Change::Opaque(..) => LockMode::AccessExclusive,
    }
}

/// Which children and partitions a subcommand goes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaches {
    /// None.
    Nobody,
    /// Partitions, and children by INHERITS.
    Everybody,
    /// Partitions only.
    Partitions,
}

fn reached(target: &Target, change: &Change, ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    let catalog = ledger.catalog();
    let reaches = match change {
        Change::Table(_, change) => table::reaches(&target.name, change, ledger),
        Change::Column(_, change) => alter_column::reaches(change, ledger.version()),
        Change::Constraint(_, change) => constraint::reaches(&target.name, change, ledger),
        Change::Partition(..)
        | Change::Namespace(..)
        | Change::Index(..)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(..)
        | Change::Comment(..)
        | Change::Data(..)
        | Change::Maintenance(..)
        | Change::Session(..)
        | Change::Transaction(..)
        | Change::Program(..)
        | Change::Other(..)
        | Change::Opaque(..) => Reaches::Nobody,
    };
    match (reaches, target.scope) {
        (Reaches::Nobody, _) | (_, Scope::Only) => Vec::new(),
        (Reaches::Everybody, Scope::WithDescendants) => catalog.descendants(&target.name),
        (Reaches::Partitions, Scope::WithDescendants) => storage::partitions(catalog, &target.name),
    }
}

/// A key on a partitioned table builds the partitions' indexes under SHARE, as CREATE INDEX does (measured on 15);
/// everything else takes the statement's lock on all it reaches.
fn member_mode(change: &Change, statement: LockMode) -> LockMode {
    match change {
        Change::Constraint(_, ConstraintChange::Add(added)) => match &added.kind {
            ConstraintKind::Unique(_)
            | ConstraintKind::PrimaryKey(_)
            | ConstraintKind::Exclude { .. } => LockMode::Share,
            ConstraintKind::ForeignKey(_) => LockMode::ShareRowExclusive,
            ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => statement,
        },
        Change::Namespace(..)
        | Change::Table(..)
        | Change::Column(..)
        | Change::Constraint(..)
        | Change::Partition(..)
        | Change::Index(..)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(..)
        | Change::Comment(..)
        | Change::Data(..)
        | Change::Maintenance(..)
        | Change::Session(..)
        | Change::Transaction(..)
        | Change::Program(..)
        | Change::Other(..)
        | Change::Opaque(..) => statement,
    }
}

/// Deferred checks that wait for the end of the transaction stop ALTER TABLE, DROP TABLE and TRUNCATE.
///
/// Measured on 15 and 18: "because it has pending trigger events".
pub(super) fn refuse_in_use(table: &QualifiedName, ledger: &mut Ledger<'_>) {
    if ledger.context.transaction.pending_events.contains(table) {
        ledger.refuse(
            RefusalReason::PendingTriggerEvents,
            format!("{table} has pending trigger events: rows were written earlier in this transaction and their deferred checks still wait"),
        );
    }
}

/// The lock of a table as a whole when a `TableChange` stands alone.
pub(super) fn is_alteration(change: &TableChange) -> bool {
    match change {
        TableChange::Create(_) | TableChange::Drop { .. } => false,
        TableChange::Rename(_)
        | TableChange::SetNamespace(_)
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
        | TableChange::OfType(_) => true,
    }
}
