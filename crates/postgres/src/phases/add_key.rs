//! ADD UNIQUE and ADD PRIMARY KEY: no duplicates ▸ unique index concurrently ▸ the not-null proof ▸ USING INDEX.
//!
//! Measured: written plainly the index is built under ACCESS EXCLUSIVE; USING INDEX takes it and does no work, and renames the
//! index to the constraint, so the index is given that name from the start. A primary key over a nullable column scans
//! unless a valid CHECK proves it. Duplicates leave an invalid index, so they are looked for first. USING INDEX is refused
//! on a partitioned table: each partition gets its key, and the parent's takes them over. Source: lock table, sections 2, 7
//! (4, 8, 19) and 8.

use segue_model::{
    Change, ChosenName, Constraint, ConstraintChange, ConstraintKind, Context, Ident, IndexDefinition,
    IndexKeyPart, KeyColumns, Probe, QualifiedName, Sql, Target, Uniqueness,
};

use super::draft::Draft;
use super::set_not_null::{self, Proof};
use super::{author, create_index, is_used, names};

/// A sample is enough to show that duplicates exist.
const SAMPLE_ROWS: i64 = 5;

/// A unique or primary key to be built.
struct Key<'a> {
    constraint: &'a Constraint,
    columns: &'a [Ident],
    include: &'a [Ident],
    is_primary: bool,
}

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Constraint(target, ConstraintChange::Add(constraint)) = change else {
        return None;
    };
    if !is_used(&target.name, context) {
        return None;
    }
    let mut draft = Draft::new();
    if let ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(index)) = &constraint.kind {
        over_index(&mut draft, target, (constraint, index), context)?;
    } else {
        append(&mut draft, target, constraint, context)?;
    }
    Some(draft)
}

/// The whole recipe for one key whose index has to be built; none for any other constraint.
pub(super) fn append(
    draft: &mut Draft,
    target: &Target,
    constraint: &Constraint,
    context: &Context<'_>,
) -> Option<()> {
    let (columns, include, is_primary) = match &constraint.kind {
        ConstraintKind::Unique(KeyColumns::Build { columns, include }) => (columns, include, false),
        ConstraintKind::PrimaryKey(KeyColumns::Build { columns, include }) => {
            (columns, include, true)
        }
        ConstraintKind::Unique(KeyColumns::UsingIndex(_))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
        | ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => return None,
    };
    let key = Key {
        constraint,
        columns,
        include,
        is_primary,
    };
    let partitions = leaves(&target.name, context)?;
    probe(draft, &target.name, columns);
    if partitions.is_empty() {
        let name = names::index(context.catalog, &target.name, &constraint.name);
        create_index::append(draft, &unique_index(&name, &target.name, &key));
        finish(draft, target, (&key, &name), context);
    } else {
        by_partition(draft, target, (&key, &partitions), context);
    }
    Some(())
}

/// The columns of a key whose index has to be built; empty for everything else.
pub(super) fn columns(kind: &ConstraintKind) -> &[Ident] {
    match kind {
        ConstraintKind::Unique(KeyColumns::Build { columns, .. })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) => columns,
        ConstraintKind::Unique(KeyColumns::UsingIndex(_))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
        | ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => &[],
    }
}

/// The partitions of a partitioned table; empty for an ordinary one. None where partitions have partitions.
fn leaves(table: &QualifiedName, context: &Context<'_>) -> Option<Vec<QualifiedName>> {
    let is_partitioned = |name: &QualifiedName| {
        context
            .catalog
            .table(name)
            .is_some_and(|table| table.partitioning.is_some())
    };
    if !is_partitioned(table) {
        return Some(Vec::new());
    }
    let partitions = context.catalog.descendants(table);
    if partitions.is_empty() || partitions.iter().any(is_partitioned) {
        return None;
    }
    Some(partitions)
}

fn unique_index(name: &Ident, table: &QualifiedName, key: &Key<'_>) -> IndexDefinition {
    IndexDefinition {
        include: key.include.to_vec(),
        ..author::index(name, table, key.columns, Uniqueness::Unique)
    }
}

/// The constraint itself, over an index of its own name.
fn using(key: &Key<'_>, name: &Ident) -> Constraint {
    let index = KeyColumns::UsingIndex(name.clone());
    Constraint {
        name: ChosenName::Given(name.clone()),
        kind: if key.is_primary {
            ConstraintKind::PrimaryKey(index)
        } else {
            ConstraintKind::Unique(index)
        },
        ..key.constraint.clone()
    }
}

