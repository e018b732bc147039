//! What follows one column alone, set aside before the names are swapped and put back on the column that has the name then.
//!
//! Views (with those that read them), policies, extended statistics and an identity are catalog entries: they are made again
//! with all they had, in the transaction of the swap. Source: online engines, idea 16; PostgreSQL 17 manual, 51.18 (`pg_depend`).

use segue_model::{Change, ColumnChange, MaintenanceChange, Probe, Sql};

use super::author;
use super::draft::Draft;
use super::shadow::Pair;

/// Looks for what hangs on the column or on what reads it and cannot be made again.
pub(super) fn look(draft: &mut Draft, pair: &Pair<'_>) {
    let name = &pair.old.name;
    let table = &pair.target.name;
    let named = Sql::default().name(table);
    let query = Sql::literal("WITH RECURSIVE this AS (SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = ")
        .string(named.as_str())
        .text("::pg_catalog.regclass AND a.attname = ")
        .string(name.as_str())
        .text(include_str!("aside/stuck.sql"));
    draft.probe(
        format!("Look for what hangs on {name} and cannot be put on another column."),
        Probe {
            finds: format!("something that hangs on {name} of {table} cannot be made again: drop it first, or let its owner run this"),
            query,
        },
    );
}

/// Takes it off, for the rest of the transaction.
pub(super) fn setting(pair: &Pair<'_>) -> (String, Change) {
    (
        format!(
            "Set aside until the end of this transaction: {}.",
            pair.movable().join("; ")
        ),
        author::column(pair.target, ColumnChange::SetAside(pair.old.name.clone())),
    )
}

/// Puts it on the column that has the name by then.
pub(super) fn putting(pair: &Pair<'_>) -> (String, Change) {
    let name = &pair.old.name;
    (
        format!("Put on {name} again what was set aside, with its owner, privileges and comments."),
        author::column(pair.target, ColumnChange::PutBack(name.clone())),
    )
}

/// Statistics that were made again are empty.
pub(super) fn gather(draft: &mut Draft, pair: &Pair<'_>) {
    if pair.has_statistics() {
        let table = &pair.target.name;
        draft.own(
            format!("Gather the statistics of several columns of {table} again."),
            Change::Maintenance(MaintenanceChange::Analyze {
                tables: vec![table.clone()],
            }),
        );
    }
}
