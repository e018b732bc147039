//! One thing played again and again, cut at another call each time, until it is over before its cut.
//!
//! Where slow tests are asked for it is cut at every call; otherwise at every so many, from a first one that differs from run
//! to run. What fails says the call: `SEGUE_TEST_SEED=CALL cargo test` begins there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scene::slow_ones_too;

/// Plays that are under way at the same time: each waits for its server more than it works.
const PLAYERS: usize = 3;

/// So many that fail are enough to look into.
const WRONG_MAX: usize = 40;

/// More calls than anything that is cut makes.
const CALLS_MAX: usize = 2_000;

/// The calls at which something is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calls {
    first: usize,
    stride: usize,
}

impl Calls {
    /// Every call, where slow tests are asked for; else every so many.
    pub(crate) fn of(stride: usize) -> Self {
        let stride = if slow_ones_too() { 1 } else { stride };
        let by_chance = 1 + usize::try_from(std::process::id()).unwrap_or(0) % stride;
        Self {
            first: given().map_or(by_chance, |call| 1 + (call.max(1) - 1) % CALLS_MAX),
            stride,
        }
    }

    /// Plays with a cut at each of them; `play` gives whether it was cut. Ends when one was not: its number, which is more
    /// than what is played has calls.
    pub(crate) fn until_over(self, play: impl Fn(usize) -> bool + Sync) -> usize {
        let next = AtomicUsize::new(self.first);
        let over = AtomicUsize::new(CALLS_MAX);
        let wrong = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..PLAYERS {
                scope.spawn(|| {
                    loop {
                        let call = next.fetch_add(self.stride, Ordering::SeqCst);
                        if call >= over.load(Ordering::SeqCst) {
                            return;
                        }
                        match catch_unwind(AssertUnwindSafe(|| play(call))) {
                            Ok(true) => {}
                            Ok(false) => {
                                over.fetch_min(call, Ordering::SeqCst);
                            }
                            Err(why) => {
                                let mut wrong = wrong.lock().unwrap();
                                wrong.push((call, said(&*why)));
                                if wrong.len() == WRONG_MAX {
                                    over.store(0, Ordering::SeqCst);
                                }
                            }
                        }
                    }
                });
            }
        });
        let mut wrong = wrong.into_inner().unwrap();
        wrong.sort();
        let lines: Vec<String> = wrong
            .into_iter()
            .map(|(call, why)| format!("SEGUE_TEST_SEED={call}: {why}"))
            .collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
        let over = over.into_inner();
        assert!(over < CALLS_MAX, "it makes more than {CALLS_MAX} calls");
        over
    }
}

fn said(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| why.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a call that failed is given again by whoever looks into it"
)]
fn given() -> Option<usize> {
    let text = std::env::var("SEGUE_TEST_SEED").ok()?;
    Some(text.parse().expect("a number"))
}
