//! Real time.

use std::time::{Duration, Instant};

use segue_engine::Clock;

/// Counts from when it was made.
pub(crate) struct RealClock(Instant);

impl Default for RealClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks what time it is"
    )]
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that really waits")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}
