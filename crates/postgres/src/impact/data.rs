//! Rows read and written: SELECT, INSERT, UPDATE, DELETE, MERGE, COPY, TRUNCATE, `setval`.
//!
//! Source: PostgreSQL 17 manual, 13.3; measured on 15 and 18. What a trigger does besides is not looked into.

use segue_model::{
    Assignment, Catalog, Cause, DataChange, DataType, Expression, Fill, ForeignKey, FunctionUse,
    Ident, InsertColumns, InsertSource, LockMode, LockRole, QualifiedName, Query, Reach, Reaction,
    ReferentialAction, RefusalReason, Relation, RoutineBody, RowLock, Shape, TruncateIdentity,
    ViewKind, Volatility, WorkKind,
};

use super::alter_table::refuse_in_use;
use super::ledger::Ledger;
use super::{constraint, enum_value, storage, table};

/// What reading or writing rows locks and reads.
pub(super) fn change(change: &DataChange, ledger: &mut Ledger<'_>) {
    match change {
        DataChange::Insert {
            table,
            columns,
            source,
            each: _,
        } => insert(table, columns, source, ledger),
        DataChange::Update {
            table,
            assignments,
            reach,
            filter,
            reads,
        } => {
            refuse_labels(table, assignments, filter.as_ref(), ledger);
            read_beside(reads, ledger);
            write(table, *reach, Cause::Query, ledger);
            update_keys(table, assignments, ledger);
        }
        DataChange::Delete {
            table,
            reach,
            filter,
            reads,
        } => {
            refuse_labels(table, &[], filter.as_ref(), ledger);
            read_beside(reads, ledger);
            delete(table, *reach, ledger);
        }
        DataChange::Merge { table, reads } => {
            ledger.since(15, "MERGE");
            read_beside(reads, ledger);
            write(table, Reach::Unknown, Cause::Query, ledger);
            parents(table, |_| true, ledger);
            referencing(table, |_| true, ActionOn::Delete, ledger);
        }
        DataChange::Truncate {
            tables,
            reaction,
            identity,
        } => truncate(tables, *reaction, *identity, ledger),
        DataChange::CopyIn { table } => {
            claim_target(table, ledger);
            ledger.work(table, WorkKind::Rows, Cause::Query);
            parents(table, |_| true, ledger);
        }
        DataChange::CopyOut { reads } => {
            claim_reads(reads, ledger);
            for name in reads {
                ledger.scan(name, Cause::Query);
            }
        }
        DataChange::Select(query) => select(query, ledger),
        // A lock of a writer on the sequence (measured).
        DataChange::SetSequenceValue(sequence) => {
            ledger.claim(sequence, LockMode::RowExclusive, LockRole::Sequence);
        }
    }
}

/// ACCESS SHARE on what a query reads, and on what the views among it read.
pub(super) fn claim_reads(relations: &[QualifiedName], ledger: &mut Ledger<'_>) {
    for name in with_bases(relations, ledger.catalog()) {
        let role = match ledger.catalog().relation(&name) {
            Some(Relation::View(_)) => LockRole::View,
            Some(Relation::Table(_) | Relation::Index(_) | Relation::Sequence(_)) | None => {
                LockRole::Dependent
            }
        };
        ledger.claim(&name, LockMode::AccessShare, role);
    }
}

/// What a write reads besides its table: how much of it depends on the plan.
fn read_beside(relations: &[QualifiedName], ledger: &mut Ledger<'_>) {
    claim_reads(relations, ledger);
    for name in relations {
        ledger.work(name, WorkKind::Rows, Cause::Query);
    }
}

/// Relations, and what the views among them read.
fn with_bases(relations: &[QualifiedName], catalog: &Catalog) -> Vec<QualifiedName> {
    let mut found: Vec<QualifiedName> = relations.to_vec();
    let mut next = 0;
    while let Some(name) = found.get(next).cloned() {
        if let Some(view) = catalog.view(&name)
            && view.definition.kind == ViewKind::View
        {
            for base in &view.definition.query.relations {
                if !found.contains(base) {
                    found.push(base.clone());
                }
            }
        }
        next += 1;
    }
    found
}

/// A query that stores what it reads: ACCESS SHARE, and every row that its condition does not spare.
pub(super) fn read(query: &Query, ledger: &mut Ledger<'_>) {
    claim_reads(&query.relations, ledger);
    read_rows(query, ledger);
}

