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
            Self::ClosedOutput => 141,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
