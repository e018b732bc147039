//! One migration, turn after turn, from where an earlier run stopped.

use std::collections::BTreeMap;

use segue_model::{Change, Session, SessionChange};

use crate::error::{EngineError, StateOfDatabase};
use crate::journal::{Entry, Journal, RecordState, StepState};
use crate::lease::Lease;
use crate::limits::Event;
use crate::prepare::{PlannedMigration, PlannedStep, Sent, StepText};
use crate::turn::{Writing, outside, step_key, stopped, turns};
use crate::up::Runner;
use crate::watcher::Watch;

/// A run in progress: the connection, the lease, and who watches.
pub(crate) struct Running<'r, 'a, S: Session> {
    pub(crate) runner: &'r mut Runner<'a, S>,
    pub(crate) session: S,
    pub(crate) session_id: String,
    pub(crate) lease: &'r Lease,
    pub(crate) watch: &'r Watch,
    /// Migrations this run has completed.
    pub(crate) completed: usize,
    pub(crate) seed: u64,
}

impl<S: Session + Send> Running<'_, '_, S> {
    /// A number that differs from call to call; the same seed gives the same numbers (xorshift).
    pub(crate) fn jitter(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    /// A new connection in place of the one that is gone.
    pub(crate) fn reconnect(&mut self) -> Result<(), S::Error> {
        let mut session = (self.runner.connect)()?;
        self.session_id = id_of(&mut session, &self.runner.statements.session_id)?;
        self.session = session;
        Ok(())
    }

    /// Runs what is left of a migration, and records it.
    pub(crate) fn migration(&mut self, migration: &PlannedMigration) -> Result<(), EngineError> {
        let started = self.runner.clock.now_ms();
        self.runner.observer.on(&Event::Migration {
            id: migration.id.clone(),
            path: migration.path.clone(),
            steps: migration.steps.len(),
        });
        self.restore_point(migration)?;
        let done = self.steps_done(migration)?;
        let turns = turns(&migration.steps);
        let mut finished = 0;
        for (number, turn) in turns.iter().enumerate() {
            let position = Position {
                is_only: turns.len() == 1 && done.is_empty() && outside(turn).is_none(),
                is_first: number == 0,
                is_last: number + 1 == turns.len(),
                took_ms: self.runner.clock.now_ms().saturating_sub(started),
            };
            self.turn(migration, turn, (&done, &position))
                .map_err(|error| self.placed(error, finished, migration.steps.len()))?;
            finished += turn.len();
        }
        if turns.is_empty() {
            let position = Position {
                is_only: true,
                is_first: true,
                is_last: true,
                took_ms: 0,
            };
            let plan = None;
            let writing = writing(migration, &position, plan);
            self.note(migration, &[], &writing)
                .map_err(|error| self.placed(error, 0, 0))?;
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
        let reset = self.session.execute(&self.runner.statements.reset_settings);
        reset.map_err(|error| {
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
        let plan = crate::secret::stored(&migration.steps, self.runner.dialect);
        let writing = writing(migration, position, (!position.is_only).then_some(&plan));
        match outside(turn) {
            Some(step) => {
                if position.is_first {
                    self.begin_record(migration, &plan)?;
                }
                let known = done.get(&step_key(migration, step)).copied();
                self.outside(migration, step, known, &writing)
            }
            None => self.inside(migration, turn, &writing),
        }
    }

    /// Before the first effect outside a transaction the plan is written down.
    fn begin_record(
        &mut self,
        migration: &PlannedMigration,
        plan: &str,
    ) -> Result<(), EngineError> {
        let entry = entry(migration, partial(migration), 0, Some(plan));
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
            if let (true, StepText::Users(text)) = (sets(step), &step.text) {
                self.session.execute_users(text).map_err(|error| {
                    stopped(
                        migration,
                        Some(step),
                        EngineError::server("a setting could not be made again", error),
                    )
                })?;
            }
        }
        if position.is_last {
            let writing = writing(migration, position, None);
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
    reason = "three independent facts of a position, never passed as arguments"
)]
struct Position {
    is_only: bool,
    is_first: bool,
    is_last: bool,
    took_ms: u64,
}

fn partial(migration: &PlannedMigration) -> RecordState {
    match migration.way {
        Sent::Up => RecordState::Partial,
        Sent::Down => RecordState::Reverting,
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
    match (migration.way, position.is_last) {
        (Sent::Down, true) => Writing::Gone,
        (Sent::Up, true) => {
            let entry = entry(migration, RecordState::Applied, position.took_ms, plan);
            if position.is_only {
                Writing::Whole(entry)
            } else {
                Writing::Steps(Some(entry))
            }
        }
        (Sent::Up | Sent::Down, false) => Writing::Steps(
            position
                .is_first
                .then(|| entry(migration, partial(migration), position.took_ms, plan)),
        ),
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
