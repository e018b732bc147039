//! `segue fill-in`: what a shell may fill in, for the scripts of `segue completions`. Meets no database and says nothing of
//! what goes wrong: a shell shows it in the middle of a line.

use std::io::Write as _;
use std::path::Path;

use segue_check::{ALL, UNDECIDED};
use segue_sources::{LocateOptions, locate};

use crate::arguments::{FillInArguments, Filled};
use crate::audit::area::PAGES;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::show::escape::line;

/// Prints the candidates, each with its name behind a tab.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn run(arguments: &FillInArguments) -> Result<Exit, CliError> {
    let candidates = match arguments.what {
        Filled::Codes => codes(),
        Filled::Migrations => {
            migrations(arguments.dir.as_deref().unwrap_or_else(|| Path::new(".")))
        }
    };
    let mut out = std::io::stdout().lock();
    for (word, name) in candidates {
        writeln!(out, "{}\t{}", line(&word), line(&name))?;
    }
    Ok(Exit::Ok)
}

fn codes() -> Vec<(String, String)> {
    let rules = ALL.iter().map(|rule| (rule.code, rule.summary));
    let pages = PAGES.iter().map(|(code, summary, _)| (*code, *summary));
    let undecided = UNDECIDED.iter().map(|left| (left.code, left.why));
    let errors = Code::ALL
        .iter()
        .map(|code| (code.word(), "an error of the command itself"));
    rules
        .chain(pages)
        .chain(undecided)
        .chain(errors)
        .map(|(code, summary)| (code.to_owned(), summary.to_owned()))
        .collect()
}

fn migrations(start: &Path) -> Vec<(String, String)> {
    let found = locate(start, &LocateOptions::default()).unwrap_or_default();
    let units = found.into_iter().flat_map(|project| project.units);
    units.map(|unit| (unit.id, unit.name)).collect()
}
