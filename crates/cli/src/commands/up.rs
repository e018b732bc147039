//! `segue up`: runs what is pending.

use std::io::Write as _;

use segue_engine::{Event, Purpose, Target};
use segue_sqlite::Missing;

use crate::arguments::{RunOutput, UpArguments};
use crate::commands::plan;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{
    approval, backfills, copies, limits, project, purpose, selection, tell, with_runner_on,
};

/// Runs what is pending, or shows it with `--dry-run`.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, CliError> {
    if arguments.dry_run {
        return plan::forward(arguments);
    }
    crate::signals::listen();
    let project = project(&arguments.database)?;
    let mut points = Vec::new();
    let mut observer = |event: &Event| {
        if let Event::RestorePoint { name, position } = event {
            points.push(serde_json::json!({ "name": name, "position": position }));
        }
        if arguments.output == RunOutput::Human {
            tell(event);
        }
    };
    let outcome = with_runner_on(
        (purpose(arguments, "up", Purpose::Change), Missing::Create),
        &arguments.database,
        (limits(&arguments.locks), &mut observer),
        |runner| {
            runner.copies = copies(arguments);
            runner.backfills = backfills(&arguments.pace);
            runner.up(
                &project.migrations,
                &selection(&arguments.choice, Target::All),
                &approval(arguments),
            )
        },
    )?;
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => {
            let answer = serde_json::json!({
                "version": 1,
                "applied": outcome.completed,
                "database_is_ahead_by": outcome.ahead,
                "restore_points": points,
            });
            writeln!(out, "{answer}")?;
        }
        RunOutput::Human => {
            match outcome.completed.len() {
                0 => writeln!(out, "nothing to do: all of {} is applied", project.shown)?,
                1 => writeln!(out, "1 migration applied and verified")?,
                count => writeln!(out, "{count} migrations applied and verified")?,
            }
            if outcome.ahead > 0 {
                writeln!(
                    out,
                    "the database is ahead by {}: recorded migrations that {} does not have",
                    outcome.ahead, project.shown
                )?;
            }
        }
    }
    Ok(Exit::Ok)
}
