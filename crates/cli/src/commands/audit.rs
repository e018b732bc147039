//! `segue audit`: a project's migrations as a whole, in one of three forms.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;

use anstream::{AutoStream, ColorChoice};

use super::check::subjects;
use crate::arguments::{AuditArguments, AuditOutput};
use crate::audit::{Audit, audit, html, human, json};
use crate::document::{Document, KeptFindings, Run, Summary};
use crate::environment::{self, Colour, Stopwatch};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::judging::{Keep, Needs, Request};
use crate::pipeline::{STACK_BYTES, no_thread};
use crate::settings::Settings;
use crate::statistics;

/// Audits what the arguments name.
///
/// # Errors
/// When there is nothing to judge, the settings do not fit, or the answer cannot be written.
pub(crate) fn run(arguments: &AuditArguments) -> Result<Exit, CliError> {
    // Judging goes as deep as the SQL is nested, so it gets as large a stack as reading.
    let answer = thread::scope(|scope| {
        let judged = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || judged(arguments))
            .map_err(no_thread)?;
        judged.join().unwrap_or_else(|_| {
            let what = "a fault in Segue itself ended the audit";
            let next = "report it with the smallest file that shows it";
            Err(CliError::new(Code::Internal, what, next))
        })
    })?;
    write(&answer, arguments).map_err(CliError::of_writing)?;
    Ok(if arguments.strict && answer.counts().errors > 0 {
        Exit::Findings
    } else {
        Exit::Ok
    })
}

fn judged(arguments: &AuditArguments) -> Result<Audit, CliError> {
    let stopwatch = Stopwatch::start();
    let check = arguments.check();
    let settings = Settings::of_check(&check)?;
    let subjects = subjects::find(&check, &settings)?;
    let reading = subjects::first_reading(&subjects, &settings);
    let sizes = match &settings.statistics {
        Some(path) => statistics::read(path, &reading.dialect.default_namespace())?,
        None => BTreeMap::new(),
    };
    let request = Request {
        sizes,
        today: arguments.today.unwrap_or_else(environment::today),
        rules: settings.rules.clone(),
        needs: Needs {
            findings: Keep::No,
            every_answer: Keep::No,
            excerpts: Keep::Yes,
        },
    };
    let document = Document {
        run: Run {
            dialect: reading.dialect.name(),
            server_version: reading.version,
            base: None,
            fail_on: settings.fail_on,
        },
        projects: Vec::new(),
        judged: Vec::new(),
        findings: KeptFindings::default(),
        suppressed: Vec::new(),
        summary: Summary::default(),
    };
    let path: &Path = arguments.path.as_deref().unwrap_or(&settings.directory);
    let mut answer = audit(&request, subjects, document, path)?;
    answer.summary.elapsed_ms = stopwatch.elapsed_ms();
    Ok(answer)
}

fn write(answer: &Audit, arguments: &AuditArguments) -> std::io::Result<()> {
    let colour = environment::colour(arguments.color);
    let choice = match colour {
        Colour::On => ColorChoice::Always,
        Colour::Off => ColorChoice::Never,
    };
    let mut out = BufWriter::new(AutoStream::new(std::io::stdout().lock(), choice));
    match arguments.output {
        AuditOutput::Human => human::write(answer, &mut out, colour)?,
        AuditOutput::Json => json::write(answer, &mut out)?,
        AuditOutput::Html => html::write(answer, &mut out)?,
    }
    out.flush()
}

/// Files of the generated documentation that belong to this verb.
pub(crate) fn documents() -> Vec<(PathBuf, String)> {
    vec![(PathBuf::from("audit.schema.json"), json::schema())]
}
