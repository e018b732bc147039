//! Waiting for a real server: the one place of this crate that reads a clock and sleeps.

use std::time::{Duration, Instant};

/// A moment after which waiting is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// The moment `duration` from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a real server is waited for in real time"
    )]
    pub(crate) fn after(duration: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(duration).unwrap_or(now))
    }

    /// Whether the moment has come.
    #[expect(
        clippy::disallowed_methods,
        reason = "a real server is waited for in real time"
    )]
    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}
