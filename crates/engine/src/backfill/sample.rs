//! What a backfill would cost: its first slice is done and rolled back.

use segue_model::{Backfill, Session, Sql, WalkOrder};

use crate::backfill::begin::Means;
use crate::backfill::task::{Definition, Part, positions, sided, slices};
use crate::error::EngineError;
use crate::journal::value;
use crate::up::Runner;

/// Pages, or rows, of the slice that is tried.
const PAGES: u64 = 32;
const ROWS: u64 = 2_000;

/// What a backfill would cost, judged by its first slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How the table is walked, and why.
    pub reason: String,
    /// Tables and partitions.
    pub parts: usize,
    /// Rows of the table, estimated.
    pub rows: u64,
    /// Rows that the slice changed.
    pub slice_rows: u64,
    /// How long it took, in ms.
    pub slice_ms: u64,
    /// Bytes of log that it wrote.
    pub slice_log_bytes: u64,
    /// Seconds for all rows with one worker; none when the slice changed no row.
    pub seconds: Option<u64>,
    /// Bytes of log for all rows; none when the slice changed no row.
    pub log_bytes: Option<u64>,
}

impl<S: Session + Send> Runner<'_, S> {
    /// Tries the first slice of a backfill and rolls it back.
    ///
    /// # Errors
    /// When the table cannot be walked, or the server refuses the slice: a column that an earlier step adds is not there
    /// yet.
    pub fn sample(&mut self, backfill: &Backfill) -> Result<Sample, EngineError> {
        let mut session = self.open()?;
        let timeout = self.limits.lock_timeout_ms.to_string();
        self.with_means(|means, _| {
            let failed = |error| EngineError::server("the first slice could not be tried", error);
            let definition = means.define(&mut session, backfill)?;
            session
                .query_with(&means.journal.prepare_session, &[Some(&timeout)])
                .map_err(failed)?;
            let leaves = means.leaves(&mut session, backfill)?;
            let mut sample = Sample {
                reason: definition.walk.reason.clone(),
                parts: leaves.len(),
                rows: 0,
                slice_rows: 0,
                slice_ms: 0,
                slice_log_bytes: 0,
                seconds: None,
                log_bytes: None,
            };
            for name in &leaves {
                let (part, rows) = means.part(&mut session, name, &definition)?;
                sample.rows = sample.rows.saturating_add(rows);
                if sample.slice_rows > 0 {
                    continue;
                }
                let started = means.clock.now_ms();
                let tried = first_slice(&mut session, means, (&part, &definition));
                (sample.slice_rows, sample.slice_log_bytes) = tried.map_err(failed)?;
                sample.slice_ms = means.clock.now_ms().saturating_sub(started);
            }
            sample.seconds = sample
                .rows
                .saturating_mul(sample.slice_ms)
                .checked_div(sample.slice_rows.saturating_mul(1_000));
            sample.log_bytes = sample
                .rows
                .saturating_mul(sample.slice_log_bytes)
                .checked_div(sample.slice_rows);
            Ok(sample)
        })
    }
}

/// Rows changed and bytes of log written by the first slice of a part.
fn first_slice<S: Session>(
    session: &mut S,
    means: Means<'_>,
    (part, definition): (&Part, &Definition),
) -> Result<(u64, u64), S::Error> {
    let ends = session.query(&part.statements.end)?;
    let Some(end) = positions(ends).into_iter().next() else {
        return Ok((0, 0));
    };
    let units = match definition.walk.order {
        WalkOrder::Pages(_) => PAGES,
        WalkOrder::Key(_) => ROWS,
    };
    let first = slices(session, part, (&None, &end), (units, 1))?;
    let first = first.into_iter().next().unwrap_or(end);
    let (sql, parameters) = sided(&part.statements.apply, &None, &first);
    tried(session, means, (sql, &parameters))
}

/// Rows changed and bytes of log written by a statement that is rolled back.
fn tried<S: Session>(
    session: &mut S,
    means: Means<'_>,
    (sql, parameters): (&Sql, &[Option<&str>]),
) -> Result<(u64, u64), S::Error> {
    let written = |session: &mut S| -> Result<u64, S::Error> {
        let rows = session.query(&means.journal.log_bytes)?;
        Ok(value(&rows)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default())
    };
    session.execute(&means.statements.begin)?;
    let before = written(session);
    let changed = session.change_with(sql, parameters);
    let after = written(session);
    let ended = session.execute(&means.statements.rollback);
    let (changed, before) = (changed?, before?);
    let after = after?;
    ended?;
    Ok((changed, after.saturating_sub(before)))
}
