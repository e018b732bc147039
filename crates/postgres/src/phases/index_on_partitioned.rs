//! CREATE INDEX on a partitioned table: `ON ONLY` the parent ▸ concurrently on each partition ▸ attach each.
//!
//! Measured: `ON ONLY` takes SHARE on the parent and does no work; each build takes SHARE UPDATE EXCLUSIVE on its
//! partition, outside any transaction; ATTACH takes ACCESS SHARE on both tables; the parent's index is valid after the last
//! one. CONCURRENTLY on the parent is refused. Source: lock table, sections 7 (7) and 8.

use segue_model::{
    Build, Change, ChosenName, Context, IndexChange, IndexDefinition, Link, QualifiedName, Scope,
};

use super::draft::Draft;
use super::{author, create_index, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Index(IndexChange::Create { index, .. }) = change else {
        return None;
    };
    let table = context.catalog.table(&index.table)?;
    if table.partitioning.is_none() || index.scope == Scope::Only || !is_used(&index.table, context)
    {
        return None;
    }
    if context.catalog.descendants(&index.table).is_empty() {
        return None;
    }
    let is_there = context
        .catalog
        .relation(&index.table.sibling(index.name.ident().clone()))
        .is_some();
    if matches!(index.name, ChosenName::Given(_)) && is_there {
        return None;
    }
    let mut draft = Draft::new();
    append(&mut draft, &create_index::named(index, context), context);
    Some(draft)
}

/// Declares the index on a partitioned table and builds it partition by partition, down to the leaves.
pub(super) fn append(draft: &mut Draft, index: &IndexDefinition, context: &Context<'_>) {
    draft.own(
        format!(
            "Declare index {} on {} alone: nothing is built.",
            index.name.ident(),
            index.table
        ),
        author::create_index(
            IndexDefinition {
                scope: Scope::Only,
                ..index.clone()
            },
            Build::Blocking,
        ),
    );
    let parent = index.table.sibling(index.name.ident().clone());
    let mut attached: Vec<QualifiedName> = Vec::new();
    for partition in context
        .catalog
        .linked(&Link::Descends(index.table.clone()))
    {
        let of_partition = IndexDefinition {
            name: ChosenName::Given(names::index_of_partition(
                context.catalog,
                partition,
                index,
                "idx",
            )),
            table: partition.clone(),
            ..index.clone()
        };
        attached.push(partition.sibling(of_partition.name.ident().clone()));
        let is_partitioned = context
            .catalog
            .table(partition)
            .is_some_and(|table| table.partitioning.is_some());
        if is_partitioned {
            append(draft, &of_partition, context);
        } else {
            create_index::append(draft, &of_partition);
        }
    }
    for child in &attached {
        draft.own(
            format!("Make {child} the part of {parent} that covers its partition."),
            author::attach_index(&parent, child),
        );
    }
}
