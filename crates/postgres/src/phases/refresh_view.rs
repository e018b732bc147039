//! REFRESH MATERIALIZED VIEW ▸ REFRESH MATERIALIZED VIEW CONCURRENTLY.
//!
//! Measured: REFRESH takes ACCESS EXCLUSIVE on the view; concurrently EXCLUSIVE, so readers go on. It needs a unique index over
//! columns of all rows. Source: lock table, sections 4 and 7 (6).

use segue_model::{
    Build, Change, Context, IndexKeyPart, IndexState, MaintenanceChange, Uniqueness,
};

use super::draft::Draft;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Maintenance(MaintenanceChange::Refresh {
        view,
        build: Build::Blocking,
    }) = change
    else {
        return None;
    };
    let known = context.catalog.view(view)?;
    if known.born.migration == context.catalog.now.migration && known.born.migration > 0 {
        return None;
    }
    let has_key = context.catalog.indexes_of(view).any(|(_, index)| {
        index.state == IndexState::Valid
            && index.definition.uniqueness != Uniqueness::NotUnique
            && index.definition.predicate.is_none()
            && index
                .definition
                .keys
                .iter()
                .all(|key| matches!(key.part, IndexKeyPart::Column(_)))
    });
    if !has_key {
        return None;
    }
    let mut draft = Draft::new();
    draft.own(
        format!("Refresh {view} while it is read."),
        Change::Maintenance(MaintenanceChange::Refresh {
            view: view.clone(),
            build: Build::Concurrently,
        }),
    );
    draft.remark(format!("{view} must have been filled once before."));
    Some(draft)
}
