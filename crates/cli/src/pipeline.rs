//! Reads migrations on several threads and hands them over in order, a bounded number ahead.
//!
//! Knows nothing of rules. A file that cannot be read is an answer, never the end; so is a fault in the reader itself.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use segue_check::ReadMigration;
use segue_model::{Dialect, Migration};
use segue_sources::Unit;

use crate::environment;
use crate::error::{CliError, Code};

/// Stack of every thread that reads or judges: deeply nested SQL needs room.
pub(crate) const STACK_BYTES: usize = 64 << 20;
/// Migrations that may be read ahead of the judge.
const AHEAD_MAX: usize = 256;
/// Migrations a thread takes at a time.
const CHUNK: usize = 16;
/// Bytes of a file from which it is read alone.
const LARGE_BYTES: u64 = 8 << 20;

/// Where a migration comes from.
pub(crate) enum Source {
    /// From its files.
    Unit(Unit),
    /// It is here already.
    Given(Box<Migration>),
    /// It is here and cannot be read.
    Unreadable(Unread),
}

/// A migration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// The file.
    pub(crate) path: String,
    /// Why.
    pub(crate) reason: String,
}

/// How SQL is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The dialect.
    pub(crate) dialect: &'a dyn Dialect,
    /// The server's major version.
    pub(crate) version: u16,
}

/// One migration, or why it cannot be read.
pub(crate) type Outcome = Result<ReadMigration, Unread>;

/// Reads all of them; `each` gets them in order, on the calling thread.
///
/// # Errors
/// The first error of `each`, or when no thread can be started.
pub(crate) fn in_order(
    sources: &[Source],
    reading: Reading<'_>,
    mut each: impl FnMut(usize, Outcome) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let belt = Belt::new(sources.len());
    let threads = environment::workers().min(sources.len().div_ceil(CHUNK));
    thread::scope(|scope| {
        for _ in 0..threads {
            let work = || belt.work(sources, reading);
            let started = thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, work);
            if let Err(error) = started {
                belt.stop();
                return Err(no_thread(error));
            }
        }
        let outcome = (0..sources.len()).try_for_each(|number| {
            let read = belt.take(number);
            let answer = each(number, read);
            belt.consumed(number);
            answer
        });
        belt.stop();
        outcome
    })
}

/// No thread could be started.
pub(crate) fn no_thread(error: std::io::Error) -> CliError {
    let next = "free some memory or raise the limit on threads, then run the same command again";
    CliError::new(Code::Internal, "a thread could not be started", next).because(error)
}

/// What lies between those who read and the one who judges.
struct Belt {
    length: usize,
    state: Mutex<State>,
    /// Something was consumed, or all is over.
    room: Condvar,
    /// Something is ready.
    ready: Condvar,
}

#[derive(Default)]
struct State {
    /// The next one nobody has taken.
    next: usize,
    /// How many were judged.
    consumed: usize,
    ready: BTreeMap<usize, Outcome>,
    /// How many threads wait to read a large file alone.
    large_waiting: usize,
    is_over: bool,
}

