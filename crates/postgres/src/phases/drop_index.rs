//! DROP INDEX ▸ DROP INDEX CONCURRENTLY.
//!
//! Measured: DROP INDEX takes ACCESS EXCLUSIVE on the table; concurrently SHARE UPDATE EXCLUSIVE, and ACCESS EXCLUSIVE
//! on the index alone at its end, outside any transaction. Refused for the index of a partitioned table and with CASCADE.
//! Source: lock table, sections 4, 5 and 7 (7).

use segue_model::{Build, Change, Context, IndexChange, Reaction};

use super::draft::Draft;
use super::is_used;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Index(IndexChange::Drop {
        name,
        build: Build::Blocking,
        presence,
        reaction: Reaction::Restrict,
    }) = change
    else {
        return None;
    };
    if let Some(index) = context.catalog.index(name) {
        let is_partitioned = context
            .catalog
            .table(&index.definition.table)
            .is_some_and(|table| table.partitioning.is_some());
        let serves = index.constraint.is_some() || index.parent.is_some();
        if is_partitioned || serves || !is_used(&index.definition.table, context) {
            return None;
        }
    }
    let mut draft = Draft::new();
    draft.outside(
        format!("Drop index {name} while reads and writes of its table go on."),
        Change::Index(IndexChange::Drop {
            name: name.clone(),
            build: Build::Concurrently,
            presence: *presence,
            reaction: Reaction::Restrict,
        }),
    );
    Some(draft)
}
