//! What the workers of one backfill share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use segue_model::{
    Backfill, BackfillJournal, BackfillStatements, BySide, QualifiedName, RunnerStatements,
    Session, Sql, TextRows, Walk,
};
use serde::{Deserialize, Serialize};

use crate::backfill::journal::Position;
use crate::backfill::limits::BackfillLimits;
use crate::error::EngineError;
use crate::limits::{Clock, Limits};

/// What is written down of a backfill when it begins: every worker, on any machine, does the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) backfill: Backfill,
    pub(crate) walk: Walk,
    /// The settings of the session that began it, on which the user's expressions may depend.
    pub(crate) settings: Vec<(String, String)>,
}

/// A table or partition that is walked.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: QualifiedName,
    pub(crate) statements: BackfillStatements,
}

/// A range while it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) part: String,
    pub(crate) number: String,
    pub(crate) claim: String,
    pub(crate) lower: Position,
    pub(crate) upper: Vec<String>,
    pub(crate) stripes: u32,
}

/// How far a range is: the stripe that is under way, and the end of its last slice that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) stripe: u32,
    pub(crate) reached: Position,
}

/// What the workers of one backfill share.
pub(crate) struct Task<'a> {
    pub(crate) journal: &'a BackfillJournal,
    pub(crate) statements: &'a RunnerStatements,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) locks: Limits,
    pub(crate) limits: &'a BackfillLimits,
    /// Who works: host, process, user.
    pub(crate) holder: &'a str,
    /// The epoch of the run's lease; none for a process that helps. A range of an earlier epoch is nobody's.
    pub(crate) epoch: Option<&'a str>,
    pub(crate) id: String,
    pub(crate) definition: Definition,
    pub(crate) parts: BTreeMap<String, Part>,
    pub(crate) shared: Shared,
}

/// What the threads of a process tell each other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    stop: AtomicBool,
    /// Why nobody may go on now.
    held: Mutex<Option<String>>,
}

impl Shared {
    /// Everybody stops before the next slice.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Nobody begins a transaction while there is a reason; true when the reason is another one than before.
    pub(crate) fn hold(&self, reason: Option<String>) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = *held != reason;
        *held = reason;
        is_other
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}

/// Why a worker did not do what it was about to do.
#[derive(Debug)]
pub(crate) enum Trouble<E> {
    /// What the server said.
    Server(E),
    /// The range is somebody else's now.
    Lost,
    /// A person wants it to wait, or to end.
    Halted,
    /// Something that no second try mends.
    Final(EngineError),
}

impl<E> From<E> for Trouble<E> {
    fn from(error: E) -> Self {
        Self::Server(error)
    }
}

impl Task<'_> {
    pub(crate) fn part(&self, number: &str) -> Result<&Part, EngineError> {
        self.parts.get(number).ok_or_else(|| {
            EngineError::new(
                crate::error::Kind::Failed,
                format!("the journal of backfill {} has no part {number}", self.id),
            )
        })
    }
}

/// The statement for a beginning, and its parameters so far.
pub(crate) fn sided<'p>(
    statements: &'p BySide,
    lower: &'p Position,
    upper: &'p [String],
) -> (&'p Sql, Vec<Option<&'p str>>) {
    let (sql, lower): (&Sql, &[String]) = match lower {
        Some(lower) => (&statements.after, lower),
        None => (&statements.from_start, &[]),
    };
    let parameters = lower
        .iter()
        .chain(upper)
        .map(|part| Some(part.as_str()))
        .collect();
    (sql, parameters)
}

/// Rows of positions.
pub(crate) fn positions(rows: TextRows) -> Vec<Vec<String>> {
    rows.into_iter()
        .map(|row| row.into_iter().map(Option::unwrap_or_default).collect())
        .collect()
}

/// The ends of the slices of what follows a position.
pub(crate) fn slices<S: Session>(
    session: &mut S,
    part: &Part,
    (lower, upper): (&Position, &[String]),
    (units, slices): (u64, u64),
) -> Result<Vec<Vec<String>>, S::Error> {
    let (units, slices) = (units.to_string(), slices.to_string());
    let (sql, mut parameters) = sided(&part.statements.slices, lower, upper);
    parameters.extend([Some(units.as_str()), Some(slices.as_str())]);
    session.query_with(sql, &parameters).map(positions)
}
