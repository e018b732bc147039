//! One migration, turn after turn, from where an earlier run stopped.

use std::collections::BTreeMap;

use segue_model::{Change, Failure, Session, SessionChange, SessionError as _};

use crate::error::{EngineError, StateOfDatabase};
use crate::journal::{Entry, Journal, RecordState, StepState};
use crate::lease::Lease;
use crate::limits::Event;
use crate::prepare::{PlannedMigration, PlannedStep, Sent, StepText, Stretch};
use crate::turn::{Writing, asked, outside, step_key, stopped, turns};
use crate::up::Runner;
use crate::watcher::Watch;

/// A run in progress: the connection, the lease, and who watches.
pub(crate) struct Running<'r, 'a, S: Session> {
    pub(crate) runner: &'r mut Runner<'a, S>,
    pub(crate) session: S,
    pub(crate) session_id: String,
    /// Which server it talks to; none where the server does not tell.
    pub(crate) identity: Option<String>,
    /// Another server answered after a reconnect: its name. Nothing is sent there.
    pub(crate) replaced: Option<String>,
    pub(crate) lease: &'r Lease,
    pub(crate) watch: &'r Watch,
    /// Migrations this run has completed.
    pub(crate) completed: usize,
    pub(crate) seed: u64,
    /// What this migration set for the session so far: a new connection is told the same.
    pub(crate) settings: Vec<StepText>,
}

