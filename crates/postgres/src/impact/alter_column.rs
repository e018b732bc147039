//! ALTER TABLE … COLUMN: what each subcommand locks, scans and rewrites.
//!
//! Whether a type change rewrites is decided in `column_type`.

use segue_model::{
    Cause, Column, ColumnChange, ConstraintKind, DataType, Expression, Fill, Ident, KeyColumns,
    LockMode, LockRole, Nullability, Presence, QualifiedName, Reaction, RefusalReason, Scope,
    Shape, Table, Target, UserTypeKind, Volatility, WorkKind, owned_sequence,
};

use super::alter_table::{Passed, Reaches};
use super::ledger::Ledger;
use super::{column_type, constraint, enum_value, privilege, removal, storage};

/// Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18.
pub(super) fn lock_mode(change: &ColumnChange) -> LockMode {
    match change {
        ColumnChange::SetStatistics(_) | ColumnChange::SetParameters { .. } => {
            LockMode::ShareUpdateExclusive
        }
        ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::Rename { .. }
        | ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => LockMode::AccessExclusive,
    }
}

/// Measured on 15 (children by INHERITS, partitions): SET (`n_distinct`) and SET COMPRESSION stay on the table. Identity
/// goes down to partitions since 17. Source: PostgreSQL 17 release notes.
pub(super) fn reaches(change: &ColumnChange, version: u16) -> Reaches {
    match change {
        ColumnChange::SetParameters { .. }
        | ColumnChange::SetCompression(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_) => Reaches::Nobody,
        ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. } => {
            if version >= 17 {
                Reaches::Partitions
            } else {
                Reaches::Nobody
            }
        }
        ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::Rename { .. }
        | ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetStorage(_) => Reaches::Everybody,
    }
}

/// What a subcommand does besides the lock on its table.
pub(super) fn alter(
    target: &Target,
    change: &ColumnChange,
    passed: &mut Passed,
    ledger: &mut Ledger<'_>,
) {
    let table = &target.name;
    match change {
        ColumnChange::Add {
            column,
            constraints,
            presence,
        } => {
            if *presence == Presence::Lenient
                && ledger.catalog().column(table, &column.name).is_some()
            {
                return;
            }
            add(target, column, ledger);
            for added in constraints {
                constraint::add_with_column(target, added, column, ledger);
            }
        }
        ColumnChange::Drop { name, reaction, .. } => {
            passed.dropped_columns.push(name.clone());
            drop_column(target, name, *reaction, ledger);
        }
        ColumnChange::SetType { .. } => column_type::change(target, change, ledger),
        ColumnChange::SetNotNull(name) => set_not_null(target, name, passed, ledger),
        // The owned sequence changes with it (measured: SHARE ROW EXCLUSIVE).
        ColumnChange::SetIdentity { name, .. } => {
            claim_sequence(table, name, LockMode::ShareRowExclusive, ledger);
        }
        // The owned sequence is dropped (measured).
        ColumnChange::DropIdentity { name, .. } => {
            claim_sequence(table, name, LockMode::AccessExclusive, ledger);
        }
        ColumnChange::SetExpression { name, .. } => set_expression(target, name, ledger),
        ColumnChange::DropExpression { .. } => ledger.since(13, "ALTER COLUMN … DROP EXPRESSION"),
        ColumnChange::SetCompression(_) => ledger.since(14, "ALTER COLUMN … SET COMPRESSION"),
        ColumnChange::SetAside(name) => {
            for view in ledger.catalog().views_upon(table, name) {
                ledger.claim(&view, LockMode::AccessExclusive, LockRole::View);
            }
            claim_sequence(table, name, LockMode::AccessExclusive, ledger);
        }
        // What it makes nobody knows yet.
        ColumnChange::PutBack(_) => {}
        ColumnChange::SetDefault { name, default } => {
            if let Some(known) = ledger.catalog().column(table, name) {
                enum_value::refuse(default, Some(&known.data_type), ledger);
            }
        }
        // Metadata only (measured). ADD IDENTITY makes a new sequence and touches no row.
        ColumnChange::Rename { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_) => {}
    }
}

/// Why a new column needs a value of its own in every row; none when the default can be kept beside the table.
///
/// Since 11 a default that is the same for every row is metadata. Source: PostgreSQL 17 manual, ALTER TABLE (Notes);
/// measured on 15 and 18: volatile defaults, serial, identity, stored columns and constrained domains (these even
/// without a default) rewrite.
pub(super) fn rewrite_cause(column: &Column, ledger: &mut Ledger<'_>) -> Option<Cause> {
    match &column.fill {
        Fill::Serial => return Some(Cause::Serial),
        Fill::Identity(_) => return Some(Cause::Identity),
        Fill::Stored(_) => return Some(Cause::StoredGenerated),
        // Nothing is stored. Source: PostgreSQL 18 manual, 5.4; measured.
        Fill::Virtual(_) => return None,
        Fill::Default(default) => {
            if let Some(cause) = volatile_cause(default, ledger) {
                return Some(cause);
            }
        }
        Fill::None => {
            if let Some(default) = domain_default(&column.data_type, ledger)
                && let Some(cause) = volatile_cause(default, ledger)
            {
                return Some(cause);
            }
        }
    }
    constrained_domain(&column.data_type, ledger).then_some(Cause::ConstrainedDomain)
}

