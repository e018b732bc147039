//! A backfill is done when it is proven: what was counted is stored with it.

use segue_model::{BackfillProof, Session};
use serde::{Deserialize, Serialize};

use crate::backfill::journal::Course;
use crate::backfill::task::Task;
use crate::journal::value;

/// What showed that a backfill is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// How it was shown.
    pub(crate) by: BackfillProof,
    /// Rows that still need it, in one snapshot of the whole table.
    pub(crate) rows_remaining: u64,
    /// Rows it changed.
    pub(crate) rows_changed: u64,
    /// Passes over the table.
    pub(crate) passes: String,
}

impl Task<'_> {
    /// Counts what is left, where that is what the proof is about. The parts are exhausted and every range is done.
    pub(crate) fn prove<S: Session>(
        &self,
        session: &mut S,
        course: &Course,
    ) -> Result<Proof, S::Error> {
        let by = self.definition.backfill.proof;
        let rows_remaining = match (by, self.parts.values().next()) {
            (BackfillProof::EachRangeOnce, _) | (BackfillProof::NoneRemain, None) => 0,
            (BackfillProof::NoneRemain, Some(part)) => {
                let rows = session.query(&part.statements.remaining)?;
                // A count that cannot be read is no proof.
                value(&rows)
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(u64::MAX)
            }
        };
        Ok(Proof {
            by,
            rows_remaining,
            rows_changed: course.changed,
            passes: course.pass.clone(),
        })
    }
}
