//! `segue wait`: until a migration is recorded as done. For processes that must not migrate themselves.

use std::io::Write as _;

use segue_engine::{Clock as _, Event, Limits, Others, Standing};

use crate::arguments::WaitArguments;
use crate::environment::Pauses;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{LOOK_EVERY, project, with_runner};

/// Waits; takes no lock and changes nothing.
///
/// # Errors
/// When the project or the database cannot be read.
pub(crate) fn run(arguments: &WaitArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let clock = Pauses::new();
    let until = clock.now_ms() + u64::from(arguments.seconds) * 1000;
    let is_done = with_runner(
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| {
            loop {
                let lines = runner.overview(&project.migrations, Others::Counted)?.lines;
                let is_done = lines.iter().any(|line| {
                    line.id == arguments.id
                        && matches!(
                            line.standing,
                            // Before the gate both versions of the application work.
                            Standing::Applied
                                | Standing::Waiting
                                | Standing::Baseline
                                | Standing::Edited
                        )
                });
                if is_done || clock.now_ms() >= until {
                    return Ok(is_done);
                }
                clock.pause(LOOK_EVERY);
            }
        },
    )?;
    let mut out = std::io::stdout();
    if is_done {
        writeln!(out, "{} is applied", arguments.id)?;
        return Ok(Exit::Ok);
    }
    writeln!(
        out,
        "{} is not applied after {} s",
        arguments.id, arguments.seconds
    )?;
    Ok(Exit::Pending)
}
