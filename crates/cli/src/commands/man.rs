//! `segue man`: the manual page, from the same definition as the help.

use std::io::Write;

use clap::CommandFactory;

use crate::arguments::{Cli, ManArguments};
use crate::error::CliError;
use crate::exit::Exit;

/// Prints the page, or writes one per verb.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn run(arguments: &ManArguments) -> Result<Exit, CliError> {
    let command = Cli::command();
    if let Some(directory) = &arguments.directory {
        std::fs::create_dir_all(directory)?;
        clap_mangen::generate_to(command, directory)?;
        return Ok(Exit::Ok);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    std::io::stdout().write_all(&page)?;
    Ok(Exit::Ok)
}
