//! DROP COLUMN of a foreign key: DROP CONSTRAINT ▸ DROP COLUMN.
//!
//! Measured: dropping the column takes ACCESS EXCLUSIVE on the referenced table too, for as long as the transaction lasts;
//! so does DROP CONSTRAINT, but alone; DROP COLUMN then locks its own table only. Source: lock table, section 8.

use segue_model::{Change, ColumnChange, Context};

use super::draft::Draft;
use super::{author, is_used};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Column(target, ColumnChange::Drop { name, .. }) = change else {
        return None;
    };
    let table = context.catalog.table(&target.name)?;
    if !is_used(&target.name, context) {
        return None;
    }
    let mut draft = Draft::new();
    let mut found = false;
    for (constraint, key) in table.foreign_keys() {
        if !key.columns.contains(name) || key.references == target.name {
            continue;
        }
        found = true;
        draft.own(
            format!(
                "Drop {} alone, so that {} is locked only for this moment.",
                constraint.name, key.references
            ),
            author::drop_constraint(target, &constraint.name),
        );
    }
    draft.own(
        format!("Drop {name} of {}: no other table is locked.", target.name),
        change.clone(),
    );
    draft.remark(format!(
        "The values of {name} are lost, and code that names it fails: deploy code without it first."
    ));
    found.then_some(draft)
}
