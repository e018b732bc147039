//! A backfill as a step of a migration: pass after pass until it is proven.

use std::time::Duration;

use segue_model::{Backfill, Failure, Session, SessionError as _};

use crate::backfill::begin::{Means, put_part};
use crate::backfill::journal::{Course, State};
use crate::backfill::pace::Pace;
use crate::backfill::proof::Proof;
use crate::backfill::task::Task;
use crate::backfill::worker::work;
use crate::error::{EngineError, Kind};
use crate::journal::StepState;
use crate::limits::Event;
use crate::prepare::{PlannedMigration, PlannedStep};
use crate::run::Running;
use crate::turn::{Writing, step_key, stopped};
use crate::up::Connect;

/// Between two looks at the workers.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The pace is looked at every so many looks.
pub(crate) const PACE_EVERY: u32 = 25;

impl<S: Session + Send> Running<'_, '_, S> {
    /// Runs a backfill to its proof, then records the step.
    pub(crate) fn backfill(
        &mut self,
        migration: &PlannedMigration,
        (step, backfill): (&PlannedStep, &Backfill),
        known: Option<StepState>,
        writing: &Writing<'_>,
    ) -> Result<(), EngineError> {
        self.until_proven(migration, (step, backfill), known)
            .map_err(|error| stopped(migration, Some(step), error))?;
        self.note(migration, std::slice::from_ref(step), writing)
    }

    fn until_proven(
        &mut self,
        migration: &PlannedMigration,
        (step, backfill): (&PlannedStep, &Backfill),
        known: Option<StepState>,
    ) -> Result<(), EngineError> {
        let journal = self.runner.dialect.backfill_journal().ok_or_else(|| {
            EngineError::new(
                Kind::Request,
                format!("{} has no backfills", self.runner.dialect.name()),
            )
        })?;
        let (statements, holder) = (self.runner.statements.clone(), self.runner.holder.clone());
        let limits = self.runner.backfills.clone();
        let means = Means {
            dialect: self.runner.dialect,
            journal: &journal,
            statements: &statements,
            clock: self.runner.clock,
            locks: self.runner.limits,
            limits: &limits,
            holder: &holder,
            epoch: Some(self.lease.epoch.as_str()),
        };
        let key = step_key(migration, step);
        means.install(&mut self.session)?;
        if known.is_none() {
            // One that an earlier life of the migration left, before it went back, says nothing of this one.
            means.forget(&mut self.session, (&migration.id, &key))?;
            self.intend_alone(migration, step)?;
        }
        let found = match means.find(&mut self.session, (&migration.id, &key))? {
            Some(found) => found,
            None => means.begin(&mut self.session, (&migration.id, &key), backfill)?,
        };
        if found.state == State::Done && found.proof.is_some() {
            return Ok(());
        }
        if found.state == State::Cancelled {
            // A person who cancelled it is not overruled by the next run.
            return Err(cancelled(&found.id));
        }
        let task = means.task(&mut self.session, &found)?;
        self.runner.observer.on(&Event::Backfill {
            id: found.id.clone(),
            reason: found.definition.walk.reason.clone(),
        });
        self.passes(&task)
    }

    fn passes(&mut self, task: &Task<'_>) -> Result<(), EngineError> {
        loop {
            self.pass(task)?;
            let course = self.again(task, Task::course)?;
            if course.state == State::Cancelled {
                return Err(cancelled(&task.id));
            }
            if course.parts_open > 0 || course.ranges_open > 0 {
                // A worker of another process took it over and was lost, or the backfill was paused meanwhile.
                continue;
            }
            if course.aside > 0 {
                return Err(aside(&task.id, course.aside));
            }
            let proof = self.again(task, |task, session| task.prove(session, &course))?;
            if proof.rows_remaining == 0 {
                return self.finish(task, &proof);
            }
            self.next_pass(task, &course, &proof)?;
        }
    }

    /// Workers until nothing is left for anybody; meanwhile the lease and the pace are looked at.
    fn pass(&mut self, task: &Task<'_>) -> Result<(), EngineError> {
        let seeds: Vec<u64> = (0..task.limits.workers.max(1))
            .map(|_| self.jitter())
            .collect();
        let (connect, stop) = (self.runner.connect, self.runner.stop);
        let watch = self.watch;
        let (mut pace, mut failed) = (Pace::default(), 0);
        let mut gone = None;
        let result = at_work(task, connect, seeds, |look| {
            if watch.is_lost() || stop.is_asked() {
                task.shared.stop();
            }
            if !look.is_multiple_of(PACE_EVERY) || gone.is_some() {
                return;
            }
            let looked = pace.look(task, &mut self.session);
            failed = if looked.is_ok() { 0 } else { failed + 1 };
            let Err(error) = looked else { return };
            if error.failure() != Failure::ConnectionLost {
                // The workers are held, and other terminals see why.
                return;
            }
            if failed >= task.locks.attempts_max {
                // Workers that are held would wait for ever.
                task.shared.stop();
                gone = Some(EngineError::server("the server is gone", error));
            } else {
                // The workers wait until it is back.
                let _ = self.reconnect();
                if let Some(now) = &self.replaced {
                    task.shared.stop();
                    gone = Some(crate::turn::replaced(self.identity.as_deref(), now));
                }
            }
        });
        if watch.is_lost() {
            return Err(crate::turn::lost());
        }
        gone.map_or(result, Err)?;
        if stop.is_asked() {
            return Err(crate::turn::asked());
        }
        Ok(())
    }

