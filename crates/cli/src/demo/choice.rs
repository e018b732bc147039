//! Which of the shop's migrations have a safe way today; the others are left out, and named.
//!
//! Nothing is listed by hand: the plan that would run is asked the same questions as everywhere. As soon as there is a
//! safe way for one more, it takes part.

use segue_engine::PlannedMigration;
use segue_model::{
    Blocks, BreakKind, Catalog, Change, DataChange, LockMode, StepTransaction, breaks,
};

/// Why the plan of a migration is not for a database in use; none when it is.
pub(crate) fn objection(plan: &PlannedMigration, catalog: &Catalog) -> Option<&'static str> {
    let changes = || plan.steps.iter().flat_map(|step| &step.changes);
    if changes().any(|change| fails_for_the_old_version(change, catalog)) {
        return Some("the old version of the application would fail");
    }
    let is_long = plan
        .steps
        .chunk_by(|_, next| next.transaction == StepTransaction::WithPrevious)
        .any(|transaction| {
            let keeps_others_waiting = transaction
                .iter()
                .filter_map(|step| step.impact.strongest())
                .map(LockMode::blocks)
                .any(|blocks| blocks != Blocks::Nobody);
            let works = transaction.iter().any(|step| {
                !step.impact.work.is_empty() || step.changes.iter().any(is_mass_change)
            });
            keeps_others_waiting && works
        });
    is_long.then_some("the table would be locked while all its rows are worked on")
}

fn fails_for_the_old_version(change: &Change, catalog: &Catalog) -> bool {
    breaks(change, catalog)
        .iter()
        .any(|breakage| match breakage.kind {
            BreakKind::NameGone
            | BreakKind::TypeChanged
            | BreakKind::GuaranteeGone
            | BreakKind::AccessChanged
            | BreakKind::BehaviourChanged
            | BreakKind::Unknown => true,
            // The old version never writes what the new rule refuses, and names its columns.
            BreakKind::WritesRefused | BreakKind::ShapeChanged => false,
        })
}

fn is_mass_change(change: &Change) -> bool {
    matches!(
        change,
        Change::Data(DataChange::Update { .. } | DataChange::Delete { .. })
    )
}
