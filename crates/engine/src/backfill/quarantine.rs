//! Rows that the server refuses are found by halving and put aside; the others are done.
//!
//! Every half is a transaction of its own with its record, from left to right: the cursor never stands behind a row that
//! was done, and no subtransaction is needed.

use segue_model::{Session, SessionError};

use crate::backfill::journal::written;
use crate::backfill::task::{Cursor, Part, Range, Trouble, sided};
use crate::backfill::worker::{Slice, Worker, is_of_the_rows};
use crate::error::{EngineError, Kind};

/// A row of a slice: the end of the range that holds it alone, and its name.
struct Row {
    end: Vec<String>,
    name: String,
}

impl<S: Session> Worker<'_, '_, S> {
    /// Does a slice that was refused, except the rows that are to blame.
    pub(crate) fn sift(
        &mut self,
        part: &Part,
        range: &Range,
        slice: &Slice,
        error: S::Error,
    ) -> Result<(), Trouble<S::Error>> {
        let rows = self.rows_of(part, slice)?;
        let mut error = Some(error);
        let mut place = slice.from.clone();
        // Halves still to do, the leftmost on top.
        let mut halves: Vec<&[Row]> = vec![&rows];
        while let Some(half) = halves.pop() {
            let upper = match halves.last() {
                // The last one ends where the slice ends: rows may have come behind the last that was seen.
                None => &slice.upper,
                Some(_) => half.last().map_or(&slice.upper, |row| &row.end),
            };
            let then = if halves.is_empty() {
                slice.then.clone()
            } else {
                Cursor {
                    stripe: slice.from.stripe,
                    reached: Some(upper.clone()),
                }
            };
            let one = Slice {
                from: place.clone(),
                upper: upper.clone(),
                then: then.clone(),
            };
            // The whole slice was refused a moment ago: it is halved without trying again.
            let refused = match error.take() {
                Some(error) => Err(Trouble::Server(error)),
                None => self.slice(part, range, &one),
            };
            match (refused, half) {
                (Ok(_), _) => place = then,
                (Err(Trouble::Server(error)), half) if is_of_the_rows(&error) => match half {
                    [] | [_] => {
                        self.put_aside(range, &one, (half.first(), &said(&error)))?;
                        place = then;
                    }
                    several => {
                        let (left, right) = several.split_at(several.len() / 2);
                        halves.push(right);
                        halves.push(left);
                    }
                },
                (Err(trouble), _) => return Err(trouble),
            }
        }
        Ok(())
    }

    fn rows_of(&mut self, part: &Part, slice: &Slice) -> Result<Vec<Row>, S::Error> {
        let (sql, parameters) = sided(&part.statements.rows, &slice.from.reached, &slice.upper);
        let rows = self.session.query_with(sql, &parameters)?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let mut end: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
                let name = end.pop().unwrap_or_default();
                Row { end, name }
            })
            .collect())
    }

    /// Writes a row down that the server refuses, and goes past it, in one transaction.
    fn put_aside(
        &mut self,
        range: &Range,
        slice: &Slice,
        (row, error): (Option<&Row>, &str),
    ) -> Result<(), Trouble<S::Error>> {
        self.session.execute(&self.task.statements.begin)?;
        let done = self.write_aside(range, slice, (row, error));
        match done {
            Ok(()) => Ok(self.session.execute(&self.task.statements.commit)?),
            Err(trouble) => {
                // When the connection is gone the server has rolled back, or will.
                let _ = self.session.execute(&self.task.statements.rollback);
                Err(trouble)
            }
        }
    }

    fn write_aside(
        &mut self,
        range: &Range,
        slice: &Slice,
        (row, error): (Option<&Row>, &str),
    ) -> Result<(), Trouble<S::Error>> {
        self.fenced(range)?;
        let name = row.map_or("", |row| row.name.as_str());
        // The end of the row itself, not of the slice: the same row is put aside once.
        let end = row.map_or(&slice.upper, |row| &row.end);
        let course = self.task.course(&mut self.session)?;
        if course.aside >= self.task.limits.aside_max {
            return Err(Trouble::Final(
                EngineError::new(
                    Kind::Failed,
                    format!(
                        "{} rows are aside: that is no longer an exception",
                        course.aside
                    ),
                )
                .with_details([format!("the last one: {name}: {error}")]),
            ));
        }
        let (lower, upper) = (written(&slice.from.reached), written(&Some(end.clone())));
        self.session.query_with(
            &self.task.journal.put_aside,
            &[
                Some(&self.task.id),
                Some(&range.part),
                lower.as_deref(),
                upper.as_deref(),
                Some(name),
                Some(error),
            ],
        )?;
        if self
            .task
            .record(&mut self.session, range, (&slice.then, 0, 0))?
        {
            Ok(())
        } else {
            Err(Trouble::Lost)
        }
    }
}

/// What the server said, with its code.
fn said<E: SessionError>(error: &E) -> String {
    match error.code() {
        Some(code) => format!("{error} ({code})"),
        None => error.to_string(),
    }
}
