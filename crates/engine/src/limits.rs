//! Ceilings, time and progress: all passed in.

use std::time::Duration;

/// What a run may use. Every field is a ceiling and is shown in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long one try waits for a lock.
    pub lock_timeout_ms: u32,
    /// Tries of one transaction or statement before the run gives up.
    pub attempts_max: u32,
    /// The first pause between two tries; it doubles, with jitter, up to 64 times as much.
    pub pause_ms: u32,
    /// Sessions that may queue behind one of our statements before it is cancelled.
    pub blocked_sessions_max: u32,
    /// How long a step may wait that keeps nobody waiting: a concurrent index build waits for old transactions.
    pub online_wait_ms: u32,
    /// How long counters are watched before a gate opens.
    pub gate_window_ms: u32,
    /// Silence after which a holder of the lease counts as gone.
    pub lease_silence_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lock_timeout_ms: 200,
            attempts_max: 30,
            pause_ms: 100,
            blocked_sessions_max: 5,
            online_wait_ms: 600_000,
            gate_window_ms: 5_000,
            lease_silence_ms: 30_000,
        }
    }
}

impl Limits {
    /// The pause before a try, counted from 1; `jitter` is any number.
    pub(crate) fn pause(&self, attempt: u32, jitter: u64) -> Duration {
        let base = u64::from(self.pause_ms) << (attempt.saturating_sub(1)).min(6);
        let spread = (base / 2).max(1);
        Duration::from_millis(base - spread / 2 + jitter % spread)
    }
}

/// A clock and the pauses, so that tests decide what time it is.
pub trait Clock: Sync {
    /// Milliseconds since some fixed moment; never goes back.
    fn now_ms(&self) -> u64;

    /// Microseconds since the same moment, where the clock is that fine.
    fn now_us(&self) -> u64 {
        self.now_ms().saturating_mul(1000)
    }

    /// Waits.
    fn pause(&self, how_long: Duration);
}

/// What happens, as it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A migration begins.
    Migration {
        /// Its id.
        id: String,
        /// Its file.
        path: String,
        /// Steps it has.
        steps: usize,
    },
    /// A migration stands before its gate: what is behind it waits for `contract`.
    Gate {
        /// Its id.
        id: String,
        /// What must be true before it opens.
        conditions: Vec<String>,
    },
    /// A migration is left for later: it touches what another one holds at its gate.
    Held {
        /// Its id.
        id: String,
        /// Who waits.
        holder: String,
    },
    /// A step begins.
    Step {
        /// Its id in the migration.
        id: String,
        /// What it is for.
        purpose: String,
    },
    /// A step was done by an earlier run.
    AlreadyDone {
        /// Its id in the migration.
        id: String,
    },
    /// A lock was not granted; the same is tried again after a pause.
    Waiting {
        /// Which try failed, from 1.
        attempt: u32,
        /// Tries at most.
        attempts_max: u32,
        /// The pause, in ms.
        pause_ms: u64,
        /// Who is in the way.
        blockers: Vec<String>,
    },
    /// The database was copied before a step that destroys or rebuilds.
    Copied {
        /// Where to.
        place: String,
    },
    /// An invalid index that a failed build left behind goes, and is built again.
    InvalidIndex {
        /// Its name.
        name: String,
    },
    /// A backfill begins or goes on.
    Backfill {
        /// Its id in the journal.
        id: String,
        /// How its table is walked, and why.
        reason: String,
    },
    /// A backfill is complete, and its proof is stored.
    Proven {
        /// Rows it changed.
        rows: u64,
    },
    /// Somebody is in the way before the run begins.
    Hindrance {
        /// Who, since when, and what that means.
        what: String,
    },
    /// A point that a restore can go back to, made before data is destroyed.
    RestorePoint {
        /// Its name; none where the role or the server does not allow one.
        name: Option<String>,
        /// Where it is in the server's log.
        position: String,
    },
    /// A migration is done and recorded.
    Done {
        /// Its id.
        id: String,
        /// How long it took, in ms.
        took_ms: u64,
    },
}

/// Is told what happens.
pub trait Observer {
    /// Something happened.
    fn on(&mut self, event: &Event);
}

impl<F: FnMut(&Event)> Observer for F {
    fn on(&mut self, event: &Event) {
        self(event);
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn pauses_grow_and_stay_within_64_times_the_first() {
        let limits = Limits::default();
        for jitter in [0, 1, 77, u64::MAX] {
            assert!(limits.pause(1, jitter).as_millis() <= 125);
            assert!(limits.pause(7, jitter).as_millis() >= 4_800);
            assert!(limits.pause(99, jitter).as_millis() <= 8_000);
        }
    }
}
