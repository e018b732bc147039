//! What the contract phase kept in the archive, put back when a migration's own way down takes it back.

use std::collections::BTreeSet;

use segue_model::{
    ARCHIVE, Backfill, BackfillKind, CatalogScope, Change, ColumnChange, Ident, Migration,
    PhaseKind, QualifiedName, Session, StepTransaction,
};

use crate::error::{EngineError, Kind};
use crate::kept::emptied;
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
        let restores: Vec<(&PlannedStep, &Backfill)> = up
            .steps
            .iter()
            .filter_map(|step| Some((step, step.restore.as_ref()?)))
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
        for (taken_by, restore) in restores {
            if takes_away(taken_by) {
                self.refill(plan, restore)?;
            } else {
                behind_fill(plan, restore);
            }
        }
        plan.hash = hash(&plan.steps);
        Ok(())
    }

    /// A column that was dropped comes back empty, gets what was kept, and only then what would have filled every row.
    fn refill(&self, plan: &mut PlannedMigration, restore: &Backfill) -> Result<(), EngineError> {
        let columns = columns_of(restore);
        let end = before_gate(plan);
        let steps = plan.steps.iter().take(end);
        let adds = |step: &&PlannedStep| adds(step, &restore.table, &columns);
        let Some((place, adding)) = steps.enumerate().find(|(_, step)| adds(step)) else {
            return Ok(());
        };
        let mut adding = adding.clone();
        let mut steps = vec![filling(&adding, restore)];
        let column = columns.first().copied();
        let parts = column.and_then(|column| emptied(&adding.changes, (&restore.table, column)));
        if let Some((before, behind)) = parts {
            let rendered = |changes: &[Change]| {
                let text = self.dialect.render(changes);
                text.map_err(|error| EngineError::new(Kind::Refused, error.to_string()))
            };
            if !behind.is_empty() {
                steps.push(PlannedStep {
                    purpose: "Give the column back what rows without a value are refused by."
                        .to_owned(),
                    text: StepText::Authored(rendered(&behind)?),
                    changes: behind,
                    transaction: StepTransaction::Own,
                    impact: adding.impact.clone(),
                    ..bare(&adding, 2)
                });
            }
            adding = PlannedStep {
                purpose: "Add the column empty: what was kept comes back into it.".to_owned(),
                text: StepText::Authored(rendered(&before)?),
                changes: before,
                ..adding
            };
        }
        if let Some(next) = plan.steps.get_mut(place + 1)
            && next.transaction == StepTransaction::WithPrevious
        {
            next.transaction = StepTransaction::Own;
        }
        steps.insert(0, adding);
        plan.steps.splice(place..=place, steps);
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

/// True for a step that drops the column whose values were kept; the other kind of step is replaced by columns that compute
/// the old one.
fn takes_away(step: &PlannedStep) -> bool {
    step.changes
        .iter()
        .any(|change| matches!(change, Change::Column(_, ColumnChange::Drop { .. })))
}

fn columns_of(restore: &Backfill) -> Vec<&Ident> {
    match &restore.kind {
        BackfillKind::Update { assignments } => {
            assignments.iter().map(|(column, _)| column).collect()
        }
        BackfillKind::Delete | BackfillKind::Copy { .. } => Vec::new(),
    }
}

/// The steps before the gate.
fn before_gate(plan: &PlannedMigration) -> usize {
    plan.steps
        .iter()
        .position(|step| step.gate.is_some())
        .unwrap_or(plan.steps.len())
}

/// Behind the last step before the gate that adds or fills one of its columns, and behind that step's transaction.
fn behind_fill(plan: &mut PlannedMigration, restore: &Backfill) {
    let columns = columns_of(restore);
    let end = before_gate(plan);
    let steps: Vec<&PlannedStep> = plan.steps.iter().take(end).collect();
    let Some(last) = steps
        .iter()
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
    let step = filling(before, restore);
    plan.steps.insert(place, step);
}

/// The step that puts values back, behind this one.
fn filling(before: &PlannedStep, restore: &Backfill) -> PlannedStep {
    PlannedStep {
        purpose: "Put the values back that were kept, in batches.".to_owned(),
        text: StepText::Backfill(Box::new(restore.clone()), restore.shown()),
        transaction: StepTransaction::Outside,
        phase: PhaseKind::Backfill,
        ..bare(before, 1)
    }
}

/// A step behind this one, of the same statement, that does nothing yet.
fn bare(before: &PlannedStep, number: usize) -> PlannedStep {
    PlannedStep {
        id: format!("{}.{number}", before.id),
        changes: Vec::new(),
        impact: segue_model::Impact::default(),
        losses: Vec::new(),
        gate: None,
        back: None,
        restore: None,
        ..before.clone()
    }
}

fn adds(step: &PlannedStep, table: &QualifiedName, columns: &[&Ident]) -> bool {
    step.changes.iter().any(|change| {
        matches!(change, Change::Column(target, ColumnChange::Add { column, .. })
            if &target.name == table && columns.contains(&&column.name))
    })
}

fn makes(step: &PlannedStep, table: &QualifiedName, columns: &[&Ident]) -> bool {
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
    fills || adds(step, table, columns)
}