/// Wider for a volatile SQL function whose body is a constant: the planner puts the body in its place (measured on 15).
fn volatile_cause(default: &Expression, ledger: &mut Ledger<'_>) -> Option<Cause> {
    if matches!(default.shape, Shape::NextValue(_)) {
        return Some(Cause::VolatileDefault);
    }
    match default.volatility(ledger.catalog()) {
        Volatility::Immutable | Volatility::Stable => None,
        Volatility::Volatile => Some(Cause::VolatileDefault),
        Volatility::Unknown => {
            ledger.assume();
            Some(Cause::VolatileDefault)
        }
    }
}

/// The default that a domain brings along.
fn domain_default<'a>(data_type: &DataType, ledger: &Ledger<'a>) -> Option<&'a Expression> {
    if data_type.dimensions > 0 {
        return None;
    }
    match &ledger.catalog().user_type(data_type)?.kind {
        UserTypeKind::Domain { default, .. } => default.as_ref(),
        UserTypeKind::Plain(_) => None,
    }
}

/// True for a domain with constraints; an array of one is none. A type that is not known may be one, and counts as one
/// unless a well-known extension brings it.
pub(super) fn constrained_domain(data_type: &DataType, ledger: &mut Ledger<'_>) -> bool {
    if data_type.dimensions > 0 {
        return false;
    }
    if let Some(answer) = ledger.catalog().is_constrained_domain(data_type) {
        return answer;
    }
    let is_known = data_type
        .user_type()
        .is_some_and(privilege::is_extension_type);
    if !is_known {
        ledger.assume();
    }
    !is_known
}

fn add(target: &Target, column: &Column, ledger: &mut Ledger<'_>) {
    if matches!(column.fill, Fill::Virtual(_)) {
        ledger.since(18, "a virtual generated column");
    }
    if let Fill::Default(default) = &column.fill {
        enum_value::refuse(default, Some(&column.data_type), ledger);
    }
    let cause = rewrite_cause(column, ledger);
    let members = storage::family(ledger.catalog(), &target.name, target.scope);
    for member in storage::stored(ledger.catalog(), members) {
        if let Some(cause) = cause {
            storage::rewrite(ledger, &member, cause);
        } else if needs_null_check(column) {
            // NOT NULL without a value for the old rows: every row is checked, and the first one fails.
            ledger.scan(&member, Cause::NotNull);
        }
    }
    if cause.is_some() || !matches!(column.fill, Fill::None | Fill::Virtual(_)) {
        refuse_row_type(&target.name, ledger);
    }
}

/// NOT NULL is checked row by row unless a default that is not null fills the old rows.
fn needs_null_check(column: &Column) -> bool {
    column.nullability == Nullability::NotNull
        && match &column.fill {
            Fill::None | Fill::Virtual(_) => true,
            Fill::Default(default) => default.shape == Shape::Null,
            Fill::Serial | Fill::Identity(_) | Fill::Stored(_) => false,
        }
}

/// Columns of other tables that hold rows of this table stop what would change old rows. Source: manual, ALTER TABLE.
pub(super) fn refuse_row_type(table: &QualifiedName, ledger: &mut Ledger<'_>) {
    let users: Vec<QualifiedName> = ledger
        .catalog()
        .linked(&segue_model::Link::HasType(table.clone()))
        .filter(|user| *user != table)
        .cloned()
        .collect();
    for user in users {
        ledger.refuse(
            RefusalReason::Dependents,
            format!("{table} cannot be altered because a column of {user} has its row type"),
        );
    }
}

/// SET NOT NULL reads every row unless the column refuses null already or a valid CHECK proves it (since 12).
///
/// Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18. On 18 an unchecked not-null proves nothing
/// (measured: `set-not-null-over-notvalid`).
pub(super) fn set_not_null(
    target: &Target,
    column: &Ident,
    passed: &mut Passed,
    ledger: &mut Ledger<'_>,
) {
    let members = storage::family(ledger.catalog(), &target.name, target.scope);
    for member in storage::stored(ledger.catalog(), members) {
        let proven = ledger
            .table(&member)
            .is_some_and(|table| passed.proves_not_null(table, column));
        if !proven {
            ledger.scan(&member, Cause::NotNull);
        }
    }
    passed.not_null.push(column.clone());
}

fn claim_sequence(table: &QualifiedName, column: &Ident, mode: LockMode, ledger: &mut Ledger<'_>) {
    if let Some(sequence) = sequence_of(table, column, ledger) {
        ledger.claim(&sequence, mode, LockRole::Sequence);
    }
}