fn read_rows(query: &Query, ledger: &mut Ledger<'_>) {
    let kind = match query.reach {
        Reach::All => WorkKind::Scan,
        Reach::Some | Reach::Unknown => WorkKind::Rows,
    };
    for name in with_bases(&query.relations, ledger.catalog()) {
        let is_view = ledger
            .catalog()
            .view(&name)
            .is_some_and(|view| view.definition.kind == ViewKind::View);
        if !is_view {
            for member in storage::stored(ledger.catalog(), with_partitions(&name, ledger)) {
                ledger.work(&member, kind.clone(), Cause::Query);
            }
        }
    }
}

/// FOR UPDATE and FOR SHARE take ROW SHARE on the tables and, through the planner, on their indexes (measured).
fn select(query: &Query, ledger: &mut Ledger<'_>) {
    match query.row_lock {
        RowLock::None => claim_reads(&query.relations, ledger),
        RowLock::Share | RowLock::Update => {
            for name in with_bases(&query.relations, ledger.catalog()) {
                for member in with_partitions(&name, ledger) {
                    ledger.claim(&member, LockMode::RowShare, LockRole::Target);
                    claim_stored_indexes(ledger, &member, LockMode::RowShare);
                }
            }
        }
    }
    read_rows(query, ledger);
    enum_value::refuse_text(&query.text, None, ledger);
    for call in &query.functions {
        run(call, ledger);
    }
}

/// A function that a statement calls runs now: what stands inside it happens too.
fn run(call: &FunctionUse, ledger: &mut Ledger<'_>) {
    if call.built_in != Volatility::Unknown {
        return;
    }
    let routines: Vec<_> = ledger
        .catalog()
        .routines
        .iter()
        .filter(|(name, _)| {
            name.name == call.name
                && call
                    .namespace
                    .as_ref()
                    .is_none_or(|namespace| namespace == &name.namespace)
        })
        .flat_map(|(_, routines)| routines)
        .collect();
    if routines.is_empty() {
        return ledger.unknown(format!("what the function {} touches", call.name));
    }
    for routine in routines {
        match (&routine.definition.body, routine.definition.volatility) {
            // They may only read. Source: manual, 36.7.
            (_, Volatility::Immutable | Volatility::Stable) => {}
            (RoutineBody::Read(statements), Volatility::Volatile | Volatility::Unknown) => {
                ledger.assume();
                super::inner(statements, ledger);
            }
            (RoutineBody::Unread(_), Volatility::Volatile | Volatility::Unknown) => {
                ledger.unknown(format!("what the function {} touches", call.name));
            }
        }
    }
}

/// ROW EXCLUSIVE on the table written, on the view it is written through and what stands under it.
fn claim_target(name: &QualifiedName, ledger: &mut Ledger<'_>) {
    if let Some(view) = ledger.catalog().view(name) {
        ledger.claim(name, LockMode::RowExclusive, LockRole::Target);
        for base in view.definition.query.relations.clone() {
            ledger.claim(&base, LockMode::RowExclusive, LockRole::View);
        }
        return;
    }
    ledger.table(name);
    ledger.claim(name, LockMode::RowExclusive, LockRole::Target);
    // Wider for a partitioned table: only the partitions the rows belong to are locked, and those are not known.
    for partition in storage::partitions(ledger.catalog(), name) {
        ledger.claim(&partition, LockMode::RowExclusive, LockRole::Descendant);
    }
}

fn with_partitions(name: &QualifiedName, ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    storage::family(ledger.catalog(), name, segue_model::Scope::WithDescendants)
}

/// The indexes of a table with rows of its own; those of a partitioned table are not opened (measured on 15).
fn claim_stored_indexes(ledger: &mut Ledger<'_>, name: &QualifiedName, mode: LockMode) {
    if !storage::is_partitioned(ledger.catalog(), name) {
        storage::claim_indexes(ledger, name, mode);
    }
}

/// UPDATE and DELETE: ROW EXCLUSIVE on the table, its children and all their indexes (measured).
fn write(name: &QualifiedName, reach: Reach, cause: Cause, ledger: &mut Ledger<'_>) {
    claim_target(name, ledger);
    for member in with_partitions(name, ledger) {
        ledger.claim(&member, LockMode::RowExclusive, LockRole::Descendant);
        claim_stored_indexes(ledger, &member, LockMode::RowExclusive);
    }
    let kind = match reach {
        Reach::All => WorkKind::Scan,
        Reach::Some | Reach::Unknown => WorkKind::Rows,
    };
    for member in storage::stored(ledger.catalog(), with_partitions(name, ledger)) {
        ledger.work(&member, kind.clone(), cause);
    }
}

