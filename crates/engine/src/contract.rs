//! Behind the gate: `contract`, the evidence that keeps it shut, and the way back from before it.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::{
    Build, Change, EvidenceKind, Ident, IndexChange, Migration, QualifiedName, Retired, Session,
    StepTransaction, ViewChange,
};

use crate::checksum::{Checksums, checksums};
use crate::choose::no_such;
use crate::error::{EngineError, Kind};
use crate::guard::Keeping;
use crate::journal::{Journal, Record, StepState, value};
use crate::kept::before_values;
use crate::prepare::{PlannedMigration, PlannedStep, Sent, StepText, Stretch, hash};
use crate::status::{Standing, Status};
use crate::touched::touched;
use crate::up::{Approval, Outcome, Runner};
use crate::verify::{Verdict, verdict};

/// What is done with evidence that somebody still uses what would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidencePolicy {
    /// The gate stays shut.
    Respect,
    /// It is recorded and overruled.
    Accept,
}

/// A migration before its gate, and what speaks against opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateReport {
    /// The migration.
    pub id: String,
    /// Its file.
    pub path: String,
    /// Since when it waits: the server's time, UTC.
    pub since: String,
    /// What must be true, one sentence each.
    pub conditions: Vec<String>,
    /// What speaks against it, one line each; none means that nothing was seen.
    pub evidence: Vec<String>,
    /// What is lost for ever behind it.
    pub losses: Vec<String>,
    /// What an approval is given for.
    pub hash: String,
}

