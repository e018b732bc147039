//! `segue down`: takes migrations back.

use std::io::Write as _;

use segue_engine::{Back, Event, Limits, Purpose, Target};

use crate::arguments::{RunOutput, UpArguments};
use crate::commands::plan;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{
    approval, backfills, copies, limits, project, selection, tell, with_runner, with_runner_for,
};

/// Takes the last migration back, or as many as asked for.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, CliError> {
    if arguments.dry_run {
        return plan::back(arguments);
    }
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let is_from_gates = !arguments.choice.verbatim
        && with_runner(
            &arguments.database,
            (Limits::default(), &mut observer),
            |runner| {
                let chosen = selection(&arguments.choice, Target::Steps(1));
                runner.goes_back_from_gates(&project.migrations, &chosen)
            },
        )?;
    // Going back from a gate belongs to a rollout, not to development: nothing is lost, and it is why the gate is there.
    if is_from_gates {
        take_back(arguments, (Purpose::Change, Back::FromGates))
    } else {
        let develops = Purpose::Develop("segue down".to_owned());
        take_back(arguments, (develops, Back::Anything))
    }
}

/// The same for what it is for.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn take_back(
    arguments: &UpArguments,
    (purpose, back): (Purpose, Back),
) -> Result<Exit, CliError> {
    crate::signals::listen();
    let project = project(&arguments.database)?;
    let mut observer = |event: &Event| {
        if arguments.output == RunOutput::Human {
            tell(event);
        }
    };
    let outcome = with_runner_for(
        purpose,
        &arguments.database,
        (limits(&arguments.locks), &mut observer),
        |runner| {
            runner.guard.back = back;
            runner.copies = copies(arguments);
            runner.backfills = backfills(&arguments.pace);
            runner
                .down(
                    &project.migrations,
                    &selection(&arguments.choice, Target::Steps(1)),
                    &approval(arguments),
                )
                .map_err(|error| project.explained(error))
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
