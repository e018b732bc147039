//! What a backfill may use.

/// The ceilings of a backfill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillLimits {
    /// How long one transaction should take; slices grow and shrink towards it.
    pub target_ms: u32,
    /// Workers of this process.
    pub workers: u32,
    /// Stripes of a range, a power of two; none: as many as the rows of a page allow.
    pub stripes: Option<u32>,
    /// Slices of a range. Other transactions that are open while a slice commits have ended when its pages are visited
    /// again, so that what it left behind can be pruned.
    pub slices: u32,
    /// Units (pages or rows) of a slice at most.
    pub units_max: u64,
    /// Silence after which a worker counts as gone, and its range is taken over.
    pub silence_ms: u32,
    /// Rows that may be put aside before the backfill stops.
    pub aside_max: u64,
    /// Passes over the table before the backfill gives up: rows that writers move are done by a later one.
    pub passes_max: u32,
    /// Age of a snapshot from which on stripes gain nothing: it keeps what they leave behind from being pruned.
    pub old_snapshot_ms: u32,
    /// What the pace follows. One that cannot be read makes the backfill wait.
    pub signals: Vec<Signal>,
}

/// One thing the pace follows, and from where on the backfill waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Bytes of log that a replica has not replayed. A replica that was there and is gone counts as behind.
    ReplicaLag {
        /// At most.
        bytes_max: u64,
    },
    /// Bytes of log that are kept for a replication slot.
    SlotBacklog {
        /// At most.
        bytes_max: u64,
    },
    /// Files of log that wait to be archived.
    ArchiveBacklog {
        /// At most.
        files_max: u64,
    },
    /// Sessions of others that wait for a lock.
    LockWaiters {
        /// At most.
        sessions_max: u64,
    },
    /// Sessions of others that run a statement.
    ActiveSessions {
        /// At most.
        sessions_max: u64,
    },
    /// How long a small write takes.
    Latency {
        /// At most.
        ms_max: u64,
    },
}

impl Default for BackfillLimits {
    fn default() -> Self {
        Self {
            target_ms: 50,
            workers: 1,
            stripes: None,
            slices: 8,
            units_max: 65_536,
            silence_ms: 30_000,
            aside_max: 1_000,
            passes_max: 20,
            old_snapshot_ms: 5_000,
            signals: vec![
                Signal::ReplicaLag {
                    bytes_max: 64 << 20,
                },
                Signal::LockWaiters { sessions_max: 5 },
            ],
        }
    }
}