impl Belt {
    fn new(length: usize) -> Self {
        Self {
            length,
            state: Mutex::new(State::default()),
            room: Condvar::new(),
            ready: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(condition: &Condvar, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        condition
            .wait(guard)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().is_over = true;
        self.room.notify_all();
    }

    /// The next migrations for one thread; none when there are no more.
    fn claim(&self) -> Option<std::ops::Range<usize>> {
        let mut state = self.lock();
        loop {
            if state.is_over || state.next >= self.length {
                return None;
            }
            let end = (state.next + CHUNK).min(self.length);
            if end <= state.consumed + AHEAD_MAX {
                let claimed = state.next..end;
                state.next = end;
                return Some(claimed);
            }
            state = Self::wait(&self.room, state);
        }
    }

    fn work(&self, sources: &[Source], reading: Reading<'_>) {
        while let Some(claimed) = self.claim() {
            for number in claimed {
                let Some(source) = sources.get(number) else {
                    continue;
                };
                if is_large(source) {
                    self.wait_for_turn(number);
                }
                let outcome = read(source, reading);
                let mut state = self.lock();
                if state.is_over {
                    return;
                }
                state.ready.insert(number, outcome);
                if state.consumed == number {
                    self.ready.notify_one();
                }
            }
        }
    }

    /// Waits until everything before this one was judged and forgotten.
    fn wait_for_turn(&self, number: usize) {
        let mut state = self.lock();
        state.large_waiting += 1;
        while state.consumed < number && !state.is_over {
            state = Self::wait(&self.room, state);
        }
        state.large_waiting -= 1;
    }

    fn take(&self, number: usize) -> Outcome {
        let mut state = self.lock();
        loop {
            if let Some(outcome) = state.ready.remove(&number) {
                return outcome;
            }
            state = Self::wait(&self.ready, state);
        }
    }

    fn consumed(&self, number: usize) {
        let mut state = self.lock();
        state.consumed = number + 1;
        let wakes = state.consumed.is_multiple_of(CHUNK) || state.large_waiting > 0;
        drop(state);
        if wakes {
            self.room.notify_all();
        }
    }
}

fn is_large(source: &Source) -> bool {
    match source {
        Source::Unit(unit) => unit.files().iter().any(|file| {
            std::fs::metadata(Path::new(file)).is_ok_and(|found| found.len() > LARGE_BYTES)
        }),
        Source::Given(_) | Source::Unreadable(_) => false,
    }
}

/// Reads one migration. A fault in the reader is reported like a file that cannot be read: the rest is still judged.
fn read(source: &Source, reading: Reading<'_>) -> Outcome {
    let path = match source {
        Source::Unit(unit) => unit.path.as_str(),
        Source::Given(migration) => migration.path.as_str(),
        Source::Unreadable(unread) => return Err(unread.clone()),
    };
    let attempt = || -> Outcome {
        let migration = match source {
            Source::Unit(unit) => unit.read().map_err(|error| Unread {
                path: error.path().to_owned(),
                reason: error.reason(),
            })?,
            Source::Given(migration) => (**migration).clone(),
            Source::Unreadable(unread) => return Err(unread.clone()),
        };
        Ok(ReadMigration::new(
            migration,
            reading.dialect,
            reading.version,
        ))
    };
    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| {
        Err(Unread {
            path: path.to_owned(),
            reason: "a fault in Segue's reader: please report it".to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_model::{Down, Form, Repetition};
    use segue_postgres::Postgres;

    fn sources(count: usize) -> Vec<Source> {
        (0..count)
            .map(|number| {
                Source::Given(Box::new(Migration {
                    id: number.to_string(),
                    name: String::new(),
                    path: String::new(),
                    repetition: Repetition::Once,
                    form: Form::Sql {
                        up: Vec::new(),
                        down: Down::Missing,
                    },
                }))
            })
            .collect()
    }

    const READING: Reading<'static> = Reading {
        dialect: &Postgres,
        version: 18,
    };

    #[test]
    fn migrations_arrive_in_order_whatever_thread_read_them() {
        let mut seen = Vec::new();
        in_order(&sources(1_000), READING, |number, outcome| {
            assert_eq!(outcome.unwrap().migration.id, number.to_string());
            seen.push(number);
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_the_judge_ends_all_threads() {
        let error = in_order(&sources(5_000), READING, |number, _| {
            if number == 3 {
                Err(CliError::new(Code::Internal, "enough", "nothing"))
            } else {
                Ok(())
            }
        });
        assert!(error.is_err());
    }

    #[test]
    fn a_source_that_cannot_be_read_is_an_answer() {
        let unread = Unread {
            path: "a.sql".into(),
            reason: "not UTF-8 at byte 3".into(),
        };
        let mut seen = Vec::new();
        in_order(
            &[Source::Unreadable(unread.clone())],
            READING,
            |_, outcome| {
                seen.push(outcome.unwrap_err());
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, [unread]);
    }
}