fn finish(draft: &mut Draft, target: &Target, (key, name): (&Key<'_>, &Ident), context: &Context<'_>) {
    let proofs = proofs(draft, target, key, context);
    draft.own(
        format!("Make index {name} the key of {}: no row is read.", target.name),
        author::add(target, using(key, name)),
    );
    for proof in &proofs {
        set_not_null::dismiss(draft, target, proof);
    }
}

/// Proves the columns of a primary key; gives back the CHECKs that have to go.
fn proofs(draft: &mut Draft, target: &Target, key: &Key<'_>, context: &Context<'_>) -> Vec<Ident> {
    if !key.is_primary {
        return Vec::new();
    }
    let mut ours = Vec::new();
    for column in key.columns {
        match set_not_null::prove(draft, target, column, context) {
            Proof::Ours(name) => ours.push(name),
            Proof::Users | Proof::Column => {}
        }
    }
    ours
}

fn by_partition(
    draft: &mut Draft,
    target: &Target,
    (key, partitions): (&Key<'_>, &[QualifiedName]),
    context: &Context<'_>,
) {
    let proofs = proofs(draft, target, key, context);
    let label = if key.is_primary { "pkey" } else { "key" };
    for partition in partitions {
        let unnamed = unique_index(&partition.name, partition, key);
        let name = names::index_of_partition(context.catalog, partition, &unnamed, label);
        create_index::append(draft, &unique_index(&name, partition, key));
        draft.own(
            format!("Make index {name} the key of partition {partition}: no row is read."),
            author::add(&Target::required(partition.clone()), using(key, &name)),
        );
    }
    let name = names::index(context.catalog, &target.name, &key.constraint.name);
    draft.own(
        format!(
            "Add {name} to {}: it takes over the keys of the partitions, no row is read.",
            target.name
        ),
        author::add(
            target,
            Constraint {
                name: ChosenName::Given(name.clone()),
                ..key.constraint.clone()
            },
        ),
    );
    for proof in &proofs {
        set_not_null::dismiss(draft, target, proof);
    }
}

/// `PRIMARY KEY USING INDEX` over columns that may be null.
fn over_index(
    draft: &mut Draft,
    target: &Target,
    (constraint, index): (&Constraint, &Ident),
    context: &Context<'_>,
) -> Option<()> {
    let table = context.catalog.table(&target.name)?;
    let definition = &context
        .catalog
        .index(&target.name.sibling(index.clone()))?
        .definition;
    let columns: Vec<Ident> = definition
        .keys
        .iter()
        .map(|key| match &key.part {
            IndexKeyPart::Column(column) => Some(column.clone()),
            IndexKeyPart::Expression(_) => None,
        })
        .collect::<Option<_>>()?;
    if columns.iter().all(|column| table.proves_not_null(column)) {
        return None;
    }
    let mut ours = Vec::new();
    for column in &columns {
        if let Proof::Ours(name) = set_not_null::prove(draft, target, column, context) {
            ours.push(name);
        }
    }
    draft.own(
        format!("Make index {index} the primary key of {}: no row is read.", target.name),
        author::add(target, constraint.clone()),
    );
    for proof in &ours {
        set_not_null::dismiss(draft, target, proof);
    }
    Some(())
}

fn probe(draft: &mut Draft, table: &QualifiedName, columns: &[Ident]) {
    let query = Sql::literal("SELECT ")
        .list(columns, ", ", Sql::ident)
        .text(", count(*) FROM ")
        .name(table)
        .text(" WHERE ")
        .list(columns, " AND ", |sql, column| {
            sql.ident(column).text(" IS NOT NULL")
        })
        .text(" GROUP BY ")
        .list(columns, ", ", Sql::ident)
        .text(" HAVING count(*) > 1 LIMIT ")
        .number(SAMPLE_ROWS);
    draft.probe(
        format!("Make sure that no two rows of {table} agree in {}.", author::listed(columns)),
        Probe {
            finds: format!(
                "Rows of {table} that agree in {}: the key cannot be made until they differ.",
                author::listed(columns)
            ),
            query,
        },
    );
}
