//! DROP TABLE of a table with foreign keys: DROP CONSTRAINT, one per transaction ▸ DROP TABLE.
//!
//! Measured: DROP TABLE takes ACCESS EXCLUSIVE on every table its foreign keys point at, all at once; DROP CONSTRAINT takes
//! it on one. Source: safety rules, drop-table-locks-parents; lock table, section 2.

use segue_model::{Change, Context, QualifiedName, TableChange, Target};

use super::draft::Draft;
use super::{author, is_used};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Table(target, TableChange::Drop { .. }) = change else {
        return None;
    };
    if !is_used(&target.name, context) {
        return None;
    }
    let mut draft = Draft::new();
    if append_keys(&mut draft, &target.name, context) == 0 {
        return None;
    }
    append_drop(&mut draft, change, &target.name);
    Some(draft)
}

/// Drops the foreign keys of a table that point at others, each alone; gives back how many.
pub(super) fn append_keys(
    draft: &mut Draft,
    name: &QualifiedName,
    context: &Context<'_>,
) -> usize {
    let Some(table) = context.catalog.table(name) else {
        return 0;
    };
    let target = Target::required(name.clone());
    let mut dropped = 0;
    for (constraint, key) in table.foreign_keys() {
        if &key.references == name {
            continue;
        }
        dropped += 1;
        draft.own(
            format!(
                "Drop {} of {name} alone, so that only {} is locked for this moment.",
                constraint.name, key.references
            ),
            author::drop_constraint(&target, &constraint.name),
        );
    }
    dropped
}

/// The statement itself, last.
pub(super) fn append_drop(draft: &mut Draft, change: &Change, name: &QualifiedName) {
    draft.own(
        format!("Drop {name}: no other table is locked."),
        change.clone(),
    );
    draft.remark(format!(
        "The rows of {name} are lost, and code that names it fails: deploy code without it first."
    ));
}