fn delete(name: &QualifiedName, reach: Reach, ledger: &mut Ledger<'_>) {
    write(name, reach, Cause::Removal, ledger);
    for member in with_partitions(name, ledger) {
        referencing(&member, |_| true, ActionOn::Delete, ledger);
    }
}

/// INSERT: ROW EXCLUSIVE on the table; its indexes are let go when the statement ends and stop nobody (measured).
fn insert(
    name: &QualifiedName,
    columns: &InsertColumns,
    source: &InsertSource,
    ledger: &mut Ledger<'_>,
) {
    claim_target(name, ledger);
    ledger.work(name, WorkKind::Rows, Cause::Query);
    match source {
        InsertSource::Query(query) => {
            read(query, ledger);
            enum_value::refuse_text(&query.text, None, ledger);
        }
        InsertSource::Values { .. } | InsertSource::Defaults => {}
    }
    let catalog = ledger.catalog();
    let is_filled = |column: &Ident| match columns {
        InsertColumns::Positional => true,
        InsertColumns::Named(named) => {
            named.contains(column)
                || catalog
                    .column(name, column)
                    .is_none_or(|known| !matches!(known.fill, Fill::None))
        }
    };
    parents(name, |key| key.columns.iter().all(&is_filled), ledger);
    if let InsertColumns::Named(named) = columns {
        draw_values(name, named, ledger);
    }
}

/// A value drawn from a sequence locks it as a writer does (measured on 15).
fn draw_values(name: &QualifiedName, named: &[Ident], ledger: &mut Ledger<'_>) {
    let Some(found) = ledger.catalog().table(name) else {
        return;
    };
    for column in found
        .columns
        .iter()
        .filter(|column| !named.contains(&column.name))
    {
        let sequence = match &column.fill {
            Fill::Serial | Fill::Identity(_) => {
                super::alter_column::sequence_of(name, &column.name, ledger)
            }
            Fill::Default(default) => match &default.shape {
                Shape::NextValue(sequence) => Some(sequence.clone()),
                Shape::Null
                | Shape::Constant
                | Shape::Column(_)
                | Shape::Cast { .. }
                | Shape::Other => None,
            },
            Fill::None | Fill::Stored(_) | Fill::Virtual(_) => None,
        };
        if let Some(sequence) = sequence {
            ledger.claim(&sequence, LockMode::RowExclusive, LockRole::Sequence);
        }
    }
}

/// The rows that foreign keys point at are locked: ROW SHARE on the referenced tables and their indexes (measured).
///
/// Wider where the value is null, or an UPDATE leaves it as it was: then nothing is looked up.
fn parents(name: &QualifiedName, concerned: impl Fn(&ForeignKey) -> bool, ledger: &mut Ledger<'_>) {
    for member in with_partitions(name, ledger) {
        let Some(found) = ledger.catalog().table(&member) else {
            continue;
        };
        for (known, key) in found.foreign_keys() {
            if known.enforcement == segue_model::Enforcement::Enforced && concerned(key) {
                constraint::claim_referenced(&key.references, LockMode::RowShare, ledger);
                for side in with_partitions(&key.references, ledger) {
                    claim_stored_indexes(ledger, &side, LockMode::RowShare);
                }
            }
        }
    }
}

/// Which action of a foreign key a write to the referenced table sets off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ActionOn {
    Delete,
    Update,
}