impl<S: Session + Send> Running<'_, '_, S> {
    /// A number that differs from call to call; the same seed gives the same numbers (xorshift).
    pub(crate) fn jitter(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    /// A new connection in place of the one that is gone, with what this migration has set. Another server than before is
    /// told nothing.
    pub(crate) fn reconnect(&mut self) -> Result<(), EngineError> {
        let unprepared = |error| EngineError::server("the session could not be prepared", error);
        let mut session = self.runner.open()?;
        self.session_id =
            id_of(&mut session, &self.runner.statements.session_id).map_err(unprepared)?;
        let identity = identity_of(&mut session, &self.runner.statements).map_err(unprepared)?;
        if let (Some(before), Some(now)) = (&self.identity, identity)
            && *before != now
        {
            self.replaced = Some(now);
            self.session = session;
            return Ok(());
        }
        self.session = session;
        for text in self.settings.clone() {
            self.set(&text).map_err(unprepared)?;
        }
        Ok(())
    }

    fn set(&mut self, text: &StepText) -> Result<(), S::Error> {
        match text {
            StepText::Users(text) => self.session.execute_users(text),
            StepText::Authored(sql) => self.session.execute(sql),
            StepText::Probe(..) | StepText::Backfill(..) => Ok(()),
        }
    }

    /// Runs what is left of a migration, and records it.
    pub(crate) fn migration(&mut self, migration: &PlannedMigration) -> Result<(), EngineError> {
        let started = self.runner.clock.now_ms();
        self.settings.clear();
        self.runner.observer.on(&Event::Migration {
            id: migration.id.clone(),
            path: migration.path.clone(),
            steps: migration.steps.len(),
        });
        self.restore_point(migration)?;
        self.forget_unbegun(migration)?;
        let done = self.steps_done(migration)?;
        let (turns, end) = stretch(migration);
        let mut finished = 0;
        for (number, turn) in turns.iter().enumerate() {
            if self.runner.stop.is_asked() {
                let asked = stopped(migration, turn.first(), asked());
                return Err(self.placed(asked, finished, migration.steps.len()));
            }
            let position = Position {
                is_only: turns.len() == 1
                    && done.is_empty()
                    && outside(turn).is_none()
                    && end == End::Done,
                is_first: number == 0,
                end: (number + 1 == turns.len()).then_some(end),
                took_ms: self.runner.clock.now_ms().saturating_sub(started),
            };
            self.turn(migration, turn, (&done, &position))
                .map_err(|error| self.placed(error, finished, migration.steps.len()))?;
            finished += turn.len();
        }
        if turns.is_empty() {
            let position = Position {
                is_only: end == End::Done,
                is_first: true,
                end: Some(end),
                took_ms: 0,
            };
            let plan = migration.secrets.stored(&migration.steps);
            let writing = writing(migration, &position, (end == End::Gate).then_some(&plan));
            self.note(migration, &[], &writing)
                .map_err(|error| self.placed(error, 0, 0))?;
        }
        if end == End::Gate {
            let gates = migration.steps.iter().filter_map(|step| step.gate.as_ref());
            self.runner.observer.on(&Event::Gate {
                id: migration.id.clone(),
                conditions: gates
                    .flat_map(|waiting| waiting.gate.conditions.clone())
                    .collect(),
            });
        }
        self.completed += 1;
        let took_ms = self.runner.clock.now_ms().saturating_sub(started);
        self.runner.observer.on(&Event::Done {
            id: migration.id.clone(),
            took_ms,
        });
        self.after(migration)
    }

    /// Settings that a file made last no longer than the file.
    fn after(&mut self, migration: &PlannedMigration) -> Result<(), EngineError> {
        let is_set = migration
            .steps
            .iter()
            .any(|step| sets(step) || outside(std::slice::from_ref(step)).is_some());
        if !is_set {
            return Ok(());
        }
        self.settings.clear();
        let Some(reset) = &self.runner.statements.reset_settings else {
            return self.reconnect();
        };
        let lasting = self.runner.limits.lock_timeout_ms;
        self.session
            .execute(reset)
            .and_then(|()| self.wait_for_locks(lasting))
            .map_err(|error| {
                EngineError::server("the session's settings could not be put back", error)
            })
    }

    fn steps_done(
        &mut self,
        migration: &PlannedMigration,
    ) -> Result<BTreeMap<String, StepState>, EngineError> {
        if !self.runner.resumes {
            return Ok(BTreeMap::new());
        }
        Journal::new(&self.runner.statements)
            .steps(&mut self.session, &migration.id)
            .map_err(|error| EngineError::server("the journal could not be read", error))
            .map(|steps| {
                let is_of_this_way = |key: &String| match migration.way {
                    Sent::Up => !key.starts_with("down "),
                    Sent::Down => key.starts_with("down "),
                };
                steps
                    .into_iter()
                    .filter(|(key, _)| is_of_this_way(key))
                    .collect()
            })
    }

    fn turn(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        (done, position): (&BTreeMap<String, StepState>, &Position),
    ) -> Result<(), EngineError> {
        let is_done = turn
            .iter()
            .all(|step| done.get(&step_key(migration, step)) == Some(&StepState::Done));
        if is_done {
            return self.already_done(migration, turn, position);
        }
        for step in turn {
            self.runner.observer.on(&Event::Step {
                id: step.id.clone(),
                purpose: step.purpose.clone(),
            });
        }
        let plan = (!position.is_only).then(|| migration.secrets.stored(&migration.steps));
        let writing = writing(migration, position, plan.as_ref());
        match outside(turn) {
            Some(step) => {
                if position.is_first {
                    self.begin_record(migration, plan.as_deref())?;
                }
                let known = done.get(&step_key(migration, step)).copied();
                if let StepText::Backfill(backfill, _) = &step.text {
                    return self.backfill(migration, (step, backfill), known, &writing);
                }
                self.outside(migration, step, known, &writing)?;
            }
            None => self.inside(migration, turn, &writing)?,
        }
        let set = turn.iter().filter(|step| sets(step));
        self.settings.extend(set.map(|step| step.text.clone()));
        Ok(())
    }

    /// Before the first effect outside a transaction the plan is written down.
    fn begin_record(
        &mut self,
        migration: &PlannedMigration,
        plan: Option<&str>,
    ) -> Result<(), EngineError> {
        let entry = entry(migration, partial(migration), 0, plan);
        self.note(migration, &[], &Writing::Steps(Some(entry)))
    }

    /// What an earlier run did is not done again, except that a session's settings are gone with its session.
    fn already_done(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        position: &Position,
    ) -> Result<(), EngineError> {
        for step in turn {
            self.runner.observer.on(&Event::AlreadyDone {
                id: step.id.clone(),
            });
            if sets(step) {
                self.set(&step.text).map_err(|error| {
                    let what = "a setting could not be made again";
                    stopped(migration, Some(step), EngineError::server(what, error))
                })?;
                self.settings.push(step.text.clone());
            }
        }
        if position.end.is_some() {
            let plan = migration.secrets.stored(&migration.steps);
            let writing = writing(migration, position, keeps_plan(migration).then_some(&plan));
            return self.note(migration, &[], &writing);
        }
        Ok(())
    }

    /// The state of the database goes with every error.
    fn placed(&self, error: EngineError, finished: usize, of: usize) -> EngineError {
        let state = match (error.state(), finished, self.completed) {
            (StateOfDatabase::Unknown, _, _) => StateOfDatabase::Unknown,
            (_, 0, 0) => StateOfDatabase::Untouched,
            (_, 0, migrations) => StateOfDatabase::Between { migrations },
            (_, steps, migrations) => StateOfDatabase::Partial {
                migrations,
                steps,
                of,
            },
        };
        error.with_state(state)
    }
}

/// Where a turn stands in its migration.
#[expect(
    clippy::struct_excessive_bools,
    reason = "two independent facts of a position, never passed as arguments"
)]
struct Position {
    is_only: bool,
    is_first: bool,
    /// What is reached when it is done; none when others follow.
    end: Option<End>,
    took_ms: u64,
}