impl<S: Session + Send> Runner<'_, S> {
    /// Runs what waits behind gates: one migration, or all that wait.
    ///
    /// # Errors
    /// [`Kind::GateShut`] while evidence speaks against it; as [`Runner::up`] otherwise.
    pub fn contract(
        &mut self,
        migrations: &[Migration],
        only: Option<&str>,
        (policy, approval): (EvidencePolicy, &Approval),
    ) -> Result<Outcome, EngineError> {
        self.with_lease(|runner, session| {
            let waiting = runner.waiting(session, migrations, only)?;
            let mut plans = Vec::with_capacity(waiting.len());
            for (plan, record) in waiting {
                let report = runner.gate(session, (&plan, &record))?;
                if !report.evidence.is_empty() {
                    runner.judge(session, &report, policy)?;
                }
                plans.push(plan);
            }
            runner.approved(session, &plans, approval)?;
            runner.secure(session, &plans)?;
            runner.forewarn(session, &plans)?;
            runner.resumes = true;
            Ok((plans, 0))
        })
    }

    /// The gates that are shut, and what is seen through them. Changes nothing.
    ///
    /// # Errors
    /// What the server said.
    pub fn gates(
        &mut self,
        migrations: &[Migration],
        only: Option<&str>,
    ) -> Result<Vec<GateReport>, EngineError> {
        let mut session = self.open()?;
        let waiting = self.waiting(&mut session, migrations, only)?;
        waiting
            .iter()
            .map(|(plan, record)| self.gate(&mut session, (plan, record)))
            .collect()
    }

    /// What a migration keeps back in the journal comes from its file again, which has to be the one that was begun.
    fn unmask(
        &self,
        session: &mut S,
        steps: &mut [PlannedStep],
        (migration, sums): (&Migration, &Checksums),
    ) -> Result<(), EngineError> {
        let text = Journal::new(&self.statements)
            .recorded_text(session, &migration.id)
            .map_err(unread)?;
        if text.as_ref() != Some(&sums.normalized) {
            return Err(EngineError::new(
                Kind::Refused,
                format!(
                    "{} was edited after some of its steps were done: put the old text back, then run again",
                    migration.path
                ),
            )
            .with_next("segue repair"));
        }
        crate::secret::restore(steps, migration, self.dialect);
        Ok(())
    }

    /// What waits behind gates, as `contract` would run it, whatever speaks against it. Changes nothing.
    ///
    /// # Errors
    /// What the server said.
    pub fn plan_contract(
        &mut self,
        migrations: &[Migration],
    ) -> Result<Vec<PlannedMigration>, EngineError> {
        let mut session = self.open()?;
        let waiting = self.waiting(&mut session, migrations, None)?;
        Ok(waiting.into_iter().map(|(plan, _)| plan).collect())
    }

    /// The plans of migrations that stand before their gate, as they were begun.
    fn waiting(
        &self,
        session: &mut S,
        migrations: &[Migration],
        only: Option<&str>,
    ) -> Result<Vec<(PlannedMigration, Record)>, EngineError> {
        let lines = self.lines(session, migrations)?;
        let mut found = Vec::new();
        for (migration, line) in migrations.iter().zip(&lines) {
            let way = match line.standing {
                Standing::Waiting => Sent::Up,
                Standing::Reverting => Sent::Down,
                Standing::Applied
                | Standing::Baseline
                | Standing::Partial
                | Standing::Edited
                | Standing::Pending
                | Standing::OutOfOrder
                | Standing::Missing => continue,
            };
            let Some(record) = &line.record else { continue };
            if only.is_some_and(|only| only != migration.id) {
                continue;
            }
            let Some(mut plan) = self.recorded(session, migration, way)? else {
                continue;
            };
            if !self.is_at_gate(session, &plan)? {
                continue;
            }
            plan.stretch = Stretch::BehindGate;
            if self.guard.keeping == Keeping::Nothing {
                crate::archive::left_out(&mut plan, self.dialect)?;
            }
            found.push((plan, record.clone()));
        }
        if let (Some(only), true) = (only, found.is_empty()) {
            if !migrations.iter().any(|one| one.id == only) {
                return Err(no_such(only));
            }
            return Err(EngineError::new(
                Kind::Request,
                format!("{only} does not wait at a gate: `segue status` shows how it stands"),
            ));
        }
        Ok(found)
    }

    /// True when every step before the gate is recorded done.
    fn is_at_gate(&self, session: &mut S, plan: &PlannedMigration) -> Result<bool, EngineError> {
        let Some(gate) = plan.steps.iter().position(|step| step.gate.is_some()) else {
            return Ok(false);
        };
        let done = Journal::new(&self.statements)
            .steps(session, &plan.id)
            .map_err(unread)?;
        Ok(plan
            .steps
            .iter()
            .take(gate)
            .all(|step| done.get(&crate::turn::step_key(plan, step)) == Some(&StepState::Done)))
    }

    /// A migration with the steps it was begun with; none when the journal has no plan of it.
    pub(crate) fn recorded(
        &self,
        session: &mut S,
        migration: &Migration,
        way: Sent,
    ) -> Result<Option<PlannedMigration>, EngineError> {
        let recorded = Journal::new(&self.statements)
            .recorded_plan(session, &migration.id)
            .map_err(unread)?;
        let Some(steps) = recorded.and_then(|json| serde_json::from_str(&json).ok()) else {
            return Ok(None);
        };
        let mut steps: Vec<PlannedStep> = steps;
        let sums = checksums(migration, self.dialect).for_the_journal(migration, self.dialect);
        if crate::secret::is_masked(&steps) {
            self.unmask(session, &mut steps, (migration, &sums))?;
        }
        Ok(Some(PlannedMigration {
            id: migration.id.clone(),
            path: migration.path.clone(),
            name: migration.name.clone(),
            way,
            stretch: Stretch::ToGate,
            losses: steps
                .iter()
                .filter_map(|step| step.gate.as_ref())
                .flat_map(|waiting| waiting.losses.clone())
                .collect(),
            remarks: Vec::new(),
            hazards: Vec::new(),
            decisions: Vec::new(),
            checksums: sums,
            hash: hash(&steps),
            steps,
        }))
    }

    /// The way back by the journal: every recorded step, the last first, undone. None when the migration was not begun with
    /// a plan that has a gate, or when a step has no way back: then its own way down is what takes it back.
    pub(crate) fn way_back(
        &self,
        session: &mut S,
        migration: &Migration,
    ) -> Result<Option<PlannedMigration>, EngineError> {
        let Some(mut plan) = self.recorded(session, migration, Sent::Up)? else {
            return Ok(None);
        };
        if !has_gate(&plan) {
            return Ok(None);
        }
        let done = Journal::new(&self.statements)
            .steps(session, &plan.id)
            .map_err(unread)?;
        // What was purged, or never kept, cannot be put back.
        if !self.still_keeps(session, &plan, &done)? {
            return Ok(None);
        }
        let idle = self.without_effect(session, &plan, &done)?;
        let is_begun = |step: &PlannedStep| done.contains_key(&step.id) && !idle.contains(&step.id);
        let undone: Option<Vec<Vec<PlannedStep>>> = plan
            .steps
            .chunk_by(|_, next| next.transaction == StepTransaction::WithPrevious)
            .filter(|turn| turn.iter().any(is_begun))
            .rev()
            .map(|turn| self.undone(turn))
            .collect();
        let Some(steps) = undone else {
            return Ok(None);
        };
        plan.steps = steps.into_iter().flatten().collect();
        plan.way = Sent::Down;
        plan.losses.clear();
        plan.hash = hash(&plan.steps);
        Ok(Some(plan))
    }

    /// The steps that were begun and of which there is nothing to take back: whoever began them died before their effect.
    fn without_effect(
        &self,
        session: &mut S,
        plan: &PlannedMigration,
        done: &BTreeMap<String, StepState>,
    ) -> Result<BTreeSet<String>, EngineError> {
        let failed = |error| EngineError::server("the catalog could not be read", error);
        let mut idle = BTreeSet::new();
        for step in &plan.steps {
            let (Some(StepState::Intended), Some(back)) = (done.get(&step.id), &step.back) else {
                continue;
            };
            session.execute(&self.statements.begin).map_err(failed)?;
            let seen = verdict(session, back.iter());
            let ended = session.execute(&self.statements.rollback);
            let seen = seen.map_err(failed)?;
            ended.map_err(failed)?;
            if seen == Verdict::Holds {
                idle.insert(step.id.clone());
            }
        }
        Ok(idle)
    }

    /// The same from behind the gate. None where a name goes that the version which runs uses: its own way down keeps that
    /// name until its gate.
    pub(crate) fn way_back_from_behind(
        &self,
        session: &mut S,
        migration: &Migration,
    ) -> Result<Option<PlannedMigration>, EngineError> {
        let Some(plan) = self.recorded(session, migration, Sent::Up)? else {
            return Ok(None);
        };
        let retires_a_view = plan
            .steps
            .iter()
            .flat_map(|step| &step.changes)
            .any(|change| matches!(change, Change::View(_, ViewChange::Drop { .. })));
        if retires_a_view {
            return Ok(None);
        }
        self.way_back(session, migration)
    }

    /// One transaction's steps, undone from the last to the first.
    pub(crate) fn undone(&self, turn: &[PlannedStep]) -> Option<Vec<PlannedStep>> {
        let mut back: Vec<PlannedStep> = Vec::new();
        for step in turn.iter().rev() {
            if let StepText::Probe(..) | StepText::Backfill(..) = step.text {
                continue;
            }
            let changes = step.back.as_ref()?;
            for (number, change) in changes.iter().enumerate() {
                let (change, transaction) = online(change, step, &back);
                back.push(PlannedStep {
                    id: format!("{}.{}", step.id, back.len() + 1),
                    purpose: format!("Undo: {}", step.purpose),
                    text: StepText::Authored(
                        self.dialect.render(std::slice::from_ref(&change)).ok()?,
                    ),
                    changes: vec![change],
                    transaction,
                    gate: None,
                    back: None,
                    restore: None,
                    ..step.clone()
                });
                if let Some(restore) = &step.restore
                    && number + 1 == before_values(changes)
                {
                    back.push(PlannedStep {
                        id: format!("{}.{}", step.id, back.len() + 1),
                        purpose: "Put the values back that were kept, in batches.".to_owned(),
                        text: StepText::Backfill(Box::new(restore.clone()), restore.shown()),
                        changes: Vec::new(),
                        transaction: StepTransaction::Outside,
                        gate: None,
                        back: None,
                        restore: None,
                        ..step.clone()
                    });
                }
            }
        }
        Some(back)
    }

    /// What is seen through one gate.
    fn gate(
        &self,
        session: &mut S,
        (plan, record): (&PlannedMigration, &Record),
    ) -> Result<GateReport, EngineError> {
        let waiting = plan.steps.iter().find_map(|step| step.gate.as_ref());
        let retires = waiting.map_or(&[][..], |waiting| &waiting.gate.retires);
        Ok(GateReport {
            id: plan.id.clone(),
            path: plan.path.clone(),
            since: record.at.clone(),
            conditions: waiting.map_or_else(Vec::new, |waiting| waiting.gate.conditions.clone()),
            evidence: self.evidence(session, retires, &plan.id)?,
            losses: plan.losses.iter().map(|loss| loss.what.clone()).collect(),
            hash: plan.hash.clone(),
        })
    }

    /// Counters are read twice, with the window between: what grows is in use. Facts are read once, at its end.
    fn evidence(
        &self,
        session: &mut S,
        retires: &[Retired],
        migration: &str,
    ) -> Result<Vec<String>, EngineError> {
        let workload = match &self.statements.workload {
            Some(statement) => session.query(statement).map_err(unseen)?,
            None => Vec::new(),
        };
        let workload = value(&workload).map(Ident::new);
        let questions: Vec<_> = retires
            .iter()
            .flat_map(|retired| self.dialect.evidence(retired, workload.as_ref()))
            .collect();
        let mut before = Vec::new();
        for question in &questions {
            before.push(match question.kind {
                EvidenceKind::Counter => Some(number(
                    &session
                        .query_with(&question.query, &[Some(migration)])
                        .map_err(unseen)?,
                )),
                EvidenceKind::Fact => None,
            });
        }
        if before.iter().any(Option::is_some) {
            self.clock.pause(std::time::Duration::from_millis(u64::from(
                self.limits.gate_window_ms,
            )));
        }
        let mut lines = Vec::new();
        for (question, before) in questions.iter().zip(before) {
            let rows = session
                .query_with(&question.query, &[Some(migration)])
                .map_err(unseen)?;
            match before {
                Some(before) => {
                    let grown = number(&rows).saturating_sub(before);
                    if grown > 0 {
                        lines.push(format!("{}: {grown} while watching", question.what));
                    }
                }
                None => lines.extend(rows.into_iter().map(|row| {
                    let values: Vec<String> = row.into_iter().flatten().collect();
                    format!("{}: {}", question.what, values.join(", "))
                })),
            }
        }
        Ok(lines)
    }

    fn judge(
        &self,
        session: &mut S,
        report: &GateReport,
        policy: EvidencePolicy,
    ) -> Result<(), EngineError> {
        match policy {
            EvidencePolicy::Accept => {
                let what = format!("evidence accepted: {}", report.evidence.join("; "));
                let line = [
                    Some(self.holder.as_str()),
                    Some(what.as_str()),
                    Some(report.id.as_str()),
                ];
                session
                    .query_with(&self.statements.record_event, &line)
                    .map(drop)
                    .map_err(|error| {
                        EngineError::server("what was overruled could not be recorded", error)
                    })
            }
            EvidencePolicy::Respect => Err(EngineError::new(
                Kind::GateShut,
                format!(
                    "{}: the gate stays shut, something still uses what would go",
                    report.path
                ),
            )
            .with_details(report.evidence.clone())),
        }
    }

    /// The tables that waiting migrations hold, and who holds each.
    pub(crate) fn held(
        &self,
        session: &mut S,
        (migrations, lines): (&[Migration], &[Status]),
    ) -> Result<Vec<(QualifiedName, String)>, EngineError> {
        let mut held = Vec::new();
        for (migration, line) in migrations.iter().zip(lines) {
            if line.standing != Standing::Waiting {
                continue;
            }
            if let Some(plan) = self.recorded(session, migration, Sent::Up)? {
                held.extend(
                    tables(&plan)
                        .into_iter()
                        .map(|table| (table, plan.id.clone())),
                );
            }
        }
        Ok(held)
    }
}

