//! What one session felt, counted as it goes: the memory it takes grows with the seconds, not with the statements.

use std::time::Duration;

use super::report::{Bin, Slowest};

/// How wide one bin of time is.
pub(super) const BIN_MS: u64 = 50;
/// Bins at most: two hours. What comes later counts in the last one.
const BINS_MAX: usize = 144_000;
/// Errors whose text is kept.
pub(super) const ERRORS_KEPT: usize = 5;
/// A power of two is cut into so many buckets, so a percentile is right to 1 in 16.
const PARTS: u64 = 16;
const PARTS_BITS: u32 = 4;

/// One answer of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) text: &'a str,
    pub(super) began_us: u64,
    pub(super) took_us: u64,
    pub(super) error: Option<&'a str>,
}

/// What a session felt.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    patience_us: u64,
    pub(super) statements: u64,
    pub(super) errors: u64,
    pub(super) late: u64,
    pub(super) first_errors: Vec<String>,
    pub(super) slowest: Option<Slowest>,
    pub(super) bins: Vec<Bin>,
    buckets: Vec<u64>,
}

impl Tally {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience_us: u64::try_from(patience.as_micros()).unwrap_or(u64::MAX),
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, answer: Answer<'_>) {
        self.statements += 1;
        self.late += u64::from(answer.took_us > self.patience_us);
        if let Some(error) = answer.error {
            self.errors += 1;
            if self.first_errors.len() < ERRORS_KEPT {
                self.first_errors.push(error.to_owned());
            }
        }
        if self.slowest_us() < answer.took_us {
            self.slowest = Some(Slowest {
                text: answer.text.to_owned(),
                at_ms: answer.began_us / 1000,
                took_us: answer.took_us,
            });
        }
        self.count_in_buckets(answer.took_us, 1);
        self.count_in_bins(answer);
    }

    /// A statement is seen in every bin in which somebody waited for it.
    fn count_in_bins(&mut self, answer: Answer<'_>) {
        let bin_of = |us: u64| {
            let place = usize::try_from(us / 1000 / BIN_MS).unwrap_or(usize::MAX);
            place.min(BINS_MAX - 1)
        };
        let first = bin_of(answer.began_us);
        let last = bin_of(answer.began_us.saturating_add(answer.took_us));
        if self.bins.len() <= last {
            self.bins.resize(last + 1, Bin::default());
        }
        for bin in self.bins.iter_mut().take(last + 1).skip(first) {
            bin.slowest_us = bin.slowest_us.max(answer.took_us);
        }
        if let Some(bin) = self.bins.get_mut(last) {
            bin.answered += 1;
            bin.errors += u64::from(answer.error.is_some());
        }
    }

    fn count_in_buckets(&mut self, took_us: u64, times: u64) {
        let bucket = bucket_of(took_us);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += times;
        }
    }

    fn slowest_us(&self) -> u64 {
        self.slowest.as_ref().map_or(0, |slowest| slowest.took_us)
    }

    /// Adds what another session felt.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.statements += other.statements;
        self.errors += other.errors;
        self.late += other.late;
        let room = ERRORS_KEPT.saturating_sub(self.first_errors.len());
        self.first_errors
            .extend(other.first_errors.iter().take(room).cloned());
        if self.slowest_us() < other.slowest_us() {
            self.slowest.clone_from(&other.slowest);
        }
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        if self.bins.len() < other.bins.len() {
            self.bins.resize(other.bins.len(), Bin::default());
        }
        for (mine, theirs) in self.bins.iter_mut().zip(&other.bins) {
            mine.slowest_us = mine.slowest_us.max(theirs.slowest_us);
            mine.answered += theirs.answered;
            mine.errors += theirs.errors;
        }
    }

    /// The time, in microseconds, that so many in a thousand statements did not exceed; 0 when there was none.
    pub(super) fn percentile_us(&self, per_mille: u64) -> u64 {
        let wanted = (self.statements * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return most_in(bucket).min(self.slowest_us());
            }
        }
        self.slowest_us()
    }
}

/// Buckets of one microsecond up to 16, then sixteen for each power of two.
fn bucket_of(us: u64) -> usize {
    if us < PARTS {
        return usize::try_from(us).unwrap_or(0);
    }
    let power = us.ilog2();
    let part = (us >> (power - PARTS_BITS)) - PARTS;
    let bucket = u64::from(power - PARTS_BITS + 1) * PARTS + part;
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The most that falls into a bucket.
fn most_in(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    if bucket < PARTS {
        return bucket;
    }
    let shift = bucket / PARTS - 1;
    let part = bucket % PARTS + PARTS;
    ((part + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::{Answer, Tally, bucket_of, most_in};
    use std::time::Duration;

    fn answer(began_us: u64, took_us: u64, error: Option<&str>) -> Answer<'_> {
        Answer {
            text: "SELECT 1",
            began_us,
            took_us,
            error,
        }
    }

    #[test]
    fn every_time_falls_into_a_bucket_that_is_at_most_a_sixteenth_wide() {
        for us in (0..3_000).chain([65_535, 65_536, 1_234_567, 3_600_000_000]) {
            let most = most_in(bucket_of(us));
            assert!(most >= us, "{us} is in a bucket that ends at {most}");
            assert!(most - us <= us / 16, "{us} is far from {most}");
        }
    }

    #[test]
    fn percentiles_come_from_all_sessions_together() {
        let mut all = Tally::new(Duration::from_millis(250));
        for took_us in 1..=900 {
            all.count(answer(0, took_us, None));
        }
        let mut slow = Tally::new(Duration::from_millis(250));
        for _ in 0..100 {
            slow.count(answer(0, 1_000_000, None));
        }
        all.absorb(&slow);
        assert!((500..=532).contains(&all.percentile_us(500)));
        assert_eq!(all.percentile_us(990), 1_000_000);
        assert_eq!((all.statements, all.late), (1_000, 100));
        assert_eq!(Tally::default().percentile_us(990), 0);
    }

    #[test]
    fn a_wait_is_seen_in_every_moment_it_lasted() {
        let mut tally = Tally::new(Duration::from_millis(250));
        tally.count(answer(100_000, 200_000, Some("no")));
        let seen: Vec<u64> = tally.bins.iter().map(|bin| bin.slowest_us).collect();
        assert_eq!(
            seen,
            [0, 0, 200_000, 200_000, 200_000, 200_000, 200_000],
            "from 100 to 300 ms, in bins of 50"
        );
        assert_eq!(
            (tally.errors, tally.first_errors.as_slice()),
            (1, &["no".to_owned()][..])
        );
    }
}
