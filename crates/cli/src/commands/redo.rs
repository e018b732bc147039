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
    down::run(arguments)?;
    up::run(arguments)
}
