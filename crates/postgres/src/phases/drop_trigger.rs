//! DROP TRIGGER: DISABLE TRIGGER ▸ DROP TRIGGER.
//!
//! Measured: DROP TRIGGER takes ACCESS EXCLUSIVE; DISABLE takes SHARE ROW EXCLUSIVE, so that readers are not stopped when
//! the behaviour changes, and the drop can wait for a quiet moment. Source: lock table, section 8.

use segue_model::{Change, Context, Knowledge, TableChange, Target, TriggerChange, TriggerState};

use super::draft::Draft;
use super::is_used;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Trigger(table, TriggerChange::Drop { name, .. }) = change else {
        return None;
    };
    let is_missing = context.catalog.table(table).is_some_and(|table| {
        table.knowledge == Knowledge::Whole
            && table
                .triggers
                .iter()
                .all(|trigger| &trigger.definition.name != name)
    });
    let is_view = context.catalog.view(table).is_some();
    if is_missing || is_view || !is_used(table, context) {
        return None;
    }
    let mut draft = Draft::new();
    draft.own(
        format!("Switch {name} of {table} off: writes wait for a moment, reads do not."),
        Change::Table(
            Target::required(table.clone()),
            TableChange::SetTrigger {
                trigger: Some(name.clone()),
                state: TriggerState::Disable,
            },
        ),
    );
    draft.own(
        format!("Drop {name} of {table}, in a quiet moment."),
        change.clone(),
    );
    Some(draft)
}