/// The relations that a migration's steps touch.
pub(crate) fn tables(plan: &PlannedMigration) -> BTreeSet<QualifiedName> {
    plan.steps
        .iter()
        .flat_map(|step| &step.changes)
        .flat_map(|change: &Change| touched(change))
        .collect()
}

/// True when the migration stops at a gate.
pub(crate) fn has_gate(plan: &PlannedMigration) -> bool {
    plan.steps.iter().any(|step| step.gate.is_some())
}

/// An index is built while the table is written, also on the way back; all else shares the transaction it had.
fn online(
    change: &Change,
    step: &PlannedStep,
    before: &[PlannedStep],
) -> (Change, StepTransaction) {
    if let Change::Index(IndexChange::Create {
        index, presence, ..
    }) = change
    {
        let change = Change::Index(IndexChange::Create {
            index: index.clone(),
            build: Build::Concurrently,
            presence: *presence,
        });
        return (change, StepTransaction::Outside);
    }
    let is_open = before
        .last()
        .is_some_and(|last| last.transaction != StepTransaction::Outside);
    let transaction = match step.transaction {
        StepTransaction::Outside => StepTransaction::Outside,
        StepTransaction::Own | StepTransaction::WithPrevious if is_open => {
            StepTransaction::WithPrevious
        }
        StepTransaction::Own | StepTransaction::WithPrevious => StepTransaction::Own,
    };
    (change.clone(), transaction)
}

fn number(rows: &segue_model::TextRows) -> u64 {
    value(rows).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn unread<E: segue_model::SessionError>(error: E) -> EngineError {
    EngineError::server("the journal could not be read", error)
}

fn unseen<E: segue_model::SessionError>(error: E) -> EngineError {
    EngineError::server(
        "whether somebody still uses what would go could not be seen",
        error,
    )
}
