//! The right to run: one row with an epoch. Polled, never waited for in the server.

use segue_model::{Failure, RunnerStatements, Session, SessionError as _};

use crate::error::{EngineError, Kind};
use crate::journal::value;

/// The lease while it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) epoch: String,
}

/// Takes the lease, or says who has it. [`Kind::LockBudget`] when a lock was in the way and nobody has it: the same may
/// succeed at once.
///
/// A row lock of a zombie's open step makes the attempt fail with a lock time-out: its transaction ends first.
pub(crate) fn take<S: Session>(
    session: &mut S,
    statements: &RunnerStatements,
    holder: &str,
    silence_ms: u32,
) -> Result<Lease, EngineError> {
    let silence = silence_ms.to_string();
    let taken = session.query_with(&statements.take_lease, &[Some(holder), Some(&silence)]);
    let in_the_way = match taken {
        Ok(rows) => match value(&rows) {
            Some(epoch) => {
                return Ok(Lease {
                    epoch: epoch.to_owned(),
                });
            }
            None => None,
        },
        Err(error) => {
            let is_locked = error.failure() == Failure::LockTimeout;
            let refused = EngineError::server("the right to run could not be taken", error);
            if !is_locked {
                return Err(refused);
            }
            Some(refused)
        }
    };
    let rows = match (session.query_with(&statements.lease, &[]), &in_the_way) {
        (Ok(rows), _) => rows,
        // What keeps from writing may keep from reading too.
        (Err(_), Some(_)) => Vec::new(),
        (Err(error), None) => {
            return Err(EngineError::server("the lease could not be read", error));
        }
    };
    match (rows.into_iter().next(), in_the_way) {
        (None, Some(refused)) => Err(refused),
        // It was given up between the two questions.
        (None, None) => Err(EngineError::new(
            Kind::LockBudget,
            "another runner has just been at work",
        )),
        (Some(row), refused) => Err(held(row, refused)),
    }
}

fn held(row: Vec<Option<String>>, refused: Option<EngineError>) -> EngineError {
    let mut values = row.into_iter();
    let mut next = || values.next().flatten().unwrap_or_default();
    let (who, epoch, silent) = (next(), next(), next());
    let said = refused.map(|error| error.details().to_vec());
    EngineError::new(Kind::LeaseHeld, format!("another runner is at work: {who}"))
        .with_details([format!("epoch {epoch}, heard from {silent} ms ago")])
        .with_details(said.unwrap_or_default())
}

/// Tries to give the lease up this often.
const RELEASES_MAX: u32 = 5;

/// Gives it up; a lease that is not ours any more is left alone.
pub(crate) fn release<S: Session>(session: &mut S, statements: &RunnerStatements, lease: &Lease) {
    for _ in 0..RELEASES_MAX {
        // Nothing is lost when this fails: the next runner waits for the silence to be long enough.
        let given_up = session.query_with(&statements.release_lease, &[Some(&lease.epoch)]);
        match given_up {
            Err(error) if error.failure() == Failure::LockTimeout => {}
            Ok(_) | Err(_) => return,
        }
    }
}
