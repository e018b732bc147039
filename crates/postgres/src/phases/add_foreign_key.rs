//! ADD FOREIGN KEY: NOT VALID ▸ VALIDATE. A missing index on the referencing columns is said, and not built: the catalog
//! afterwards is the one that the statement asks for.
//!
//! Measured: validated at once it scans both tables under SHARE ROW EXCLUSIVE on both; NOT VALID takes the same locks and
//! does no work; VALIDATE takes SHARE UPDATE EXCLUSIVE on the table and ROW SHARE on the referenced one. From a partitioned
//! table NOT VALID is refused before 18: each partition by itself, then the parent, which merges without a scan but takes
//! ACCESS EXCLUSIVE on the referenced table for a moment. Source: lock table, section 8.

use segue_model::{
    Change, Constraint, ConstraintChange, ConstraintKind, Context, Enforcement, ForeignKey,
    IndexDefinition, IndexKeyPart, Knowledge, QualifiedName, Table, Target, Validity,
};

use super::draft::Draft;
use super::{add_check, author, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Constraint(target, ConstraintChange::Add(constraint)) = change else {
        return None;
    };
    let ConstraintKind::ForeignKey(key) = &constraint.kind else {
        return None;
    };
    if constraint.validity == Validity::NotValid
        || constraint.enforcement == Enforcement::NotEnforced
        || !is_used(&target.name, context)
    {
        return None;
    }
    let mut draft = Draft::new();
    append(&mut draft, target, (constraint, key), context);
    Some(draft)
}

/// The whole recipe for one foreign key.
pub(super) fn append(
    draft: &mut Draft,
    target: &Target,
    (constraint, key): (&Constraint, &ForeignKey),
    context: &Context<'_>,
) {
    note_index(draft, &target.name, key, context);
    append_constraint(draft, target, (constraint, key), context);
}

/// The recipe without the index.
pub(super) fn append_constraint(
    draft: &mut Draft,
    target: &Target,
    (constraint, key): (&Constraint, &ForeignKey),
    context: &Context<'_>,
) {
    let is_partitioned = context
        .catalog
        .table(&target.name)
        .is_some_and(|table| table.partitioning.is_some());
    if is_partitioned && context.server.version < 18 {
        by_partition(draft, target, (constraint, key), context);
    } else {
        add_check::append(draft, target, constraint, context);
    }
}

fn by_partition(
    draft: &mut Draft,
    target: &Target,
    (constraint, key): (&Constraint, &ForeignKey),
    context: &Context<'_>,
) {
    let name = names::constraint(context.catalog, &target.name, &constraint.name);
    let named = author::constraint(&name, constraint.kind.clone());
    let named = Constraint {
        deferral: constraint.deferral,
        ..named
    };
    for leaf in context.catalog.descendants(&target.name) {
        let is_partitioned = context
            .catalog
            .table(&leaf)
            .is_some_and(|table| table.partitioning.is_some());
        if !is_partitioned {
            add_check::append(draft, &Target::required(leaf), &named, context);
        }
    }
    draft.own(
        format!(
            "Add {name} to {}: it takes over the keys of the partitions and reads no row.",
            target.name
        ),
        author::add(target, named),
    );
    draft.remark(format!(
        "The last step locks {} against reads and writes for a moment; from PostgreSQL 18 on it need not.",
        key.references
    ));
}

/// Without an index each delete or key update in the referenced table reads the whole referencing one.
fn note_index(draft: &mut Draft, table: &QualifiedName, key: &ForeignKey, context: &Context<'_>) {
    let Some(known) = context.catalog.table(table) else {
        return unknown(draft, table, key);
    };
    if is_indexed(known, table, key, context) {
        return;
    }
    if known.knowledge == Knowledge::Assumed {
        return unknown(draft, table, key);
    }
    draft.remark(format!(
        "No index of {table} starts with ({}): each delete in {} reads all of it. The statement does not ask for one; a \
         migration of its own can build it concurrently.",
        author::listed(&key.columns),
        key.references
    ));
}

fn unknown(draft: &mut Draft, table: &QualifiedName, key: &ForeignKey) {
    draft.remark(format!(
        "If {table} has no index on ({}), build one concurrently first: without it each delete in {} reads all of it.",
        author::listed(&key.columns),
        key.references
    ));
}

/// True when some whole index, or the index of a key, starts with the columns, in any order.
fn is_indexed(
    known: &Table,
    table: &QualifiedName,
    key: &ForeignKey,
    context: &Context<'_>,
) -> bool {
    let starts = |index: &IndexDefinition| {
        index.predicate.is_none()
            && index.keys.len() >= key.columns.len()
            && index
                .keys
                .iter()
                .take(key.columns.len())
                .all(|part| matches!(&part.part, IndexKeyPart::Column(column) if key.columns.contains(column)))
    };
    let by_key = known.constraints.iter().any(|constraint| {
        matches!(
            &constraint.kind,
            ConstraintKind::Unique(segue_model::KeyColumns::Build { columns, .. })
            | ConstraintKind::PrimaryKey(segue_model::KeyColumns::Build { columns, .. })
                if columns.len() >= key.columns.len()
                    && columns.iter().take(key.columns.len()).all(|column| key.columns.contains(column))
        )
    });
    by_key
        || context
            .catalog
            .indexes_of(table)
            .any(|(_, index)| starts(&index.definition))
}
