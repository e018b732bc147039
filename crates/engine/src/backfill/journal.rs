//! Typed access to the journal of backfills.

use segue_model::{Session, TextRows};

use crate::backfill::task::{Cursor, Range, Task};

/// A place in the order of a walk; none is the beginning.
pub(crate) type Position = Option<Vec<String>>;

/// As the journal keeps it.
pub(crate) fn written(position: &Position) -> Option<String> {
    position
        .as_ref()
        .and_then(|parts| serde_json::to_string(parts).ok())
}

/// As it was written.
pub(crate) fn read(text: Option<String>) -> Position {
    text.and_then(|text| serde_json::from_str(&text).ok())
}

/// Where a backfill stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) state: State,
    pub(crate) pass: String,
    /// Parts whose frontier has not reached their end.
    pub(crate) parts_open: u64,
    /// Ranges that are not done.
    pub(crate) ranges_open: u64,
    /// Rows put aside.
    pub(crate) aside: u64,
    /// Rows changed so far.
    pub(crate) changed: u64,
}

/// What a person wants of a backfill, or that it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Paused,
    Cancelled,
    Done,
}

impl State {
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            // A word of a later version is not taken for leave to go on.
            _ => Self::Paused,
        }
    }
}

/// The columns of one row, one after the other; null as an empty text.
pub(crate) struct Columns(std::vec::IntoIter<Option<String>>);

impl Columns {
    /// The first row.
    pub(crate) fn first(rows: TextRows) -> Option<Self> {
        rows.into_iter().next().map(Self::of)
    }

    pub(crate) fn of(row: Vec<Option<String>>) -> Self {
        Self(row.into_iter())
    }

    pub(crate) fn maybe(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    pub(crate) fn text(&mut self) -> String {
        self.maybe().unwrap_or_default()
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.text().parse().unwrap_or_default()
    }
}

impl Task<'_> {
    /// Where the backfill stands.
    pub(crate) fn course<S: Session>(&self, session: &mut S) -> Result<Course, S::Error> {
        let rows = session.query_with(&self.journal.course, &[Some(&self.id)])?;
        let is_there = !rows.is_empty();
        let mut columns = Columns::first(rows).unwrap_or_else(|| Columns::of(Vec::new()));
        let word = columns.text();
        Ok(Course {
            // One that is not in the journal any more is nobody's to go on with.
            state: if is_there {
                State::of(&word)
            } else {
                State::Cancelled
            },
            pass: columns.text(),
            parts_open: columns.number(),
            ranges_open: columns.number(),
            aside: columns.number(),
            changed: columns.number(),
        })
    }

    /// Says that the worker of a range is alive.
    pub(crate) fn beat<S: Session>(
        &self,
        session: &mut S,
        range: &Range,
    ) -> Result<bool, S::Error> {
        let rows = session.query_with(
            &self.journal.beat,
            &[
                Some(&self.id),
                Some(&range.part),
                Some(&range.number),
                Some(&range.claim),
            ],
        )?;
        Ok(!rows.is_empty())
    }

    /// Where a range of ours stands; none when it is not ours any more.
    pub(crate) fn reload<S: Session>(
        &self,
        session: &mut S,
        range: &Range,
    ) -> Result<Option<(Cursor, bool)>, S::Error> {
        let rows = session.query_with(
            &self.journal.reload,
            &[
                Some(&self.id),
                Some(&range.part),
                Some(&range.number),
                Some(&range.claim),
            ],
        )?;
        Ok(Columns::first(rows).map(|mut columns| {
            let cursor = Cursor {
                stripe: u32::try_from(columns.number()).unwrap_or_default(),
                reached: read(columns.maybe()),
            };
            (cursor, columns.text() == "true")
        }))
    }

    /// The first statement of a transaction that changes rows: the backfill's state while the range is ours.
    pub(crate) fn fence<S: Session>(
        &self,
        session: &mut S,
        range: &Range,
    ) -> Result<Option<State>, S::Error> {
        let rows = session.query_with(
            &self.journal.fence,
            &[
                Some(&self.id),
                Some(&range.part),
                Some(&range.number),
                Some(&range.claim),
            ],
        )?;
        Ok(Columns::first(rows).map(|mut columns| State::of(&columns.text())))
    }

    /// The last statement of such a transaction. False when the range is not ours any more.
    pub(crate) fn record<S: Session>(
        &self,
        session: &mut S,
        range: &Range,
        (cursor, changed, took_ms): (&Cursor, u64, u64),
    ) -> Result<bool, S::Error> {
        let is_done = cursor.stripe >= range.stripes;
        let (stripe, reached) = (cursor.stripe.to_string(), written(&cursor.reached));
        let (changed, took_ms) = (changed.to_string(), took_ms.to_string());
        let rows = session.query_with(
            &self.journal.record,
            &[
                Some(&self.id),
                Some(&range.part),
                Some(&range.number),
                Some(&range.claim),
                Some(&stripe),
                reached.as_deref(),
                Some(&changed),
                Some(if is_done { "t" } else { "f" }),
                Some(&took_ms),
            ],
        )?;
        Ok(!rows.is_empty())
    }
}
