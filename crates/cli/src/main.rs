//! `segue`: the command line. The only crate that prints, reads the environment, exits, or names a dialect.
//!
//! `main` only connects the pieces: arguments in, exit code out.

mod arguments;
mod audit;
mod commands;
mod demo;
mod document;
mod dotenv;
mod environment;
mod error;
mod exit;
mod judging;
mod page;
mod pipeline;
mod plan;
mod proof;
mod release;
mod report;
mod running;
mod session;
mod settings;
mod show;
mod signals;
mod statistics;
mod target;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::Cli;
use error::CliError;
use exit::Exit;

/// Reading SQL allocates small pieces by the million, on several threads at once: a third faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => match on_large_stack(cli.verb) {
            Ok(exit) => exit.into(),
            Err(error) => complain(&error),
        },
        Err(error) => before_any_command(&error),
    }
}

/// Reading SQL wants a stack of 64 MiB (only what is used of it costs anything).
fn on_large_stack(verb: arguments::Verb) -> Result<Exit, CliError> {
    let fault = || {
        let what = "a fault in Segue itself ended the command";
        CliError::new(
            error::Code::Internal,
            what,
            "segue status, when the command was one that changes a database",
        )
    };
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || commands::run(verb))
        .map_err(|error| fault().because(error))?
        .join()
        .unwrap_or_else(|_| Err(fault()))
}

/// `--help` and `--version` are answers; everything else is a mistake on the command line.
fn before_any_command(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        return complain(&CliError::of_arguments(error, &help()));
    }
    match error.print() {
        Ok(()) => Exit::Ok.into(),
        Err(closed) => complain(&CliError::of_writing(closed)),
    }
}

/// The command whose help says more: that of the verb, where one was typed.
fn help() -> String {
    let command = Cli::command();
    std::env::args()
        .nth(1)
        .filter(|word| command.find_subcommand(word).is_some())
        .map_or_else(
            || "segue --help".to_owned(),
            |verb| format!("segue {verb} --help"),
        )
}

fn complain(error: &CliError) -> ExitCode {
    if let Some(text) = error.render() {
        // Nobody is left to be told when even this fails.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    error.exit().into()
}
