//! What the contract phase kept in the archive, put back when a migration's own way down takes it back.

use std::collections::BTreeSet;

use segue_model::{
    ARCHIVE, Backfill, BackfillKind, CatalogScope, Change, ColumnChange, Ident, Migration,
    PhaseKind, QualifiedName, Session, StepTransaction,
};

use crate::error::EngineError;
use crate::prepare::{PlannedMigration, PlannedStep, Sent, StepText, hash};
use crate::up::Runner;

impl<S: Session + Send> Runner<'_, S> {
    /// Adds to a way down the steps that put values back, as far as the archive still has them.
    pub(crate) fn put_back(
        &self,
        session: &mut S,
        migration: &Migration,
        plan: &mut PlannedMigration,
    ) -> Result<(), EngineError> {
        if plan.way != Sent::Down {
            return Ok(());
        }
        let Some(up) = self.recorded(session, migration, Sent::Up)? else {
            return Ok(());
        };
        let archives: BTreeSet<QualifiedName> = up.steps.iter().filter_map(kept_in).collect();
        let restores: Vec<&Backfill> = up
            .steps
            .iter()
            .filter_map(|step| step.restore.as_ref())
            .collect();
        if archives.is_empty() || restores.is_empty() {
            return Ok(());
        }
        let there = session
            .catalog(&CatalogScope::Relations(archives.clone()))
            .map_err(|error| EngineError::server("the archive could not be looked at", error))?;
        if archives.iter().any(|name| there.table(name).is_none()) {
            plan.remarks.push(
                "The archive does not have the old values any more: they are computed from the new ones.".to_owned(),
            );
            return Ok(());
        }
        for restore in restores {
            insert(plan, restore);
        }
        plan.hash = hash(&plan.steps);
        Ok(())
    }
}

fn kept_in(step: &PlannedStep) -> Option<QualifiedName> {
    let StepText::Backfill(backfill, _) = &step.text else {
        return None;
    };
    match &backfill.kind {
        BackfillKind::Copy { into, .. } if into.namespace.as_str() == ARCHIVE => Some(into.clone()),
        BackfillKind::Copy { .. } | BackfillKind::Update { .. } | BackfillKind::Delete => None,
    }
}

/// Behind the last step before the gate that adds or fills one of its columns, and behind that step's transaction.
fn insert(plan: &mut PlannedMigration, restore: &Backfill) {
    let columns: Vec<&Ident> = match &restore.kind {
        BackfillKind::Update { assignments } => {
            assignments.iter().map(|(column, _)| column).collect()
        }
        BackfillKind::Delete | BackfillKind::Copy { .. } => return,
    };
    let end = plan
        .steps
        .iter()
        .position(|step| step.gate.is_some())
        .unwrap_or(plan.steps.len());
    let Some(last) = plan
        .steps
        .iter()
        .take(end)
        .rposition(|step| makes(step, &restore.table, &columns))
    else {
        return;
    };
    let place = plan
        .steps
        .iter()
        .enumerate()
        .skip(last + 1)
        .find(|(_, step)| step.transaction != StepTransaction::WithPrevious)
        .map_or(plan.steps.len(), |(place, _)| place);
    let Some(before) = plan.steps.get(last) else {
        return;
    };
    let step = PlannedStep {
        id: format!("{}.1", before.id),
        purpose: "Put the values back that were kept, in batches.".to_owned(),
        text: StepText::Backfill(Box::new(restore.clone()), restore.shown()),
        changes: Vec::new(),
        transaction: StepTransaction::Outside,
        impact: segue_model::Impact::default(),
        losses: Vec::new(),
        phase: PhaseKind::Backfill,
        gate: None,
        back: None,
        restore: None,
        ..before.clone()
    };
    plan.steps.insert(place, step);
}

fn makes(step: &PlannedStep, table: &QualifiedName, columns: &[&Ident]) -> bool {
    let adds = step.changes.iter().any(|change| {
        matches!(change, Change::Column(target, ColumnChange::Add { column, .. })
            if &target.name == table && columns.contains(&&column.name))
    });
    let fills = match &step.text {
        StepText::Backfill(backfill, _) if &backfill.table == table => match &backfill.kind {
            BackfillKind::Update { assignments } => assignments
                .iter()
                .any(|(column, _)| columns.contains(&column)),
            BackfillKind::Delete | BackfillKind::Copy { .. } => false,
        },
        StepText::Backfill(..)
        | StepText::Users(_)
        | StepText::Authored(_)
        | StepText::Probe(..) => false,
    };
    adds || fills
}
