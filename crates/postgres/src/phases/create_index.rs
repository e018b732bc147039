//! CREATE INDEX ▸ CREATE INDEX CONCURRENTLY.
//!
//! Measured: CREATE INDEX takes SHARE on the table and builds under it; concurrently it takes SHARE UPDATE EXCLUSIVE,
//! outside any transaction, and waits for writers and old snapshots. A build that fails leaves an invalid index, and
//! `IF NOT EXISTS` then skips it and calls that success. Source: lock table, sections 4, 5 and 7 (3, 4).

use segue_model::{Build, Change, ChosenName, Context, IndexChange, IndexDefinition, Presence, Scope};

use super::draft::Draft;
use super::{author, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Index(IndexChange::Create {
        index,
        build,
        presence,
    }) = change
    else {
        return None;
    };
    if !is_used(&index.table, context) || is_only_declared(index, context) {
        return None;
    }
    if *build == Build::Concurrently && *presence == Presence::Required {
        return None;
    }
    let is_there = context
        .catalog
        .relation(&index.table.sibling(index.name.ident().clone()))
        .is_some();
    if *presence == Presence::Lenient && is_there {
        return None;
    }
    let mut draft = Draft::new();
    let index = named(index, context);
    append(&mut draft, &index);
    if *presence == Presence::Lenient {
        draft.remark(format!(
            "IF NOT EXISTS is left out: an invalid index {} that a failed build left behind would count as done; it is \
             dropped concurrently and built again.",
            index.name.ident()
        ));
    }
    Some(draft)
}

/// `ON ONLY` a partitioned table declares an index and builds nothing.
fn is_only_declared(index: &IndexDefinition, context: &Context<'_>) -> bool {
    index.scope == Scope::Only
        && context
            .catalog
            .table(&index.table)
            .is_some_and(|table| table.partitioning.is_some())
}

/// The index under the name it will have, so that a later step and a later run can find it.
pub(super) fn named(index: &IndexDefinition, context: &Context<'_>) -> IndexDefinition {
    IndexDefinition {
        name: ChosenName::Given(names::index(context.catalog, &index.table, &index.name)),
        ..index.clone()
    }
}

/// Builds an index while the table is written.
pub(super) fn append(draft: &mut Draft, index: &IndexDefinition) {
    draft.outside(
        format!(
            "Build index {} on {} while reads and writes go on.",
            index.name.ident(),
            index.table
        ),
        author::create_index(index.clone(), Build::Concurrently),
    );
}
