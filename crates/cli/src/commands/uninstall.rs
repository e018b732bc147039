//! `segue uninstall`: removes the journal.

use std::io::Write as _;

use segue_engine::{Event, Limits, Purpose};

use crate::arguments::StatusArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::with_runner_for;

/// Removes it.
///
/// # Errors
/// While another runner is at work.
pub(crate) fn run(arguments: &StatusArguments) -> Result<Exit, CliError> {
    let mut observer = |_: &Event| {};
    with_runner_for(
        Purpose::Develop("segue uninstall".to_owned()),
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| {
            runner.uninstall()?;
            Ok(())
        },
    )?;
    writeln!(
        std::io::stdout(),
        "Segue's journal is gone; the migrations' effects stay"
    )?;
    Ok(Exit::Ok)
}
