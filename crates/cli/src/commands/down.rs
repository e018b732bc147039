//! `segue down`: takes migrations back.

use std::io::Write as _;

use segue_engine::{Event, Target};

use crate::arguments::{RunOutput, UpArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{approval, limits, project, selection, tell, with_runner};

/// Takes the last migration back, or as many as asked for.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, CliError> {
    crate::signals::listen();
    let project = project(&arguments.database)?;
    let mut observer = |event: &Event| {
        if arguments.output == RunOutput::Human {
            tell(event);
        }
    };
    let outcome = with_runner(
        &arguments.database,
        (limits(arguments), &mut observer),
        |runner| {
            runner.down(
                &project.migrations,
                &selection(arguments, Target::Steps(1)),
                &approval(arguments),
            )
        },
    )?;
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => {
            let answer = serde_json::json!({ "version": 1, "taken_back": outcome.completed });
            writeln!(out, "{answer}")?;
        }
        RunOutput::Human => match outcome.completed.len() {
            0 => writeln!(out, "nothing to take back")?,
            count => writeln!(out, "{count} taken back: {}", outcome.completed.join(", "))?,
        },
    }
    Ok(Exit::Ok)
}
