//! When a backfill waits for the server, and why.
//!
//! Fails closed: a signal that cannot be read holds the backfill, as does a replica that was there and is gone. Between two
//! looks at most a few slices are done. Waiting holds no transaction open. Only writers wait: the proof does not.

use std::collections::BTreeSet;

use segue_model::{Session, Sql, TextRows};

use crate::backfill::journal::{Columns, State};
use crate::backfill::limits::Signal;
use crate::backfill::task::Task;

/// What a process remembers of what its pace follows.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    replicas: BTreeSet<String>,
    is_held: bool,
}

impl Pace {
    /// Looks at every signal; workers wait from now on, or go on, and other terminals see why.
    ///
    /// # Errors
    /// What the server said when the reason could not be made known; the workers wait all the same.
    pub(crate) fn look<S: Session>(
        &mut self,
        task: &Task<'_>,
        session: &mut S,
    ) -> Result<(), S::Error> {
        if task.course(session)?.state == State::Cancelled {
            // Also workers that wait are told.
            task.shared.stop();
            return Ok(());
        }
        let mut failure = None;
        let reason =
            task.limits
                .signals
                .iter()
                .find_map(|signal| match self.read(task, session, *signal) {
                    Ok(reason) => reason,
                    Err(error) => {
                        let reason = format!("{} cannot be read: {error}", name(*signal));
                        failure = Some(error);
                        Some(reason)
                    }
                });
        self.is_held = reason.is_some();
        if task.shared.hold(reason.clone()) {
            session.query_with(&task.journal.hold, &[Some(&task.id), reason.as_deref()])?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Why this signal makes the backfill wait, if it does.
    fn read<S: Session>(
        &mut self,
        task: &Task<'_>,
        session: &mut S,
        signal: Signal,
    ) -> Result<Option<String>, S::Error> {
        let pace = &task.journal.pace;
        let mut query = |sql: &Sql| session.query_with(sql, &[]);
        Ok(match signal {
            Signal::ReplicaLag { bytes_max } => {
                let rows = query(&pace.replica_lag)?;
                self.gone(&rows)
                    .or_else(|| self.above(&rows, bytes_max, "bytes behind"))
            }
            Signal::SlotBacklog { bytes_max } => {
                self.above(&query(&pace.slot_backlog)?, bytes_max, "bytes behind")
            }
            Signal::ArchiveBacklog { files_max } => self.above(
                &query(&pace.archive_backlog)?,
                files_max,
                "files to archive",
            ),
            Signal::LockWaiters { sessions_max } => {
                self.above(&query(&pace.lock_waiters)?, sessions_max, "wait for a lock")
            }
            Signal::ActiveSessions { sessions_max } => {
                self.above(&query(&pace.active_sessions)?, sessions_max, "are active")
            }
            Signal::Latency { ms_max } => {
                let started = task.clock.now_ms();
                session.query_with(&pace.probe, &[Some(&task.id)])?;
                let took = task.clock.now_ms().saturating_sub(started);
                let row = vec![Some("a small write".to_owned()), Some(took.to_string())];
                self.above(&vec![row], ms_max, "ms")
            }
        })
    }

    /// The first that is above its limit, or that may not be read. What holds already goes on holding until it is a
    /// fifth below.
    fn above(&self, rows: &TextRows, limit: u64, unit: &str) -> Option<String> {
        let limit = if self.is_held {
            limit - limit / 5
        } else {
            limit
        };
        rows.iter().find_map(|row| {
            let mut columns = Columns::of(row.clone());
            let name = columns.text();
            match columns.maybe().map(|text| text.parse::<i64>()) {
                Some(Ok(value)) => {
                    let is_above = u64::try_from(value).is_ok_and(|value| value > limit);
                    is_above.then(|| format!("{name}: {value} {unit}, at most {limit}"))
                }
                Some(Err(_)) | None => Some(format!(
                    "{name} may not be read by this role: it needs pg_monitor"
                )),
            }
        })
    }

    /// A replica that was there and is no longer: nobody knows how far behind it is.
    fn gone(&mut self, rows: &TextRows) -> Option<String> {
        let now: BTreeSet<String> = rows
            .iter()
            .map(|row| Columns::of(row.clone()).text())
            .collect();
        let gone =
            self.replicas.difference(&now).next().map(|name| {
                format!("{name} was there and is gone: how far it is behind is not known")
            });
        self.replicas.extend(now);
        gone
    }
}

/// What a signal is called when it cannot be read.
fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::ReplicaLag { .. } => "the lag of replicas",
        Signal::SlotBacklog { .. } => "the backlog of replication slots",
        Signal::ArchiveBacklog { .. } => "the backlog of the archiver",
        Signal::LockWaiters { .. } => "the sessions that wait for locks",
        Signal::ActiveSessions { .. } => "the active sessions",
        Signal::Latency { .. } => "the latency of a small write",
    }
}
