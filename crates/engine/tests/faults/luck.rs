//! Chance that can be repeated: the seed is printed, and `SEGUE_TEST_SEED` takes it back.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write as _;

/// Numbers from a seed.
pub(crate) struct Luck(u64);

impl Luck {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test says its seed and takes one"
    )]
    pub(crate) fn new() -> Self {
        let given = std::env::var("SEGUE_TEST_SEED").ok();
        let seed = given.map_or_else(
            || RandomState::new().build_hasher().finish(),
            |text| text.parse().expect("SEGUE_TEST_SEED is a number"),
        );
        let _ = writeln!(std::io::stderr(), "SEGUE_TEST_SEED={seed}");
        Self(seed | 1)
    }

    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// True when `cargo xtask test --all` asks for slow tests too.
#[expect(clippy::disallowed_methods, reason = "a developer says so")]
pub(crate) fn slow_ones_too() -> bool {
    std::env::var_os("SEGUE_TEST_ALL").is_some()
}