/// The tables that reference the rows: they are looked into, or written by CASCADE and SET NULL (measured on 15), each
/// with its indexes; without an index on the referencing columns every row is read, for each row deleted (measured).
///
/// Wider where the statement hits no row: then nobody is looked into (`delete-parent`).
fn referencing(
    name: &QualifiedName,
    concerned: impl Fn(&[Ident]) -> bool,
    action: ActionOn,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    for (from, known, key) in catalog.references_to(name) {
        let is_enforced = known.enforcement == segue_model::Enforcement::Enforced;
        if !is_enforced || !concerned(&constraint::referenced_columns(key, catalog)) {
            continue;
        }
        let on = match action {
            ActionOn::Delete => key.on_delete,
            ActionOn::Update => key.on_update,
        };
        let mode = match on {
            ReferentialAction::NoAction | ReferentialAction::Restrict => LockMode::RowShare,
            ReferentialAction::Cascade
            | ReferentialAction::SetNull
            | ReferentialAction::SetDefault => LockMode::RowExclusive,
        };
        for member in with_partitions(from, ledger) {
            ledger.claim(&member, mode, LockRole::ForeignKeyPartner);
            claim_stored_indexes(ledger, &member, mode);
            if !constraint::has_index_on(&member, &key.columns, catalog) {
                ledger.scan(&member, Cause::ForeignKey);
            }
        }
    }
}

fn update_keys(name: &QualifiedName, assignments: &[Assignment], ledger: &mut Ledger<'_>) {
    let sets = |column: &Ident| {
        assignments.iter().any(|assignment| {
            let is_itself =
                assignment.value.shape == segue_model::Shape::Column(assignment.column.clone());
            &assignment.column == column && !is_itself
        })
    };
    parents(name, |key| key.columns.iter().any(&sets), ledger);
    referencing(
        name,
        |columns| columns.iter().any(&sets),
        ActionOn::Update,
        ledger,
    );
}

fn refuse_labels(
    name: &QualifiedName,
    assignments: &[Assignment],
    filter: Option<&Expression>,
    ledger: &mut Ledger<'_>,
) {
    for assignment in assignments {
        let of: Option<&DataType> = ledger
            .catalog()
            .column(name, &assignment.column)
            .map(|column| &column.data_type);
        enum_value::refuse(&assignment.value, of, ledger);
    }
    if let Some(filter) = filter {
        enum_value::refuse(filter, None, ledger);
    }
}

/// TRUNCATE: ACCESS EXCLUSIVE, a new file for the table, TOAST and each index. CASCADE takes the referencing tables
/// along. Source: PostgreSQL 17 manual, TRUNCATE; measured on 15 and 18.
fn truncate(
    tables: &[QualifiedName],
    reaction: Reaction,
    identity: TruncateIdentity,
    ledger: &mut Ledger<'_>,
) {
    let mut emptied: Vec<(QualifiedName, LockRole)> = Vec::new();
    for name in tables {
        for member in with_partitions(name, ledger) {
            let role = if &member == name {
                LockRole::Target
            } else {
                LockRole::Descendant
            };
            emptied.push((member, role));
        }
    }
    let mut next = 0;
    while let Some((name, _)) = emptied.get(next).cloned() {
        for (from, known, _) in ledger.catalog().references_to(&name) {
            if emptied.iter().any(|(other, _)| other == from) {
                continue;
            }
            match reaction {
                Reaction::Cascade => {
                    for member in with_partitions(from, ledger) {
                        emptied.push((member, LockRole::ForeignKeyPartner));
                    }
                }
                Reaction::Restrict => ledger.refuse(
                    RefusalReason::Dependents,
                    format!("{name} cannot be truncated without CASCADE: the foreign key {} of {from} points at it", known.name),
                ),
            }
        }
        next += 1;
    }
    for (name, role) in emptied {
        empty(&name, role, identity, ledger);
    }
}

fn empty(
    name: &QualifiedName,
    role: LockRole,
    identity: TruncateIdentity,
    ledger: &mut Ledger<'_>,
) {
    ledger.table(name);
    ledger.claim(name, LockMode::AccessExclusive, role);
    refuse_in_use(name, ledger);
    if !storage::is_partitioned(ledger.catalog(), name) {
        ledger.work(name, WorkKind::NewFile, Cause::Removal);
        storage::claim_storage(ledger, name, LockMode::AccessExclusive);
        let catalog = ledger.catalog();
        for (index, _) in catalog.indexes_of(name) {
            ledger.work(name, WorkKind::BuildIndex(index.name), Cause::Removal);
        }
    }
    match identity {
        TruncateIdentity::Continue => {}
        // Each sequence starts in a new file (measured on 15).
        TruncateIdentity::Restart => {
            for sequence in table::owned_sequences(name, ledger) {
                ledger.claim(&sequence, LockMode::AccessExclusive, LockRole::Sequence);
                ledger.work(&sequence, WorkKind::NewFile, Cause::Removal);
            }
        }
    }
}
