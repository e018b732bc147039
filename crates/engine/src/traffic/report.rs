//! What the traffic felt, all sessions of a kind together.

use super::Clients;
use super::tally::{BIN_MS, Tally};

/// What the traffic felt.
#[derive(Clone, Debug)]
pub struct Report {
    /// From its begin to its end.
    pub lasted_ms: u64,
    /// The kinds of clients, in their order.
    pub groups: Vec<Felt>,
    /// All of them.
    pub total: Felt,
}

/// What sessions of one kind felt.
#[derive(Clone, Debug)]
pub struct Felt {
    /// What they are called.
    pub name: &'static str,
    tally: Tally,
}

/// A stretch of time of [`Report::BIN_MS`] milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// The longest that a statement took which was under way here, in microseconds.
    pub slowest_us: u64,
    /// Statements that were answered here.
    pub answered: u64,
    /// Those of them that failed.
    pub errors: u64,
}

/// The statement that took longest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// Its text.
    pub text: String,
    /// When it was sent, since the traffic began.
    pub at_ms: u64,
    /// How long it took.
    pub took_us: u64,
}

impl Report {
    /// How wide a bin is, in milliseconds.
    pub const BIN_MS: u64 = BIN_MS;

    pub(super) fn of(clients: &[Clients], tallies: Vec<(usize, Tally)>, lasted_ms: u64) -> Self {
        let mut groups: Vec<Felt> = clients
            .iter()
            .map(|group| Felt {
                name: group.name,
                tally: Tally::default(),
            })
            .collect();
        let mut total = Felt {
            name: "all",
            tally: Tally::default(),
        };
        for (place, tally) in tallies {
            total.tally.absorb(&tally);
            if let Some(group) = groups.get_mut(place) {
                group.tally.absorb(&tally);
            }
        }
        Self {
            lasted_ms,
            groups,
            total,
        }
    }

    /// How long nothing at all was answered, in milliseconds: whole bins, from the begin to the end.
    pub fn silent_ms(&self) -> u64 {
        let bins = usize::try_from(self.lasted_ms / BIN_MS).unwrap_or(usize::MAX);
        let silent = self.total.bins().iter().take(bins);
        let count = silent.filter(|bin| bin.answered == 0).count();
        u64::try_from(count)
            .unwrap_or(u64::MAX)
            .saturating_mul(BIN_MS)
    }
}

impl Felt {
    /// Statements that were answered.
    pub fn statements(&self) -> u64 {
        self.tally.statements
    }

    /// Those that failed.
    pub fn errors(&self) -> u64 {
        self.tally.errors
    }

    /// What the first of them said, word for word.
    pub fn first_errors(&self) -> &[String] {
        &self.tally.first_errors
    }

    /// Statements that took longer than the patience.
    pub fn late(&self) -> u64 {
        self.tally.late
    }

    /// The statement that took longest; none when there was none.
    pub fn slowest(&self) -> Option<&Slowest> {
        self.tally.slowest.as_ref()
    }

    /// The longest that a statement took, in microseconds.
    pub fn slowest_us(&self) -> u64 {
        self.slowest().map_or(0, |slowest| slowest.took_us)
    }

    /// The time, in microseconds, that so many in a thousand did not exceed: right to 1 in 16.
    pub fn percentile_us(&self, per_mille: u64) -> u64 {
        self.tally.percentile_us(per_mille)
    }

    /// Time in stretches of [`Report::BIN_MS`], from the begin on.
    pub fn bins(&self) -> &[Bin] {
        &self.tally.bins
    }
}