/// The sequence that goes with a column, by the catalog or, where the table is only assumed, by the usual name.
pub(super) fn sequence_of(
    table: &QualifiedName,
    column: &Ident,
    ledger: &mut Ledger<'_>,
) -> Option<QualifiedName> {
    let catalog = ledger.catalog();
    let known = catalog
        .linked(&segue_model::Link::OwnedBy(table.clone()))
        .find(|name| {
            catalog
                .sequence(name)
                .and_then(|sequence| sequence.owned_by.as_ref())
                .is_some_and(|(_, owner)| owner == column)
        })
        .cloned();
    if known.is_none() && storage::is_assumed(catalog, table) {
        ledger.assume();
        return Some(owned_sequence(table, column));
    }
    known
}

/// SET EXPRESSION rewrites a stored column; a virtual one is metadata. Source: manual; measured on 18.
fn set_expression(target: &Target, column: &Ident, ledger: &mut Ledger<'_>) {
    ledger.since(17, "ALTER COLUMN … SET EXPRESSION");
    let members = storage::family(ledger.catalog(), &target.name, target.scope);
    for member in storage::stored(ledger.catalog(), members) {
        let is_virtual = ledger
            .table(&member)
            .and_then(|table| table.column(column))
            .is_some_and(|known| matches!(known.fill, Fill::Virtual(_)));
        if !is_virtual {
            storage::rewrite(ledger, &member, Cause::StoredGenerated);
        }
    }
}

/// DROP COLUMN: metadata, but what stands on the column goes with it, each under ACCESS EXCLUSIVE.
///
/// Measured on 15 and 18: its indexes; the table its foreign key points at; with CASCADE the tables that reference
/// it and the views that read it.
fn drop_column(target: &Target, column: &Ident, reaction: Reaction, ledger: &mut Ledger<'_>) {
    for member in storage::family(ledger.catalog(), &target.name, target.scope) {
        let Some(table) = ledger.table(&member) else {
            continue;
        };
        for index in indexes_over(&member, column, ledger) {
            ledger.claim(&index, LockMode::AccessExclusive, LockRole::Index);
        }
        for (_, key) in table.foreign_keys() {
            if key.columns.contains(column) {
                constraint::claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
            }
        }
        if let Some(sequence) = table
            .column(column)
            .and_then(|_| sequence_of(&member, column, ledger))
        {
            ledger.claim(&sequence, LockMode::AccessExclusive, LockRole::Sequence);
        }
    }
    removal::column_dependents(&target.name, column, reaction, ledger);
    refuse_partition_key(target, column, "dropped", ledger);
}

/// A column of the partition key stays as it is. Source: manual, ALTER TABLE.
pub(super) fn refuse_partition_key(
    target: &Target,
    column: &Ident,
    what: &str,
    ledger: &mut Ledger<'_>,
) {
    let table = &target.name;
    let is_key = ledger
        .catalog()
        .table(table)
        .and_then(|found| found.partitioning.as_ref())
        .is_some_and(|partitioning| {
            partitioning.columns.contains(column)
                || partitioning
                    .expressions
                    .iter()
                    .any(|expression| expression.columns.contains(column))
        });
    if is_key {
        ledger.refuse(
            RefusalReason::Unsupported,
            format!("column {column} of {table} cannot be {what}: it is part of the partition key"),
        );
    }
}

/// The indexes of a table that have a column in their key, as included column, in an expression or in a condition.
pub(super) fn indexes_over(
    table: &QualifiedName,
    column: &Ident,
    ledger: &Ledger<'_>,
) -> Vec<QualifiedName> {
    ledger
        .catalog()
        .indexes_of(table)
        .filter(|(_, index)| super::index::uses(index, column))
        .map(|(name, _)| name)
        .collect()
}

/// The columns of a key, by the constraint or by the index it takes over.
pub(super) fn key_columns(
    table: &QualifiedName,
    key: &KeyColumns,
    ledger: &Ledger<'_>,
) -> Vec<Ident> {
    match key {
        KeyColumns::Build { columns, .. } => columns.clone(),
        KeyColumns::UsingIndex(name) => ledger
            .catalog()
            .index(&table.sibling(name.clone()))
            .map(super::index::plain_columns)
            .unwrap_or_default(),
    }
}

/// True when a CHECK that was proven for the old rows names the column.
pub(super) fn has_checked(table: &Table, column: &Ident) -> bool {
    table.constraints.iter().any(|known| {
        known.validity == segue_model::Validity::Valid
            && known.enforcement == segue_model::Enforcement::Enforced
            && matches!(&known.kind, ConstraintKind::Check(check) if check.columns.contains(column))
    })
}

/// A new file for the sequence that goes with a column.
pub(super) fn renew_sequence(table: &QualifiedName, column: &Ident, ledger: &mut Ledger<'_>) {
    if let Some(sequence) = sequence_of(table, column, ledger) {
        ledger.claim(&sequence, LockMode::ShareRowExclusive, LockRole::Sequence);
        ledger.work(&sequence, WorkKind::NewFile, Cause::TypeChange);
    }
}

/// The whole target when nothing says ONLY.
pub(super) fn whole(table: &QualifiedName) -> Target {
    Target {
        name: table.clone(),
        presence: Presence::Required,
        scope: Scope::WithDescendants,
    }
}
