//! Live traffic: sessions that do what an application does, over and over, while something else happens to the database.
//!
//! What each statement felt is measured from outside, as the application feels it: from sending to the answer. Statements,
//! pauses and numbers come from the caller; nothing here knows a dialect, and nothing outlives the call.

mod report;
mod tally;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use segue_model::{Failure, Session, SessionError, Sql};

use crate::limits::Clock;
use crate::up::Connect;

pub use report::{Bin, Felt, Report, Slowest};
use tally::{Answer, Tally};

/// How long a pause may last before it is looked whether the traffic is over.
const SLICE: Duration = Duration::from_millis(20);
/// The pause before a lost connection is opened again.
const BEFORE_RECONNECT: Duration = Duration::from_millis(100);

/// Sessions that all do the same.
#[derive(Clone, Debug)]
pub struct Clients {
    /// What they are called in the report.
    pub name: &'static str,
    /// How many.
    pub sessions: u32,
    /// What each does, one of them at a time, at random.
    pub scripts: Vec<Script>,
    /// How long each thinks between two of them.
    pub think: Duration,
    /// How long they are there.
    pub life: Life,
}

/// How long sessions are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// From the beginning to the end.
    Whole,
    /// Until this is released: a version that is taken out of service.
    Until(Release),
    /// They connect again when this is released: a version that is rolled out again.
    AgainAt(Release),
}

/// One thing an application does: a statement, or a transaction of several.
#[derive(Clone, Debug)]
pub struct Script {
    /// In this order. After an error the rest is left out, and the transaction rolled back.
    pub acts: Vec<Act>,
    /// It begins when this is released (see [`Live::release`]); none for what runs from the beginning.
    pub since: Option<Release>,
}

/// What of the application is released while the traffic runs, by a number below 64 of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u8);

impl Release {
    fn bit(self) -> u64 {
        1_u64.checked_shl(self.0.into()).unwrap_or_default()
    }
}

/// One act of a script.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends a statement. With parameters it follows the rules of [`Session::query_with`].
    Send(Sql, Vec<Parameter>),
    /// Does nothing for so long; an open transaction stays open.
    Think(Duration),
}

/// A value for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// The same every time.
    Fixed(&'static str),
    /// A number between these, both included, another one every time.
    Between(u64, u64),
}

/// Where the traffic goes, and what is counted.
pub struct Road<'a, S: Session> {
    /// Opens connections.
    pub connect: &'a Connect<'a, S>,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Ends a transaction after an error.
    pub rollback: &'a Sql,
    /// A statement that took longer is counted as late.
    pub patience: Duration,
    /// The same seed gives the same choices.
    pub seed: u64,
}

/// The traffic while it runs.
pub struct Live<'a> {
    clock: &'a dyn Clock,
    started_us: u64,
    is_over: AtomicBool,
    released: AtomicU64,
    statements: AtomicU64,
    errors: AtomicU64,
    slowest_us: AtomicU64,
}

/// What is known before the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// Statements that were answered.
    pub statements: u64,
    /// Those that failed.
    pub errors: u64,
    /// The longest that one took, in microseconds.
    pub slowest_us: u64,
}

impl<'a> Live<'a> {
    fn new(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            started_us: clock.now_us(),
            is_over: AtomicBool::new(false),
            released: AtomicU64::new(0),
            statements: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            slowest_us: AtomicU64::new(0),
        }
    }

    /// Scripts that wait for this begin.
    pub fn release(&self, release: Release) {
        self.released.fetch_or(release.bit(), Ordering::Relaxed);
    }

    /// What is known so far.
    pub fn so_far(&self) -> SoFar {
        SoFar {
            statements: self.statements.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            slowest_us: self.slowest_us.load(Ordering::Relaxed),
        }
    }

    /// Milliseconds since the traffic began, as the report counts them.
    pub fn at_ms(&self) -> u64 {
        self.at_us() / 1000
    }

    fn at_us(&self) -> u64 {
        self.clock.now_us().saturating_sub(self.started_us)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn has(&self, release: Release) -> bool {
        release.bit() & self.released.load(Ordering::Relaxed) != 0
    }

    /// A pause that ends when the traffic does.
    fn think(&self, how_long: Duration) {
        let mut left = how_long;
        while !left.is_zero() && !self.is_over() {
            let slice = left.min(SLICE);
            self.clock.pause(slice);
            left = left.saturating_sub(slice);
        }
    }

    fn count(&self, answer: Answer<'_>) {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.errors
            .fetch_add(u64::from(answer.error.is_some()), Ordering::Relaxed);
        self.slowest_us.fetch_max(answer.took_us, Ordering::Relaxed);
    }
}

/// Ends the traffic, also when what happens meanwhile panics.
struct EndsIt<'a, 'b>(&'a Live<'b>);

