//! What a run has to prove before it changes anything, as its caller wants it.

use crate::approvals::Consent;
use crate::restore_point::BackupCheck;

/// What is asked of a run; the default asks for nothing that the database cannot answer by itself.
#[derive(Clone)]
pub struct Guard<'a> {
    /// Whose agreement counts when data is destroyed.
    pub consent: Consent,
    /// Asked once, before data is destroyed.
    pub backup: Option<&'a BackupCheck<'a>>,
    /// What may be taken back.
    pub back: Back,
    /// What becomes of what is dropped behind a gate.
    pub keeping: Keeping,
    /// A transaction that is open for so long is reported before a run, in seconds.
    pub old_after_s: u32,
}

/// What becomes of what is dropped behind a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeping {
    /// It is kept in the archive, where it can be.
    #[default]
    Archived,
    /// It is gone.
    Nothing,
}

/// What may be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Back {
    /// Whatever has a way down.
    #[default]
    Anything,
    /// Only what has not passed its gate: nothing is lost there, and both versions of the application work.
    FromGates,
}

impl Default for Guard<'_> {
    fn default() -> Self {
        Self {
            consent: Consent::default(),
            backup: None,
            back: Back::Anything,
            keeping: Keeping::Archived,
            old_after_s: 5,
        }
    }
}

impl std::fmt::Debug for Guard<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Guard")
            .field("consent", &self.consent)
            .field("back", &self.back)
            .field("keeping", &self.keeping)
            .field("old_after_s", &self.old_after_s)
            .finish_non_exhaustive()
    }
}