/// What is reached behind the last turn that is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The migration is complete.
    Done,
    /// Its gate.
    Gate,
}

/// The steps of the part of a migration that is run.
pub(crate) fn run_steps(migration: &PlannedMigration) -> impl Iterator<Item = &PlannedStep> {
    let (turns, _) = stretch(migration);
    turns.into_iter().flatten()
}

/// The turns that are run, and what is reached then.
fn stretch(migration: &PlannedMigration) -> (Vec<&[PlannedStep]>, End) {
    let gate = migration
        .steps
        .iter()
        .position(|step| step.gate.is_some())
        .unwrap_or(migration.steps.len());
    let (before, behind) = migration.steps.split_at(gate);
    match migration.stretch {
        Stretch::ToGate if behind.is_empty() => (turns(before), End::Done),
        Stretch::ToGate => (turns(before), End::Gate),
        Stretch::BehindGate => (turns(behind), End::Done),
    }
}

/// A migration with a gate keeps its plan: what is behind the gate is run later, and before it every step has a way back.
fn keeps_plan(migration: &PlannedMigration) -> bool {
    migration.steps.iter().any(|step| step.gate.is_some())
}

fn partial(migration: &PlannedMigration) -> RecordState {
    match (migration.way, migration.stretch) {
        (Sent::Up, Stretch::ToGate) => RecordState::Partial,
        // Whatever is done of it, it can be gone on with.
        (Sent::Up, Stretch::BehindGate) => RecordState::Waiting,
        (Sent::Down, _) => RecordState::Reverting,
    }
}

fn entry<'m>(
    migration: &'m PlannedMigration,
    state: RecordState,
    took_ms: u64,
    plan: Option<&'m str>,
) -> Entry<'m> {
    Entry {
        id: &migration.id,
        path: &migration.path,
        name: &migration.name,
        state,
        checksums: &migration.checksums,
        hash: &migration.hash,
        took_ms,
        plan,
    }
}

fn writing<'m>(
    migration: &'m PlannedMigration,
    position: &Position,
    plan: Option<&'m String>,
) -> Writing<'m> {
    let plan = plan.map(String::as_str);
    let written = |state| entry(migration, state, position.took_ms, plan);
    match (migration.way, position.end) {
        (Sent::Down, Some(End::Done)) => Writing::Gone,
        (Sent::Up, Some(End::Done)) if position.is_only => {
            Writing::Whole(written(RecordState::Applied))
        }
        (Sent::Up, Some(End::Done)) => Writing::Steps(Some(written(RecordState::Applied))),
        (Sent::Up, Some(End::Gate)) => Writing::Steps(Some(written(RecordState::Waiting))),
        // Going back reaches its own gate: the old structure goes when nobody uses it.
        (Sent::Down, Some(End::Gate)) => Writing::Steps(Some(written(RecordState::Reverting))),
        (Sent::Up | Sent::Down, None) => {
            Writing::Steps(position.is_first.then(|| written(partial(migration))))
        }
    }
}

/// True for a statement that changes the session's settings.
fn sets(step: &PlannedStep) -> bool {
    step.changes.iter().any(|change| {
        matches!(
            change,
            Change::Session(SessionChange::Set { .. } | SessionChange::Reset(_))
        )
    })
}

/// The id of a session, as the watcher's statements take it.
pub(crate) fn id_of<S: Session>(
    session: &mut S,
    statement: &segue_model::Sql,
) -> Result<String, S::Error> {
    let rows = session.query(statement)?;
    Ok(crate::journal::value(&rows).unwrap_or_default().to_owned())
}

/// Which server answers; none where it does not tell, or may not be asked.
pub(crate) fn identity_of<S: Session>(
    session: &mut S,
    statements: &segue_model::RunnerStatements,
) -> Result<Option<String>, S::Error> {
    let Some(identity) = &statements.identity else {
        return Ok(None);
    };
    match session.query(identity) {
        Ok(rows) => Ok(crate::journal::value(&rows).map(str::to_owned)),
        Err(error) => match error.failure() {
            Failure::ConnectionLost => Err(error),
            Failure::LockTimeout
            | Failure::Deadlock
            | Failure::Cancelled
            | Failure::Permission
            | Failure::Resources
            | Failure::Refused => Ok(None),
        },
    }
}
