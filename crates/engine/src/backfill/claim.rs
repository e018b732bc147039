//! Who does which range: one that somebody left behind, or a new one off the frontier.

use segue_model::{Session, Striping, WalkOrder};

use crate::backfill::journal::{Columns, Position, read, written};
use crate::backfill::task::{Cursor, Part, Range, Task, Trouble, slices};

/// How much of the heap's order the walk's must follow for stripes to meet the pages they left.
const CORRELATION_MIN: f64 = 0.9;

/// A range and where to go on in it.
pub(crate) struct Claimed {
    pub(crate) range: Range,
    pub(crate) cursor: Cursor,
    /// The ends of its slices, when they are known already.
    pub(crate) ends: Option<Vec<Vec<String>>>,
}

/// How large the next slice is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tempo {
    pub(crate) units: u64,
}

/// What the server knows of a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Rows of a page on average; none when it is not known.
    pub(crate) rows_per_page: Option<u64>,
    follows_heap: bool,
}

impl Task<'_> {
    /// A range to work on; none when there is none at this moment.
    pub(crate) fn claim<S: Session>(
        &self,
        session: &mut S,
        tempo: Tempo,
    ) -> Result<Option<Claimed>, Trouble<S::Error>> {
        if let Some(adopted) = self.adopt(session)? {
            return Ok(Some(adopted));
        }
        session.execute(&self.statements.begin)?;
        let cut = self.cut_off(session, tempo);
        match cut {
            Ok(claimed) => {
                session.execute(&self.statements.commit)?;
                Ok(claimed)
            }
            Err(trouble) => {
                // When the connection is gone the server has rolled back, or will.
                let _ = session.execute(&self.statements.rollback);
                Err(trouble)
            }
        }
    }

    fn adopt<S: Session>(&self, session: &mut S) -> Result<Option<Claimed>, S::Error> {
        let silence = self.limits.silence_ms.to_string();
        let rows = session.query_with(
            &self.journal.adopt,
            &[
                Some(&self.id),
                Some(self.holder),
                Some(&silence),
                self.epoch,
            ],
        )?;
        Ok(Columns::first(rows).map(|mut columns| {
            let range = Range {
                part: columns.text(),
                number: columns.text(),
                claim: columns.text(),
                lower: read(columns.maybe()),
                upper: read(columns.maybe()).unwrap_or_default(),
                stripes: u32::try_from(columns.number()).unwrap_or(1).max(1),
            };
            let cursor = Cursor {
                stripe: u32::try_from(columns.number()).unwrap_or_default(),
                reached: read(columns.maybe()),
            };
            Claimed {
                range,
                cursor,
                ends: None,
            }
        }))
    }

    /// Cuts a range off the first part that has something left, under the lock of its row.
    fn cut_off<S: Session>(
        &self,
        session: &mut S,
        tempo: Tempo,
    ) -> Result<Option<Claimed>, Trouble<S::Error>> {
        let rows = session.query_with(&self.journal.frontier, &[Some(&self.id)])?;
        let Some(mut columns) = Columns::first(rows) else {
            return Ok(None);
        };
        let (number, frontier) = (columns.text(), read(columns.maybe()));
        let end = read(columns.maybe()).unwrap_or_default();
        let is_first_pass = columns.text() == "1";
        let part = self.part(&number).map_err(Trouble::Final)?;
        let count = u64::from(self.limits.slices.max(1));
        let mut ends = slices(session, part, (&frontier, &end), (tempo.units, count))?;
        let is_exhausted = u64::try_from(ends.len()).unwrap_or(u64::MAX) < count;
        if is_exhausted {
            ends.push(end.clone());
        }
        let upper = ends.last().cloned().unwrap_or(end);
        let stripes = if is_first_pass {
            self.stripes(session, part)?
        } else {
            // What is left are single rows that moved.
            1
        };
        let claimed = self.put_range(session, &number, (frontier, upper), stripes)?;
        let position = written(&Some(claimed.range.upper.clone()));
        session.query_with(
            &self.journal.move_frontier,
            &[
                Some(&self.id),
                Some(&number),
                position.as_deref(),
                Some(if is_exhausted { "t" } else { "f" }),
            ],
        )?;
        Ok(Some(Claimed {
            ends: Some(ends),
            ..claimed
        }))
    }

    fn put_range<S: Session>(
        &self,
        session: &mut S,
        part: &str,
        (lower, upper): (Position, Vec<String>),
        stripes: u32,
    ) -> Result<Claimed, S::Error> {
        let (from, to) = (written(&lower), written(&Some(upper.clone())));
        let count = stripes.to_string();
        let rows = session.query_with(
            &self.journal.put_range,
            &[
                Some(&self.id),
                Some(part),
                Some(self.holder),
                from.as_deref(),
                to.as_deref(),
                Some(&count),
                self.epoch,
            ],
        )?;
        let mut columns = Columns::first(rows).unwrap_or_else(|| Columns::of(Vec::new()));
        Ok(Claimed {
            cursor: Cursor {
                stripe: 0,
                reached: lower.clone(),
            },
            range: Range {
                part: part.to_owned(),
                number: columns.text(),
                claim: columns.text(),
                lower,
                upper,
                stripes,
            },
            ends: None,
        })
    }

    /// How many stripes the next range has: as many as leave each of them some rows of a page, and none at all while an
    /// old snapshot keeps what they leave behind.
    fn stripes<S: Session>(&self, session: &mut S, part: &Part) -> Result<u32, S::Error> {
        if part.statements.apply_stripe.is_none() || self.definition.walk.striping == Striping::None
        {
            return Ok(1);
        }
        if let Some(wanted) = self.limits.stripes {
            return Ok(wanted.max(1).next_power_of_two().min(64));
        }
        let age = self.limits.old_snapshot_ms.to_string();
        let old = session.query_with(&self.journal.old_snapshot, &[Some(&age)])?;
        if !old.is_empty() {
            return Ok(1);
        }
        let shape = self.shape(session, part)?;
        if !shape.follows_heap {
            return Ok(1);
        }
        Ok(match shape.rows_per_page {
            None => 8,
            Some(rows) if rows >= 24 => 8,
            Some(rows) if rows >= 8 => 4,
            Some(rows) if rows >= 4 => 2,
            Some(_) => 1,
        })
    }

    pub(crate) fn shape<S: Session>(
        &self,
        session: &mut S,
        part: &Part,
    ) -> Result<Shape, S::Error> {
        let rows = session.query(&part.statements.statistics)?;
        let mut columns = Columns::first(rows).unwrap_or_else(|| Columns::of(Vec::new()));
        let (pages, rows) = (columns.number(), columns.text());
        let correlation = columns.maybe().and_then(|text| text.parse::<f64>().ok());
        let follows_heap = match self.definition.walk.order {
            WalkOrder::Pages(_) => true,
            // Never analyzed: numbers mostly come in the order they were given out.
            WalkOrder::Key(_) => correlation.map_or(
                matches!(self.definition.walk.striping, Striping::Bits(_)),
                |found| found >= CORRELATION_MIN,
            ),
        };
        Ok(Shape {
            rows_per_page: rows
                .parse::<u64>()
                .ok()
                .filter(|rows| *rows > 0)
                .and_then(|rows| rows.checked_div(pages)),
            follows_heap,
        })
    }
}
