//! Whether a migration has begun. One of which only questions were asked has not: nothing was changed, so its file may be
//! corrected, and its plan is made again.

use std::collections::BTreeSet;

use segue_model::{Migration, Session};

use crate::error::EngineError;
use crate::journal::{Journal, Record, RecordState};
use crate::prepare::{PlannedMigration, PlannedStep, StepText, hash};
use crate::run::Running;
use crate::status::{Standing, Status, status};
use crate::turn::Writing;
use crate::up::Runner;

/// True for a line whose record says no more than that questions were asked.
pub(crate) fn is_unbegun(line: &Status) -> bool {
    matches!(line.standing, Standing::Pending | Standing::OutOfOrder)
        && line
            .record
            .as_ref()
            .is_some_and(|record| record.state == RecordState::Partial)
}

/// The ids of such lines.
pub(crate) fn unbegun(lines: &[Status]) -> BTreeSet<String> {
    let lines = lines.iter().filter(|line| is_unbegun(line));
    lines.map(|line| line.id.clone()).collect()
}

/// What a begun migration is agreed to for is what it was agreed to for before: its recorded steps. Asked again, a statement
/// that is half done would seem to destroy what its plan has kept.
pub(crate) fn agreed(plan: &mut PlannedMigration) {
    plan.hash = hash(&plan.steps);
    let gate = plan.steps.iter().position(|step| step.gate.is_some());
    if let Some(gate) = gate {
        let before = plan.steps.iter().take(gate);
        plan.losses = before.flat_map(|step| step.losses.clone()).collect();
    }
}

impl<S: Session + Send> Runner<'_, S> {
    /// How the project stands to these records.
    pub(crate) fn standings(
        &self,
        session: &mut S,
        migrations: &[Migration],
        mut records: Vec<Record>,
    ) -> Result<Vec<Status>, EngineError> {
        let ids: BTreeSet<&str> = migrations.iter().map(|one| one.id.as_str()).collect();
        let mut unbegun = Vec::new();
        for record in &records {
            if record.state == RecordState::Partial
                && ids.contains(record.id.as_str())
                && self.has_only_asked(session, &record.id)?
            {
                unbegun.push(record.clone());
            }
        }
        records.retain(|record| !unbegun.contains(record));
        let mut lines = status(migrations, records, self.dialect);
        for record in unbegun {
            let line = lines.iter_mut().find(|line| line.id == record.id);
            if let Some(line) = line {
                line.record = Some(record);
            }
        }
        Ok(lines)
    }

    /// True when every step that the journal has of a migration only looks.
    fn has_only_asked(&self, session: &mut S, id: &str) -> Result<bool, EngineError> {
        let unread = |error| EngineError::server("the journal could not be read", error);
        let journal = Journal::new(&self.statements);
        let Some(plan) = journal.recorded_plan(session, id).map_err(unread)? else {
            return Ok(false);
        };
        let Ok(plan) = serde_json::from_str::<Vec<PlannedStep>>(&plan) else {
            return Ok(false);
        };
        let questions: BTreeSet<&str> = plan
            .iter()
            .filter(|step| matches!(step.text, StepText::Probe(..)))
            .map(|step| step.id.as_str())
            .collect();
        let known = journal.steps(session, id).map_err(unread)?;
        Ok(known.keys().all(|step| questions.contains(step.as_str())))
    }
}

impl<S: Session + Send> Running<'_, '_, S> {
    /// What was asked for another plan is asked again: its record goes before the first step of this one.
    pub(crate) fn forget_unbegun(
        &mut self,
        migration: &PlannedMigration,
    ) -> Result<(), EngineError> {
        if !self.runner.unbegun.remove(&migration.id) {
            return Ok(());
        }
        self.note(migration, &[], &Writing::Gone)
    }
}
