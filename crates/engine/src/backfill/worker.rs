//! One worker: claims a range, does it slice by slice, claims the next.
//!
//! Each slice is one transaction: fence, change, record. A lock that is not granted is asked for again after a pause; a
//! lost connection is made again, and the journal says how far the range is.

use std::collections::VecDeque;
use std::time::Duration;

use segue_model::{Failure, Session, SessionError};

use crate::backfill::claim::{Claimed, Tempo};
use crate::backfill::journal::State;
use crate::backfill::limits::BackfillLimits;
use crate::backfill::task::{Cursor, Part, Range, Shared, Task, Trouble, sided, slices};
use crate::error::EngineError;
use crate::up::Connect;

/// Between two looks at what is not ours to change.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Units of the first slice: small, because nothing is known of the rows yet.
const FIRST_UNITS: u64 = 32;
/// A single slice list never has more entries than this.
const ENDS_MAX: u64 = 1 << 20;

/// Works until nothing is left to claim and nobody else has an open range, or until told to stop.
pub(crate) fn work<S: Session>(
    task: &Task<'_>,
    connect: &Connect<'_, S>,
    seed: u64,
) -> Result<(), EngineError> {
    let session = open(task, connect).map_err(failed)?;
    let mut worker = Worker {
        task,
        connect,
        session,
        tempo: Tempo { units: FIRST_UNITS },
        seed: seed | 1,
    };
    let result = worker.run();
    if result.is_err() {
        // The others need not go on: the step has failed.
        task.shared.stop();
    }
    result
}

/// A connection that is set up as the one that began the backfill.
fn open<S: Session>(task: &Task<'_>, connect: &Connect<'_, S>) -> Result<S, S::Error> {
    let mut session = connect()?;
    let timeout = task.locks.lock_timeout_ms.to_string();
    session.query_with(&task.journal.prepare_session, &[Some(&timeout)])?;
    for (name, value) in &task.definition.settings {
        session.query_with(&task.journal.set, &[Some(name), Some(value)])?;
    }
    Ok(session)
}

fn failed<E: SessionError>(error: E) -> EngineError {
    EngineError::server("a worker of the backfill could not go on", error)
}

/// One worker.
pub(crate) struct Worker<'t, 'a, S: Session> {
    pub(crate) task: &'t Task<'a>,
    connect: &'t Connect<'t, S>,
    pub(crate) session: S,
    tempo: Tempo,
    seed: u64,
}

/// What became of waiting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    GoOn,
    Stop,
}

/// One slice: what it begins and ends with, and where its range is afterwards.
pub(crate) struct Slice {
    pub(crate) from: Cursor,
    pub(crate) upper: Vec<String>,
    pub(crate) then: Cursor,
}

impl<S: Session> Worker<'_, '_, S> {
    fn run(&mut self) -> Result<(), EngineError> {
        let mut attempt = 0;
        while !self.shared().is_stopped() {
            if self.shared().is_held() {
                self.task.clock.pause(LOOK_EVERY);
                continue;
            }
            match self.task.claim(&mut self.session, self.tempo) {
                Ok(Some(claimed)) => {
                    attempt = 0;
                    self.range(claimed)?;
                }
                Ok(None) => {
                    if self.is_over()? {
                        return Ok(());
                    }
                    self.task.clock.pause(LOOK_EVERY);
                }
                Err(trouble) => {
                    attempt += 1;
                    self.recover(trouble, attempt)?;
                }
            }
        }
        Ok(())
    }

    fn shared(&self) -> &Shared {
        &self.task.shared
    }

    /// True when nothing of the pass is left for anybody.
    fn is_over(&mut self) -> Result<bool, EngineError> {
        let course = match self.task.course(&mut self.session) {
            Ok(course) => course,
            Err(error) => {
                self.recover(Trouble::Server(error), 1)?;
                return Ok(false);
            }
        };
        Ok(match course.state {
            State::Done | State::Cancelled => true,
            State::Paused => false,
            State::Running => course.parts_open == 0 && course.ranges_open == 0,
        })
    }

