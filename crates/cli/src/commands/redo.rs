//! `segue redo`: the last migration down and up again.

use crate::arguments::UpArguments;
use crate::commands::{down, up};
use crate::error::CliError;
use crate::exit::Exit;

/// Takes back, then runs.
///
/// # Errors
/// As `down` and `up`.
pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, CliError> {
    if arguments.dry_run {
        return down::run(arguments);
    }
    down::take_back(arguments, "segue redo")?;
    up::run(arguments)
}
