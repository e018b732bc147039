//! `segue verify`: recorded migrations against the files. Shows what was edited; changes nothing.

use std::io::Write as _;

use segue_engine::{Event, Journal, Limits, Standing, checksums};
use segue_sqlite::Missing;

use crate::arguments::StatusArguments;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::running::{project, with_runner};
use crate::show::escape::line;
use crate::target::database;

/// Compares.
///
/// # Errors
/// When the project or the database cannot be read.
pub(crate) fn run(arguments: &StatusArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let (lines, statements) = with_runner(
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| {
            let lines = runner.status(&project.migrations)?;
            Ok((lines, runner.statements.clone()))
        },
    )?;
    let target = database(&arguments.database)?.target;
    let mut session = target.connect(Missing::Refuse)?;
    let mut out = std::io::stdout().lock();
    let mut edited = 0;
    for (migration, status) in project.migrations.iter().zip(&lines) {
        if status.standing != Standing::Edited {
            continue;
        }
        edited += 1;
        let before = Journal::new(&statements)
            .recorded_text(&mut session, &migration.id)
            .map_err(|error| {
                CliError::new(
                    Code::Connection,
                    "the journal cannot be read",
                    "segue status",
                )
                .because(error)
            })?
            .unwrap_or_default();
        let now = checksums(migration, target.dialect())
            .for_the_journal(migration, target.dialect())
            .normalized;
        writeln!(out, "{} was edited after it ran", line(&migration.path))?;
        for (sign, text) in difference(&before, &now) {
            writeln!(out, "  {sign} {}", line(&text))?;
        }
    }
    if edited == 0 {
        writeln!(
            out,
            "all recorded migrations are as they were when they ran"
        )?;
        return Ok(Exit::Ok);
    }
    Ok(Exit::Drift)
}

/// The statements that only one of two texts has, in their order.
pub(crate) fn difference(before: &str, now: &str) -> Vec<(char, String)> {
    let pieces = |text: &str| -> Vec<String> {
        text.split(';')
            .map(|piece| piece.trim().to_owned())
            .filter(|piece| !piece.is_empty())
            .collect()
    };
    let (before, now) = (pieces(before), pieces(now));
    let gone = before
        .iter()
        .filter(|piece| !now.contains(piece))
        .map(|piece| ('-', piece.clone()));
    let new = now
        .iter()
        .filter(|piece| !before.contains(piece))
        .map(|piece| ('+', piece.clone()));
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(
            difference(
                "CREATE TABLE a (b int); SELECT 1;",
                "SELECT 1; CREATE TABLE a (b text)"
            ),
            [
                ('-', "CREATE TABLE a (b int)".to_owned()),
                ('+', "CREATE TABLE a (b text)".to_owned())
            ]
        );
    }
}
