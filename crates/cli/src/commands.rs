//! The verbs: one file each.

mod audit;
mod check;
mod completions;
mod explain;
mod generate_docs;
mod man;

use crate::arguments::Verb;
use crate::error::CliError;
use crate::exit::Exit;

/// Runs a verb.
///
/// # Errors
/// When it ends without its answer.
pub(crate) fn run(verb: Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Audit(arguments) => audit::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Completions(arguments) => completions::run(&arguments),
        Verb::Man(arguments) => man::run(&arguments),
        Verb::GenerateDocs(arguments) => generate_docs::run(&arguments),
    }
}
