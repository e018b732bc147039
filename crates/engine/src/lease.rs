//! The right to run: one row with an epoch. Polled, never waited for in the server.

use segue_model::{Failure, RunnerStatements, Session, SessionError as _};

use crate::error::{EngineError, Kind};
use crate::journal::value;

/// The lease while it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) epoch: String,
}

/// Takes the lease, or says who has it.
///
/// A row lock of a zombie's open step makes the attempt fail with a lock time-out: its transaction ends first.
pub(crate) fn take<S: Session>(
    session: &mut S,
    statements: &RunnerStatements,
    holder: &str,
    silence_ms: u32,
) -> Result<Lease, EngineError> {
    let silence = silence_ms.to_string();
    let rows = session
        .query_with(&statements.take_lease, &[Some(holder), Some(&silence)])
        .map_err(|error| {
            let is_locked = error.failure() == Failure::LockTimeout;
            let refused = EngineError::server("the right to run could not be taken", error);
            if is_locked {
                refused.of_kind(Kind::LeaseHeld)
            } else {
                refused
            }
        })?;
    if let Some(epoch) = value(&rows) {
        return Ok(Lease {
            epoch: epoch.to_owned(),
        });
    }
    let rows = session
        .query_with(&statements.lease, &[])
        .map_err(|error| EngineError::server("the lease could not be read", error))?;
    let mut holder = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || holder.next().flatten().unwrap_or_default();
    let (who, epoch, silent) = (next(), next(), next());
    Err(
        EngineError::new(Kind::LeaseHeld, format!("another runner is at work: {who}"))
            .with_details([format!("epoch {epoch}, heard from {silent} ms ago")]),
    )
}

/// Gives it up; a lease that is not ours any more is left alone.
pub(crate) fn release<S: Session>(session: &mut S, statements: &RunnerStatements, lease: &Lease) {
    // Nothing is lost when this fails: the next runner waits for the silence to be long enough.
    let _ = session.query_with(&statements.release_lease, &[Some(&lease.epoch)]);
}
