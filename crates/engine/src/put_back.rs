//! What the contract phase kept in the archive, put back when a migration's own way down takes it back.

use std::collections::BTreeSet;

use segue_model::{
    Backfill, BackfillKind, CatalogScope, Change, ColumnChange, Ident, Migration, PhaseKind,
    QualifiedName, Session, StepTransaction,
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
        let restores: Vec<(&Backfill, BTreeSet<QualifiedName>)> = up
            .steps
            .iter()
            .filter_map(|step| step.restore.as_ref())
            .map(|restore| (restore, read_by(restore, &up.steps)))
            .filter(|(_, archives)| !archives.is_empty())
            .collect();
        let archives: BTreeSet<QualifiedName> = restores
            .iter()
            .flat_map(|(_, places)| places.clone())
            .collect();
        if archives.is_empty() {
            return Ok(());
        }
        let there = session
            .catalog(&CatalogScope::Relations(archives.clone()))
            .map_err(|error| EngineError::server("the archive could not be looked at", error))?;
        let is_there = |name: &QualifiedName| there.table(name).is_some();
        for (restore, places) in &restores {
            if places.iter().all(is_there) {
                insert(plan, restore);
            }
        }
        let purged: Vec<String> = archives
            .iter()
            .filter(|name| !is_there(name))
            .map(ToString::to_string)
            .collect();
        if !purged.is_empty() {
            plan.remarks.push(format!(
                "The archive does not have {} any more: what was kept there is computed from the new values.",
                purged.join(", ")
            ));
        }
        plan.hash = hash(&plan.steps);
        Ok(())
    }
}

/// The places in the archive that a restore reads: where the values of its columns were copied to.
fn read_by(restore: &Backfill, steps: &[PlannedStep]) -> BTreeSet<QualifiedName> {
    let BackfillKind::Update { assignments } = &restore.kind else {
        return BTreeSet::new();
    };
    let kept = |column: &Ident| {
        steps.iter().find_map(|step| {
            let StepText::Backfill(copy, _) = &step.text else {
                return None;
            };
            let BackfillKind::Copy { into, columns, .. } = &copy.kind else {
                return None;
            };
            let is_it = copy.archives()
                && copy.table == restore.table
                && columns.last().is_some_and(|(last, _)| last == column);
            is_it.then(|| into.clone())
        })
    };
    assignments
        .iter()
        .filter_map(|(column, _)| kept(column))
        .collect()
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
