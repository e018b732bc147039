//! `segue redo`: the last migration down and up again.

use segue_engine::{Back, Purpose};

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
    let develops = Purpose::Develop("segue redo".to_owned());
    down::take_back(arguments, (develops, Back::Anything))?;
    up::run(arguments)
}