    /// After a failure outside a range: a pause and perhaps a new connection, or the end.
    pub(crate) fn recover(
        &mut self,
        trouble: Trouble<S::Error>,
        attempt: u32,
    ) -> Result<(), EngineError> {
        let error = match trouble {
            Trouble::Final(error) => return Err(error),
            Trouble::Lost | Trouble::Halted => return Ok(()),
            Trouble::Server(error) => error,
        };
        let failure = error.failure();
        let is_retryable = match failure {
            Failure::LockTimeout | Failure::Deadlock | Failure::ConnectionLost => true,
            Failure::Cancelled | Failure::Permission | Failure::Resources | Failure::Refused => {
                false
            }
        };
        if !is_retryable || attempt >= self.task.locks.attempts_max {
            return Err(failed(error));
        }
        self.rest(attempt);
        if failure == Failure::ConnectionLost
            && let Ok(session) = open(self.task, self.connect)
        {
            self.session = session;
        }
        Ok(())
    }

    fn rest(&mut self, attempt: u32) {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.task
            .clock
            .pause(self.task.locks.pause(attempt, self.seed));
    }

    /// Does a range from its cursor to its end.
    fn range(&mut self, claimed: Claimed) -> Result<(), EngineError> {
        let task = self.task;
        let Claimed {
            range,
            mut cursor,
            ends,
        } = claimed;
        let part = task.part(&range.part)?;
        let mut cuts = Cuts {
            whole: ends,
            ahead: VecDeque::new(),
        };
        let mut attempt = 0;
        let mut average = Average::default();
        while cursor.stripe < range.stripes {
            if self.wait(&range)? == Leave::Stop {
                return Ok(());
            }
            match self.next(part, &range, &cursor, &mut cuts) {
                Ok((then, took_ms)) => {
                    attempt = 0;
                    average.add(took_ms);
                    cursor = then;
                }
                Err(trouble) => {
                    attempt += 1;
                    cuts.ahead.clear();
                    if matches!(&trouble, Trouble::Server(error) if error.failure() == Failure::LockTimeout)
                    {
                        // Fewer rows are in fewer people's way.
                        self.tempo.units = (self.tempo.units / 2).max(1);
                        cuts.whole = None;
                    }
                    match self.mend((part, &range), trouble, attempt)? {
                        Some(place) => cursor = place,
                        None => return Ok(()),
                    }
                }
            }
        }
        self.tempo = average.tempo(self.tempo, task.limits);
        Ok(())
    }

    /// Does the next slice. Gives where the range is then, and how long it took.
    fn next(
        &mut self,
        part: &Part,
        range: &Range,
        cursor: &Cursor,
        cuts: &mut Cuts,
    ) -> Result<(Cursor, u64), Trouble<S::Error>> {
        if cuts.ahead.is_empty() {
            self.cut(part, range, cursor, cuts)?;
        }
        let upper = cuts.ahead.front().unwrap_or(&range.upper).clone();
        let then = after(range, cursor, &upper);
        let slice = Slice {
            from: cursor.clone(),
            upper,
            then: then.clone(),
        };
        let took_ms = match self.slice(part, range, &slice) {
            Ok(took_ms) => took_ms,
            Err(Trouble::Server(error)) if is_of_the_rows(&error) => {
                self.sift(part, range, &slice, error)?;
                0
            }
            Err(trouble) => return Err(trouble),
        };
        cuts.ahead.pop_front();
        Ok((then, took_ms))
    }