impl Drop for EndsIt<'_, '_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// Lets the clients' sessions run while `meanwhile` does its work, and tells what they felt.
///
/// Every session is connected before the work begins; when it ends, each finishes the script it is at.
///
/// # Errors
/// When a session could not be opened at the beginning. What fails later is counted in the report.
pub fn during<S: Session + Send, T>(
    road: &Road<'_, S>,
    clients: &[Clients],
    meanwhile: impl FnOnce(&Live<'_>) -> T,
) -> Result<(T, Report), S::Error> {
    let mut sessions = Vec::new();
    for (place, group) in clients.iter().enumerate() {
        for _ in 0..group.sessions {
            sessions.push((place, (road.connect)()?));
        }
    }
    let live = Live::new(road.clock);
    let (answer, tallies) = std::thread::scope(|scope| {
        let ends_it = EndsIt(&live);
        let mut running = Vec::new();
        for (number, (place, session)) in (1..).zip(sessions) {
            let Some(group) = clients.get(place) else {
                continue;
            };
            let client = Client {
                road,
                live: &live,
                group,
                session,
                random: Random::new(road.seed, number),
                tally: Tally::new(road.patience),
            };
            running.push((place, scope.spawn(move || client.run())));
        }
        let answer = meanwhile(&live);
        drop(ends_it);
        let tallies: Vec<_> = running
            .into_iter()
            .map(|(place, thread)| match thread.join() {
                Ok(tally) => (place, tally),
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect();
        (answer, tallies)
    });
    let lasted_ms = live.at_ms();
    Ok((answer, Report::of(clients, tallies, lasted_ms)))
}

/// One session at work.
struct Client<'a, S: Session> {
    road: &'a Road<'a, S>,
    live: &'a Live<'a>,
    group: &'a Clients,
    session: S,
    random: Random,
    tally: Tally,
}

impl<S: Session> Client<'_, S> {
    fn run(mut self) -> Tally {
        let mut connects_at = match self.group.life {
            Life::AgainAt(release) => Some(release),
            Life::Whole | Life::Until(_) => None,
        };
        while !self.live.is_over() {
            let group = self.group;
            if matches!(group.life, Life::Until(release) if self.live.has(release)) {
                break;
            }
            if connects_at.is_some_and(|release| self.live.has(release)) {
                connects_at = None;
                self.connect();
            }
            let open: Vec<&Script> = group
                .scripts
                .iter()
                .filter(|script| script.since.is_none_or(|since| self.live.has(since)))
                .collect();
            match open.get(self.random.below(open.len())) {
                Some(script) => self.act(script),
                None => self.live.think(SLICE),
            }
            self.live.think(group.think);
        }
        self.tally
    }

    fn act(&mut self, script: &Script) {
        for act in &script.acts {
            match act {
                Act::Think(how_long) => self.live.think(*how_long),
                Act::Send(statement, parameters) => {
                    if let Err(error) = self.send(statement, parameters) {
                        self.recover(&error);
                        return;
                    }
                }
            }
        }
    }

    fn send(&mut self, statement: &Sql, parameters: &[Parameter]) -> Result<(), S::Error> {
        let values: Vec<String> = parameters
            .iter()
            .map(|parameter| match parameter {
                Parameter::Fixed(text) => (*text).to_owned(),
                Parameter::Between(least, most) => self.random.between(*least, *most).to_string(),
            })
            .collect();
        let began_us = self.live.at_us();
        let answer = if values.is_empty() {
            self.session.execute(statement)
        } else {
            let values: Vec<Option<&str>> =
                values.iter().map(|value| Some(value.as_str())).collect();
            self.session.query_with(statement, &values).map(drop)
        };
        let took_us = self.live.at_us().saturating_sub(began_us);
        let said = answer.as_ref().err().map(ToString::to_string);
        let told = Answer {
            text: statement.as_str(),
            began_us,
            took_us,
            error: said.as_deref(),
        };
        self.live.count(told);
        self.tally.count(told);
        answer
    }

    /// A new connection in place of the one there is.
    fn connect(&mut self) {
        while !self.live.is_over() {
            if let Ok(session) = (self.road.connect)() {
                self.session = session;
                return;
            }
            self.live.think(BEFORE_RECONNECT);
        }
    }

    /// After an error the session goes on, on a new connection when the old one is gone.
    fn recover(&mut self, error: &S::Error) {
        match error.failure() {
            Failure::ConnectionLost => self.connect(),
            Failure::LockTimeout
            | Failure::Deadlock
            | Failure::Cancelled
            | Failure::Permission
            | Failure::Resources
            | Failure::Refused => {
                // Outside a transaction this says nothing but a warning; a lost connection shows at the next statement.
                let _ = self.session.execute(self.road.rollback);
            }
        }
    }
}

/// Numbers that look like chance (xorshift64*).
struct Random(u64);

impl Random {
    fn new(seed: u64, number: u64) -> Self {
        let mixed = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(mixed.max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `count`, or 0.
    fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % count).unwrap_or(0)
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        let width = most.saturating_sub(least).saturating_add(1).max(1);
        least.saturating_add(self.next() % width)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_stay_between_their_bounds_and_reach_both() {
        let mut random = Random::new(7, 1);
        let drawn: Vec<u64> = (0..200).map(|_| random.between(3, 5)).collect();
        assert!(drawn.iter().all(|number| (3..=5).contains(number)));
        assert!(drawn.contains(&3) && drawn.contains(&5));
        assert_eq!(random.below(0), 0);
    }
}
