//! A second connection that keeps the lease alive and looks at who waits behind us.
//!
//! It never takes a lock and never holds a transaction open: a concurrent index build would wait for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use segue_model::{Failure, RunnerStatements, Session, SessionError as _};

use crate::journal::value;
use crate::lease::Lease;
use crate::limits::Limits;
use crate::stop::Stop;
use crate::up::Connect;

/// How often it looks.
const TICK: Duration = Duration::from_millis(50);
/// How many looks there are between two tries to connect.
const RECONNECT_TICKS: u32 = 10;

/// What the watcher and the runner tell each other.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The session whose statement runs now.
    running: Option<String>,
    /// Who kept it waiting when last looked at.
    blockers: Vec<String>,
    /// So many waited behind it when last looked at that it is cancelled if they still do.
    is_crowded: bool,
    /// The watcher cancelled the statement because so many sessions waited behind it.
    cancelled: Option<u32>,
    course: Course,
}

/// How the run goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Course {
    #[default]
    Running,
    /// The lease is not ours any more.
    Lost,
    Over,
}

/// What there is to look at.
enum Look {
    Over,
    Idle,
    /// The session whose statement runs.
    At(String),
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A statement of this session starts.
    pub(crate) fn begin(&self, session_id: &str) {
        let mut state = self.state();
        state.running = Some(session_id.to_owned());
        state.blockers.clear();
        state.is_crowded = false;
        state.cancelled = None;
    }

    /// It has ended: who was in the way, and how many waited behind it when the watcher cancelled it.
    pub(crate) fn end(&self) -> (Vec<String>, Option<u32>) {
        let mut state = self.state();
        state.running = None;
        (std::mem::take(&mut state.blockers), state.cancelled.take())
    }

    /// Waits for the next look, if there is one.
    fn next(&self) -> Look {
        let state = self.state();
        if state.course == Course::Over {
            return Look::Over;
        }
        let (state, _) = self
            .bell
            .wait_timeout(state, TICK)
            .unwrap_or_else(PoisonError::into_inner);
        match (state.course, &state.running) {
            (Course::Over, _) => Look::Over,
            (Course::Running | Course::Lost, None) => Look::Idle,
            (Course::Running | Course::Lost, Some(session)) => Look::At(session.clone()),
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.state().course == Course::Lost
    }

    /// The run is over.
    pub(crate) fn finish(&self) {
        self.state().course = Course::Over;
        self.bell.notify_all();
    }
}

/// Looks until the run is over. A connection that fails is made again: without it the lease would run out.
pub(crate) fn watch<S: Session>(
    connect: &Connect<'_, S>,
    statements: &RunnerStatements,
    limits: &Limits,
    (lease, watch, stop): (&Lease, &Watch, &Stop),
) {
    let beats_every = (limits.lease_silence_ms / 3 / 50).max(1);
    let mut session = None;
    let mut tick = 0_u32;
    loop {
        let running = match watch.next() {
            Look::Over => return,
            Look::Idle => None,
            Look::At(session) => Some(session),
        };
        let is_time = tick.is_multiple_of(RECONNECT_TICKS);
        if session.is_none() && is_time {
            session = connect().ok();
        }
        tick = tick.wrapping_add(1);
        let Some(open) = session.as_mut() else {
            continue;
        };
        if tick.is_multiple_of(beats_every) {
            match open.query_with(&statements.beat, &[Some(&lease.epoch)]) {
                Ok(rows) if rows.is_empty() => {
                    watch.state().course = Course::Lost;
                    return;
                }
                Ok(_) => {}
                // Where only one may write at a time it is the runner's own step: whoever would take the lease waits too.
                Err(error) if error.failure() == Failure::LockTimeout => {
                    tick = tick.wrapping_sub(1);
                }
                Err(_) => {
                    session = None;
                    continue;
                }
            }
        }
        let Some(running) = running else { continue };
        let looked = look(open, statements, limits, (&running, watch, stop));
        if looked.is_err() {
            session = None;
        }
    }
}

fn look<S: Session>(
    session: &mut S,
    statements: &RunnerStatements,
    limits: &Limits,
    (running, watch, stop): (&str, &Watch, &Stop),
) -> Result<(), S::Error> {
    if let (true, Some(cancel)) = (stop.is_urgent(), &statements.cancel) {
        return session.query_with(cancel, &[Some(running)]).map(drop);
    }
    if let Some(blockers) = &statements.blockers {
        let rows = session.query_with(blockers, &[Some(running)])?;
        if !rows.is_empty() {
            let lines = rows.into_iter().map(|row| {
                let words: Vec<String> = row.into_iter().flatten().collect();
                words.join(", ")
            });
            watch.state().blockers = lines.collect();
        }
    }
    let (Some(waiting), Some(cancel)) = (&statements.waiting_behind, &statements.cancel) else {
        return Ok(());
    };
    let rows = session.query_with(waiting, &[Some(running)])?;
    let count: u32 = value(&rows)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let is_crowded = count > limits.blocked_sessions_max;
    let mut state = watch.state();
    // Only the statement that was looked at: by now another one may run.
    if state.running.as_deref() != Some(running) {
        return Ok(());
    }
    // One look may meet the moment in which a busy table is changed and read back: whoever cancels then cancels every try.
    let was_crowded = std::mem::replace(&mut state.is_crowded, is_crowded);
    if is_crowded && was_crowded {
        state.cancelled = Some(count);
        drop(state);
        session.query_with(cancel, &[Some(running)])?;
    }
    Ok(())
}