    /// Where the slices of what is left of a stripe end.
    fn cut(
        &mut self,
        part: &Part,
        range: &Range,
        cursor: &Cursor,
        cuts: &mut Cuts,
    ) -> Result<(), S::Error> {
        let is_whole = cursor.reached == range.lower;
        if is_whole && let Some(whole) = &cuts.whole {
            cuts.ahead.extend(whole.iter().cloned());
            return Ok(());
        }
        let mut ends = slices(
            &mut self.session,
            part,
            (&cursor.reached, &range.upper),
            (self.tempo.units, ENDS_MAX),
        )?;
        if ends.last() != Some(&range.upper) {
            ends.push(range.upper.clone());
        }
        if is_whole {
            cuts.whole = Some(ends.clone());
        }
        cuts.ahead = ends.into();
        Ok(())
    }

    /// One transaction: fence, change, record.
    pub(crate) fn slice(
        &mut self,
        part: &Part,
        range: &Range,
        slice: &Slice,
    ) -> Result<u64, Trouble<S::Error>> {
        let started = self.task.clock.now_ms();
        self.session.execute(&self.task.statements.begin)?;
        match self.change(part, range, slice, started) {
            Ok(()) => {
                self.session.execute(&self.task.statements.commit)?;
                Ok(self.task.clock.now_ms().saturating_sub(started))
            }
            Err(trouble) => {
                // When the connection is gone the server has rolled back, or will.
                let _ = self.session.execute(&self.task.statements.rollback);
                Err(trouble)
            }
        }
    }

    fn change(
        &mut self,
        part: &Part,
        range: &Range,
        slice: &Slice,
        started: u64,
    ) -> Result<(), Trouble<S::Error>> {
        self.fenced(range)?;
        let (mask, stripe) = (
            range.stripes.saturating_sub(1).to_string(),
            slice.from.stripe.to_string(),
        );
        let striped = part
            .statements
            .apply_stripe
            .as_ref()
            .filter(|_| range.stripes > 1);
        let statement = striped.unwrap_or(&part.statements.apply);
        let (sql, mut parameters) = sided(statement, &slice.from.reached, &slice.upper);
        if striped.is_some() {
            parameters.extend([Some(mask.as_str()), Some(stripe.as_str())]);
        }
        let changed = self.session.change_with(sql, &parameters)?;
        let took_ms = self.task.clock.now_ms().saturating_sub(started);
        let record = (&slice.then, changed, took_ms);
        if self.task.record(&mut self.session, range, record)? {
            Ok(())
        } else {
            Err(Trouble::Lost)
        }
    }

    /// The first thing in a transaction: the range is ours until it ends, and nobody wants us to wait.
    pub(crate) fn fenced(&mut self, range: &Range) -> Result<(), Trouble<S::Error>> {
        match self.task.fence(&mut self.session, range)? {
            Some(State::Running) => Ok(()),
            Some(State::Paused | State::Cancelled | State::Done) => Err(Trouble::Halted),
            None => Err(Trouble::Lost),
        }
    }

    /// Waits while the pace or a person wants it; the range stays ours as long as its beats are heard.
    fn wait(&mut self, range: &Range) -> Result<Leave, EngineError> {
        let mut looks = 0_u32;
        loop {
            if self.shared().is_stopped() {
                return Ok(Leave::Stop);
            }
            if !self.shared().is_held() {
                return Ok(Leave::GoOn);
            }
            if looks.is_multiple_of(20) {
                // A range that is lost meanwhile is found out by the next fence.
                let _ = self.task.beat(&mut self.session, range);
            }
            looks = looks.wrapping_add(1);
            self.task.clock.pause(LOOK_EVERY);
        }
    }

    /// After a failure inside a range: where to go on, or none when the range is not ours any more.
    fn mend(
        &mut self,
        (part, range): (&Part, &Range),
        trouble: Trouble<S::Error>,
        attempt: u32,
    ) -> Result<Option<Cursor>, EngineError> {
        match trouble {
            Trouble::Lost => return Ok(None),
            Trouble::Halted => {
                if self.halted(range)? == Leave::Stop {
                    return Ok(None);
                }
            }
            other @ (Trouble::Server(_) | Trouble::Final(_)) => {
                self.recover(other, attempt).map_err(|error| {
                    error.with_details([format!("while it walked {}", part.name)])
                })?;
            }
        }
        // What the journal says decides: the reply to a COMMIT may have been lost.
        let mut tries = attempt;
        loop {
            match self.task.reload(&mut self.session, range) {
                Ok(Some((cursor, _))) => return Ok(Some(cursor)),
                Ok(None) => return Ok(None),
                Err(error) => {
                    tries += 1;
                    self.recover(Trouble::Server(error), tries)?;
                }
            }
        }
    }

