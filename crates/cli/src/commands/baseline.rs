//! `segue baseline`: records migrations as done that were there before Segue.

use std::io::Write as _;

use segue_engine::{Event, Limits, Purpose};

use crate::arguments::BaselineArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{project, with_runner_for};

/// Records; runs none.
///
/// # Errors
/// When the journal has records already, or there is no such migration.
pub(crate) fn run(arguments: &BaselineArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let ids = with_runner_for(
        Purpose::Change,
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| runner.baseline(&project.migrations, &arguments.last),
    )?;
    writeln!(
        std::io::stdout(),
        "{} migrations are recorded as done; none was run",
        ids.len()
    )?;
    Ok(Exit::Ok)
}
