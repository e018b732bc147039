//! The verbs: one file each.

mod approve;
mod archive;
mod audit;
mod backfill;
mod baseline;
mod check;
mod completions;
mod contract;
mod demo;
mod doctor;
mod down;
mod dump;
mod env;
mod explain;
mod fill_in;
mod generate_docs;
mod man;
mod new;
pub(crate) mod plan;
mod redo;
mod repair;
mod status;
mod uninstall;
mod up;
mod verify;
mod wait;

use crate::arguments::Verb;
use crate::error::CliError;
use crate::exit::Exit;

/// Runs a verb.
///
/// # Errors
/// When it ends without its answer.
pub(crate) fn run(verb: Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Audit(arguments) => audit::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::New(arguments) => new::run(&arguments),
        Verb::Plan(arguments) => plan::run(&arguments),
        Verb::Up(arguments) => up::run(&arguments),
        Verb::Contract(arguments) => contract::run(&arguments),
        Verb::Down(arguments) => down::run(&arguments),
        Verb::Redo(arguments) => redo::run(&arguments),
        Verb::Status(arguments) => status::run(&arguments),
        Verb::Verify(arguments) => verify::run(&arguments),
        Verb::Repair(arguments) => repair::run(&arguments),
        Verb::Env(arguments) => env::run(&arguments),
        Verb::Archive(arguments) => archive::run(&arguments),
        Verb::Approve(arguments) => approve::run(&arguments),
        Verb::Doctor(arguments) => doctor::run(&arguments),
        Verb::Baseline(arguments) => baseline::run(&arguments),
        Verb::Backfill(arguments) => backfill::run(&arguments),
        Verb::Wait(arguments) => wait::run(&arguments),
        Verb::Dump(arguments) => dump::run(&arguments),
        Verb::Uninstall(arguments) => uninstall::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::FillIn(arguments) => fill_in::run(&arguments),
        Verb::Completions(arguments) => completions::run(&arguments),
        Verb::Man(arguments) => man::run(&arguments),
        Verb::GenerateDocs(arguments) => generate_docs::run(&arguments),
    }
}