    /// Waits until a person lets the backfill go on.
    fn halted(&mut self, range: &Range) -> Result<Leave, EngineError> {
        let mut attempt = 0;
        loop {
            if self.shared().is_stopped() {
                return Ok(Leave::Stop);
            }
            let course = self.task.course(&mut self.session);
            match course.map(|course| course.state) {
                Ok(State::Running) => return Ok(Leave::GoOn),
                Ok(State::Done | State::Cancelled) => return Ok(Leave::Stop),
                Ok(State::Paused) => {
                    attempt = 0;
                    let _ = self.task.beat(&mut self.session, range);
                    self.task.clock.pause(LOOK_EVERY * 4);
                }
                Err(error) => {
                    attempt += 1;
                    self.recover(Trouble::Server(error), attempt)?;
                }
            }
        }
    }
}

/// Where a range is after the slice that ends there.
pub(crate) fn after(range: &Range, cursor: &Cursor, upper: &[String]) -> Cursor {
    if upper == range.upper.as_slice() {
        Cursor {
            stripe: cursor.stripe + 1,
            reached: range.lower.clone(),
        }
    } else {
        Cursor {
            stripe: cursor.stripe,
            reached: Some(upper.to_vec()),
        }
    }
}

/// True when single rows may be what the server refuses, and others may pass: data exceptions, violated constraints,
/// errors raised by functions. Anything else would refuse every row alike.
pub(crate) fn is_of_the_rows<E: SessionError>(error: &E) -> bool {
    error.failure() == Failure::Refused
        && error.code().is_some_and(|code| {
            ["22", "23", "P0", "38", "39", "2F"]
                .iter()
                .any(|class| code.starts_with(class))
        })
}

/// The ends of slices: those of the whole range, and those ahead in this stripe.
struct Cuts {
    whole: Option<Vec<Vec<String>>>,
    ahead: VecDeque<Vec<String>>,
}

/// How long the slices of a range took.
#[derive(Default)]
struct Average {
    sum_ms: u64,
    count: u64,
}

impl Average {
    fn add(&mut self, took_ms: u64) {
        self.sum_ms += took_ms;
        self.count += 1;
    }

    /// Slices twice as large at most, or half as large, so that one takes as long as it should.
    fn tempo(&self, now: Tempo, limits: &BackfillLimits) -> Tempo {
        let Some(average) = self.sum_ms.checked_div(self.count) else {
            return now;
        };
        let wanted = now.units.saturating_mul(u64::from(limits.target_ms)) / average.max(1);
        let units = wanted
            .clamp(now.units / 2, now.units.saturating_mul(2))
            .clamp(1, limits.units_max.max(1));
        Tempo { units }
    }
}

#[cfg(test)]
mod tests {
    use super::{Average, Tempo};
    use crate::backfill::BackfillLimits;

    #[test]
    fn slices_grow_and_shrink_towards_the_target_and_never_by_more_than_two() {
        let limits = BackfillLimits::default();
        let after = |took_ms: u64, units: u64| {
            let mut average = Average::default();
            average.add(took_ms);
            average.tempo(Tempo { units }, &limits).units
        };
        assert_eq!(after(0, 100), 200);
        assert_eq!(after(50, 100), 100);
        assert_eq!(after(40, 100), 125);
        assert_eq!(after(5_000, 100), 50);
        assert_eq!(after(5_000, 1), 1);
        assert_eq!(after(0, limits.units_max), limits.units_max);
    }
}
