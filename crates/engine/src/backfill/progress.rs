//! Backfills seen from another terminal, and what a person wants of them.

use segue_model::{Failure, Session, SessionError as _};

use crate::backfill::begin::Means;
use crate::backfill::journal::Columns;
use crate::backfill::pace::Pace;
use crate::backfill::pass::{PACE_EVERY, at_work};
use crate::backfill::proof::Proof;
use crate::error::{EngineError, Kind};
use crate::up::Runner;

/// What a person wants of a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It waits before its next transaction.
    Pause,
    /// It goes on.
    Resume,
    /// It ends; what is done stays done.
    Cancel,
    /// What is aside is tried again by the next run.
    Retry,
}

/// How a backfill stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its id.
    pub id: String,
    /// The migration it is a step of.
    pub migration: String,
    /// The step.
    pub step: String,
    /// The table.
    pub table: String,
    /// `running`, `paused`, `cancelled` or `done`.
    pub state: String,
    /// Why it waits, if it does.
    pub reason: Option<String>,
    /// The pass over the table, from 1.
    pub pass: u64,
    /// Rows changed so far.
    pub rows: u64,
    /// Rows of the table when it began, estimated.
    pub rows_expected: u64,
    /// Ranges that are done.
    pub ranges_done: u64,
    /// Ranges under way.
    pub ranges_open: u64,
    /// Workers heard from lately.
    pub workers: u64,
    /// Rows put aside.
    pub aside: u64,
    /// Seconds since it began.
    pub seconds: u64,
    /// Rows per second in the last minute, of all workers.
    pub rows_per_second: u64,
    /// The proof, as JSON, once it is done.
    pub proof: Option<String>,
}

impl Progress {
    /// Seconds until all rows are done, at the rate of the last minute; none when it is not known.
    pub fn seconds_left(&self) -> Option<u64> {
        self.rows_expected
            .saturating_sub(self.rows)
            .checked_div(self.rows_per_second)
    }
}

impl<S: Session + Send> Runner<'_, S> {
    /// All backfills, in the order they began.
    ///
    /// # Errors
    /// What the server said.
    pub fn backfills(&mut self) -> Result<Vec<Progress>, EngineError> {
        let mut session = self.open()?;
        self.with_means(|means, _| {
            let installed = session
                .query(&means.journal.is_installed)
                .map_err(|error| EngineError::server("the journal could not be read", error))?;
            if !matches!(crate::journal::value(&installed), Some("t" | "true")) {
                return Ok(Vec::new());
            }
            let rows = session
                .query_with(&means.journal.list, &[])
                .map_err(|error| EngineError::server("the journal could not be read", error))?;
            Ok(rows.into_iter().map(progress).collect())
        })
    }

    /// Makes a wish known to whoever works on a backfill.
    ///
    /// # Errors
    /// [`Kind::Request`] when there is none of that id that is not done; what the server said.
    pub fn wish(&mut self, id: &str, wish: Wish) -> Result<(), EngineError> {
        let mut session = self.open()?;
        self.with_means(|means, _| {
            means.install(&mut session)?;
            let state = match wish {
                Wish::Pause => "paused",
                Wish::Resume | Wish::Retry => "running",
                Wish::Cancel => "cancelled",
            };
            let failed = |error| EngineError::server("the journal could not be written", error);
            let reason = (wish == Wish::Pause).then_some("paused by hand");
            let parameters = [Some(id), Some(state), reason];
            let rows = session
                .query_with(&means.journal.set_state, &parameters)
                .map_err(failed)?;
            if rows.is_empty() {
                return Err(EngineError::new(
                    Kind::Request,
                    format!("there is no backfill {id} that could do that"),
                ));
            }
            if wish == Wish::Retry {
                session
                    .query_with(&means.journal.retry, &[Some(id)])
                    .map_err(failed)?;
            }
            Ok(())
        })
    }

    /// Works on a backfill that another process runs, until its pass is over. The proof is the runner's.
    ///
    /// # Errors
    /// [`Kind::Request`] when there is none of that id; as [`Runner::up`].
    pub fn help(&mut self, id: &str) -> Result<(), EngineError> {
        let mut session = self.open()?;
        let (connect, seed) = (self.connect, self.seed);
        self.with_means(|means, workers| {
            means.install(&mut session)?;
            let found = means.by_id(&mut session, id)?.ok_or_else(|| {
                EngineError::new(Kind::Request, format!("there is no backfill {id}"))
            })?;
            let task = means.task(&mut session, &found)?;
            let seeds = (0..workers)
                .map(|number| seed ^ (u64::from(number) << 7))
                .collect();
            let (mut pace, mut failed) = (Pace::default(), 0);
            at_work(&task, connect, seeds, |look| {
                if !look.is_multiple_of(PACE_EVERY) {
                    return;
                }
                let looked = pace.look(&task, &mut session);
                failed = if looked.is_ok() { 0 } else { failed + 1 };
                if failed >= task.locks.attempts_max {
                    task.shared.stop();
                }
                if let Err(error) = looked
                    && error.failure() == Failure::ConnectionLost
                    && let Ok(again) = connect()
                {
                    session = again;
                }
            })
        })
    }

    pub(crate) fn with_means<T>(
        &self,
        act: impl FnOnce(Means<'_>, u32) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let journal = self.dialect.backfill_journal().ok_or_else(|| {
            EngineError::new(
                Kind::Request,
                format!("{} has no backfills", self.dialect.name()),
            )
        })?;
        act(
            Means {
                dialect: self.dialect,
                journal: &journal,
                statements: &self.statements,
                clock: self.clock,
                locks: self.limits,
                limits: &self.backfills,
                holder: &self.holder,
                epoch: None,
            },
            self.backfills.workers.max(1),
        )
    }
}

fn progress(row: Vec<Option<String>>) -> Progress {
    let mut columns = Columns::of(row);
    let mut progress = Progress {
        id: columns.text(),
        migration: columns.text(),
        step: columns.text(),
        table: columns.text(),
        state: columns.text(),
        reason: columns.maybe(),
        pass: columns.number(),
        rows: columns.number(),
        rows_expected: columns.number(),
        ranges_done: columns.number(),
        ranges_open: columns.number(),
        workers: columns.number(),
        aside: columns.number(),
        seconds: columns.number(),
        rows_per_second: columns.number(),
        proof: columns.maybe(),
    };
    // The ranges of one that is done are gone: its proof has the count.
    let proof: Option<Proof> = progress
        .proof
        .as_deref()
        .and_then(|json| serde_json::from_str(json).ok());
    if let Some(proof) = proof {
        progress.rows = proof.rows_changed;
    }
    progress
}
