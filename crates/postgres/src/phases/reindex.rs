//! REINDEX ▸ REINDEX CONCURRENTLY, partition by partition.
//!
//! Measured: REINDEX takes SHARE on the table and ACCESS EXCLUSIVE on the index, which stalls readers too; concurrently
//! SHARE UPDATE EXCLUSIVE, outside any transaction. On a partitioned table or index even CONCURRENTLY first asks for SHARE
//! on every partition, so each partition is done by itself. Source: lock table, sections 4 and 5.

use segue_model::{
    Build, Catalog, Change, Context, IndexChange, MaintenanceChange, QualifiedName, ReindexScope,
};

use super::draft::Draft;
use super::is_used;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let mut draft = Draft::new();
    if let Change::Index(IndexChange::Rebuild { name, build }) = change {
        of_index(&mut draft, name, *build, context)?;
    } else if let Change::Maintenance(MaintenanceChange::Reindex { of, build }) = change {
        match of {
            ReindexScope::Table(table) => of_table(&mut draft, table, *build, context)?,
            ReindexScope::Namespace(_) if *build == Build::Blocking => draft.outside(
                "Build every index of the namespace again while reads and writes go on.".to_owned(),
                Change::Maintenance(MaintenanceChange::Reindex {
                    of: of.clone(),
                    build: Build::Concurrently,
                }),
            ),
            ReindexScope::Namespace(_) | ReindexScope::Database => return None,
        }
    } else {
        return None;
    }
    Some(draft)
}

fn of_index(
    draft: &mut Draft,
    name: &QualifiedName,
    build: Build,
    context: &Context<'_>,
) -> Option<()> {
    let leaves = leaf_indexes(name, context.catalog);
    if let Some(index) = context.catalog.index(name)
        && !is_used(&index.definition.table, context)
    {
        return None;
    }
    if leaves.is_empty() {
        if build == Build::Concurrently {
            return None;
        }
        rebuild(draft, name);
    }
    for leaf in &leaves {
        rebuild(draft, leaf);
    }
    Some(())
}

fn rebuild(draft: &mut Draft, name: &QualifiedName) {
    draft.outside(
        format!("Build index {name} again while reads and writes of its table go on."),
        Change::Index(IndexChange::Rebuild {
            name: name.clone(),
            build: Build::Concurrently,
        }),
    );
}

/// The indexes of the partitions that belong to this one; none for an ordinary index.
fn leaf_indexes(name: &QualifiedName, catalog: &Catalog) -> Vec<QualifiedName> {
    let Some(index) = catalog.index(name) else {
        return Vec::new();
    };
    let mut leaves = Vec::new();
    let mut parents = vec![name.clone()];
    for table in catalog.descendants(&index.definition.table) {
        let is_partitioned = catalog
            .table(&table)
            .is_some_and(|table| table.partitioning.is_some());
        for (child, index) in catalog.indexes_of(&table) {
            if index.parent.as_ref().is_some_and(|parent| parents.contains(parent)) {
                if is_partitioned {
                    parents.push(child);
                } else {
                    leaves.push(child);
                }
            }
        }
    }
    leaves
}

fn of_table(
    draft: &mut Draft,
    table: &QualifiedName,
    build: Build,
    context: &Context<'_>,
) -> Option<()> {
    if !is_used(table, context) {
        return None;
    }
    let is_partitioned = |name: &QualifiedName| {
        context
            .catalog
            .table(name)
            .is_some_and(|table| table.partitioning.is_some())
    };
    let tables = if is_partitioned(table) {
        let mut leaves = context.catalog.descendants(table);
        leaves.retain(|leaf| !is_partitioned(leaf));
        leaves
    } else if build == Build::Blocking {
        vec![table.clone()]
    } else {
        return None;
    };
    for leaf in tables {
        draft.outside(
            format!("Build the indexes of {leaf} again while its reads and writes go on."),
            Change::Maintenance(MaintenanceChange::Reindex {
                of: ReindexScope::Table(leaf),
                build: Build::Concurrently,
            }),
        );
    }
    Some(())
}
