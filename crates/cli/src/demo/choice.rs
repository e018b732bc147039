//! Which of the shop's migrations have a safe way today; the others are left out, and named.
//!
//! Nothing is listed by hand: the plan that would run is asked the same questions as everywhere. As soon as there is a
//! safe way for one more, it takes part.

use std::collections::BTreeSet;

use segue_engine::{PlannedMigration, PlannedStep};
use segue_model::{
    Blocks, BreakKind, Catalog, Change, ColumnChange, DataChange, LockMode, Locked, QualifiedName,
    StepTransaction, TriggerChange, breaks,
};

/// What is decided about a list of plans.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// Tables on which one of them waits at its gate.
    held: BTreeSet<QualifiedName>,
}

impl Choice {
    /// Why the next plan does not take part; none when it does.
    pub(crate) fn objection(
        &mut self,
        plan: &PlannedMigration,
        catalog: &Catalog,
    ) -> Option<&'static str> {
        let tables = tables(plan);
        let own = objection(plan, catalog);
        if own.is_none() && !self.held.is_disjoint(&tables) {
            return Some("it comes when the one before it on the same table has passed its gate");
        }
        if own.is_none() && plan.steps.iter().any(|step| step.gate.is_some()) {
            self.held.extend(tables);
        }
        own
    }
}

fn tables(plan: &PlannedMigration) -> BTreeSet<QualifiedName> {
    let claims = plan.steps.iter().flat_map(|step| &step.impact.claims);
    let on = claims.filter_map(|claim| match &claim.on {
        Locked::Relation(name) => Some(name.clone()),
        Locked::Toast(_) | Locked::ToastIndex(_) | Locked::Unnamed(_) => None,
    });
    on.collect()
}

/// The steps that run while the old version is there.
fn before_the_gate(plan: &PlannedMigration) -> &[PlannedStep] {
    let gate = plan.steps.iter().position(|step| step.gate.is_some());
    plan.steps
        .get(..gate.unwrap_or(plan.steps.len()))
        .unwrap_or_default()
}

/// Why the plan of a migration is not for a database in use; none when it is.
fn objection(plan: &PlannedMigration, catalog: &Catalog) -> Option<&'static str> {
    let steps = before_the_gate(plan);
    let changes = || steps.iter().flat_map(|step| &step.changes);
    if changes().any(|change| fails_for_the_old_version(change, catalog))
        || changes().any(|change| is_unknown_and_required(change, steps, catalog))
    {
        return Some("the old version of the application would fail");
    }
    let is_long = steps
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
            | BreakKind::AccessChanged
            | BreakKind::Unknown => true,
            // The old version never writes what the new rule refuses, and names its columns. What it did not know
            // (a default of a column, a proof that has served its purpose) is no loss to it.
            BreakKind::WritesRefused
            | BreakKind::ShapeChanged
            | BreakKind::GuaranteeGone
            | BreakKind::BehaviourChanged => false,
        })
}

/// True for NOT NULL on a column that the old version does not know and that nothing fills for it.
fn is_unknown_and_required(change: &Change, steps: &[PlannedStep], catalog: &Catalog) -> bool {
    let Change::Column(table, ColumnChange::SetNotNull(column)) = change else {
        return false;
    };
    let is_filled = steps
        .iter()
        .flat_map(|step| &step.changes)
        .any(|other| {
            let has_default = matches!(other, Change::Column(_, ColumnChange::SetDefault { name, .. }) if name == column);
            has_default || matches!(other, Change::Trigger(on, TriggerChange::Sync(_)) if *on == table.name)
        });
    catalog.column(&table.name, column).is_none() && !is_filled
}

fn is_mass_change(change: &Change) -> bool {
    matches!(
        change,
        Change::Data(DataChange::Update { .. } | DataChange::Delete { .. })
    )
}
