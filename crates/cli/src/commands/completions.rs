//! `segue completions SHELL`: from the same definition as the help.

use std::io::Write;

use clap::CommandFactory;

use crate::arguments::{Cli, CompletionsArguments};
use crate::error::CliError;
use crate::exit::Exit;

/// Prints the completions.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "segue", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Ok)
}
