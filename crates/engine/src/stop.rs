//! A wish to stop, said from another thread or by a signal.

use std::sync::atomic::{AtomicU8, Ordering};

/// Said once, a run stops before its next step; said twice, the running statement is cancelled on the server too.
#[derive(Debug, Default)]
pub struct Stop(AtomicU8);

impl Stop {
    /// Nobody has said it yet.
    pub const fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// Says it once more. How often it was said before.
    pub fn ask(&self) -> u8 {
        let more = |count: u8| Some(count.saturating_add(1));
        let before = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        before.unwrap_or(u8::MAX)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn is_urgent(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 1
    }
}

/// Where nobody can say it.
pub(crate) static NEVER: Stop = Stop::new();
