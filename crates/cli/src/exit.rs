//! The exit codes: chosen here and nowhere else, documented, never renumbered.
//!
//! Codes of verbs that do not exist yet are not listed before they can be returned.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing to complain about.
    Ok,
    /// Failed cleanly, nothing was changed.
    Failed,
    /// Usage or configuration.
    Usage,
    /// A check found something at or above its limit.
    Findings,
    /// Refused by safety: an approval is missing, history was edited, a statement cannot be run.
    Refused,
    /// Could not connect or authenticate.
    Connection,
    /// Another runner holds the lease.
    LeaseHeld,
    /// The lock budget is used up; the same may be tried again.
    LockBudget,
    /// Some steps are done: `segue up` goes on.
    Partial,
    /// Whether the last step was committed is not known.
    Unknown,
    /// `status --exit-code`: migrations are pending.
    Pending,
    /// `status --exit-code`: a migration is half done.
    FailedStep,
    /// `status --exit-code`: migrations were edited after they ran.
    Drift,
    /// Stopped between two steps by SIGHUP, because the terminal was closed: 128 + 1.
    HungUp,
    /// Stopped between two steps by SIGINT: 128 + 2.
    Interrupted,
    /// Stopped between two steps by SIGTERM: 128 + 15.
    Terminated,
    /// Whoever read the output has gone: 128 + SIGPIPE.
    ClosedOutput,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Refused => 4,
            Self::Connection => 5,
            Self::LeaseHeld => 6,
            Self::LockBudget => 7,
            Self::Partial => 8,
            Self::Unknown => 9,
            Self::Pending => 10,
            Self::FailedStep => 11,
            Self::Drift => 12,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::ClosedOutput => 141,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