    /// Asks on the run's own connection, again when it was lost.
    fn again<'t, T>(
        &mut self,
        task: &Task<'t>,
        ask: impl Fn(&Task<'t>, &mut S) -> Result<T, S::Error>,
    ) -> Result<T, EngineError> {
        let mut attempt = 1;
        loop {
            let error = match ask(task, &mut self.session) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let is_retryable = match error.failure() {
                Failure::ConnectionLost | Failure::LockTimeout | Failure::Deadlock => true,
                Failure::Cancelled
                | Failure::Permission
                | Failure::Resources
                | Failure::Refused => false,
            };
            if !is_retryable || attempt >= task.locks.attempts_max {
                return Err(EngineError::server(
                    "the backfill could not be looked at",
                    error,
                ));
            }
            let jitter = self.jitter();
            task.clock.pause(task.locks.pause(attempt, jitter));
            if error.failure() == Failure::ConnectionLost {
                // A server that restarts is back within the pauses; if not, the next try says so.
                let _ = self.reconnect();
            }
            if let Some(now) = &self.replaced {
                return Err(crate::turn::replaced(self.identity.as_deref(), now));
            }
            attempt += 1;
        }
    }

    fn finish(&mut self, task: &Task<'_>, proof: &Proof) -> Result<(), EngineError> {
        let json = serde_json::to_string(proof).map_err(|error| {
            EngineError::new(
                Kind::Failed,
                format!("the proof cannot be written down: {error}"),
            )
        })?;
        self.again(task, |task, session| {
            session
                .query_with(&task.journal.finish, &[Some(&task.id), Some(&json)])
                .map(drop)
        })?;
        self.runner.observer.on(&Event::Proven {
            rows: proof.rows_changed,
        });
        Ok(())
    }

    /// Rows were moved by writers from a place that was still to be walked to one that had been: they are done now.
    fn next_pass(
        &mut self,
        task: &Task<'_>,
        course: &Course,
        proof: &Proof,
    ) -> Result<(), EngineError> {
        let passes = course.pass.parse().unwrap_or(u32::MAX);
        if passes >= task.limits.passes_max {
            return Err(EngineError::new(
                Kind::NotVerified,
                format!(
                    "{} rows of {} still need the backfill after {passes} passes: something keeps writing rows that do",
                    proof.rows_remaining, task.definition.backfill.table
                ),
            ));
        }
        self.again(task, |task, session| restart(task, session, &course.pass))
    }
}

/// Workers in threads of their own until all have ended; meanwhile somebody looks, again and again.
pub(crate) fn at_work<S: Session>(
    task: &Task<'_>,
    connect: &Connect<'_, S>,
    seeds: Vec<u64>,
    mut look: impl FnMut(u32),
) -> Result<(), EngineError> {
    // The first look comes before the first transaction.
    look(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = seeds
            .into_iter()
            .map(|seed| scope.spawn(move || work(task, connect, seed)))
            .collect();
        let mut looks = 0_u32;
        while !workers
            .iter()
            .all(std::thread::ScopedJoinHandle::is_finished)
        {
            task.clock.pause(LOOK_EVERY);
            looks = looks.wrapping_add(1);
            look(looks);
        }
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| {
                Err(EngineError::new(
                    Kind::Failed,
                    "a worker of the backfill panicked",
                ))
            })
        })
    })
}

/// One transaction: the pass is counted, and every part is walked from its beginning to where it ends now.
fn restart<S: Session>(task: &Task<'_>, session: &mut S, pass: &str) -> Result<(), S::Error> {
    session.execute(&task.statements.begin)?;
    let mut put = || {
        let rows = session.query_with(&task.journal.next_pass, &[Some(&task.id), Some(pass)])?;
        if rows.is_empty() {
            return Ok(());
        }
        for (number, part) in &task.parts {
            put_part(task.journal, session, (&task.id, number), part)?;
        }
        Ok(())
    };
    let done = put();
    match done {
        Ok(()) => session.execute(&task.statements.commit),
        Err(error) => {
            // When the connection is gone the server has rolled back, or will.
            let _ = session.execute(&task.statements.rollback);
            Err(error)
        }
    }
}

fn cancelled(id: &str) -> EngineError {
    EngineError::new(Kind::Refused, format!("backfill {id} was cancelled"))
        .with_details([format!("to let it go on: segue backfill resume {id}")])
}

fn aside(id: &str, count: u64) -> EngineError {
    EngineError::new(
        Kind::Refused,
        format!("{count} rows could not be changed and are aside: the step is not done"),
    )
    .with_details([
        format!("to see them: segue backfill status {id}"),
        format!("when they are mended: segue backfill retry {id}, then run again"),
    ])
}
