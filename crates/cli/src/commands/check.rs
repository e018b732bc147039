//! `segue check`: settings, subjects, one big thread that judges, and the report.

pub(crate) mod subjects;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::thread;

use anstream::{AutoStream, ColorChoice};
use segue_check::Severity;

use crate::arguments::{CheckArguments, Verbosity};
use crate::document::{Document, Event, KeptFindings, Run, Summary};
use crate::environment::{self, Colour, Stopwatch};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::judging::{Request, Subject, judge};
use crate::pipeline::{STACK_BYTES, no_thread};
use crate::report::{Desk, Reporter, TerminalCodes, Written};
use crate::settings::Settings;
use crate::show::escape::line;
use crate::show::tool;
use crate::statistics;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 1 << 16;

/// Judges what the arguments name.
///
/// # Errors
/// When there is nothing to judge, the settings do not fit, or the answer cannot be written.
pub(crate) fn run(arguments: &CheckArguments) -> Result<Exit, CliError> {
    // Judging goes as deep as the SQL is nested, so it gets as large a stack as reading.
    thread::scope(|scope| {
        let judged = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || check(arguments))
            .map_err(no_thread)?;
        judged.join().unwrap_or_else(|_| {
            let what = "a fault in Segue itself ended the check";
            let next = "report it with the smallest file that shows it";
            Err(CliError::new(Code::Internal, what, next))
        })
    })
}

fn check(arguments: &CheckArguments) -> Result<Exit, CliError> {
    let stopwatch = Stopwatch::start();
    let settings = Settings::of_check(arguments)?;
    let reporter = Reporter::named(&arguments.output).ok_or_else(|| {
        CliError::new(Code::Usage, "there is no such format", "segue check --help")
    })?;
    let subjects = subjects::find(arguments, &settings)?;
    let reading = subjects::first_reading(&subjects, &settings);
    let sizes = match &settings.statistics {
        Some(path) => statistics::read(path, &reading.dialect.default_namespace())?,
        None => BTreeMap::new(),
    };
    talk(arguments, &settings, &subjects);
    let request = Request {
        sizes,
        today: arguments.today.unwrap_or_else(environment::today),
        rules: settings.rules.clone(),
        needs: reporter.needs(),
    };
    let mut document = Document {
        run: Run {
            dialect: reading.dialect.name(),
            server_version: reading.version,
            base: arguments.base.clone(),
            fail_on: settings.fail_on,
        },
        projects: Vec::new(),
        judged: Vec::new(),
        findings: KeptFindings::default(),
        suppressed: Vec::new(),
        summary: Summary::default(),
    };
    write(arguments, (reporter, settings.fail_on), |listener| {
        judge(&request, subjects, &mut document, listener)?;
        document.summary.elapsed_ms = stopwatch.elapsed_ms();
        listener(&Event::End(&document))
    })?;
    Ok(match document.summary.at_least(settings.fail_on) {
        0 => Exit::Ok,
        _ => Exit::Findings,
    })
}

/// Opens standard output for a format and lets `judge` feed it with events.
fn write(
    arguments: &CheckArguments,
    (reporter, fail_on): (&Reporter, Severity),
    judge: impl FnOnce(&mut crate::judging::Listener<'_>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let colour = environment::colour(arguments.color);
    let choice = match (reporter.terminal_codes, colour) {
        (TerminalCodes::Verbatim, _) => ColorChoice::AlwaysAnsi,
        (TerminalCodes::Stripped, Colour::On) => ColorChoice::Always,
        (TerminalCodes::Stripped, Colour::Off) => ColorChoice::Never,
    };
    let stdout = AutoStream::new(std::io::stdout().lock(), choice);
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, stdout);
    let verbosity = arguments.talk.verbosity();
    // Notes are many: people see them when they ask for them.
    let least = match verbosity {
        Verbosity::Verbose => Severity::Note,
        Verbosity::Quiet | Verbosity::Normal => fail_on.min(Severity::Warning),
    };
    let mut desk = Desk {
        out: &mut out,
        colour,
        step_summary: environment::step_summary(),
        least,
        verbosity,
        written: Written::default(),
    };
    judge(&mut |event| (reporter.write)(event, &mut desk).map_err(CliError::of_writing))?;
    out.flush().map_err(CliError::of_writing)
}

/// With `-v`: where settings come from. Talk goes to standard error.
fn talk(arguments: &CheckArguments, settings: &Settings, subjects: &[Subject]) {
    if arguments.talk.verbosity() < Verbosity::Verbose {
        return;
    }
    let mut text = format!(
        "server version {} ({})\n",
        settings.server_version.value, settings.server_version.origin
    );
    if let Some(file) = &settings.file {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "settings from {}", line(&file.display().to_string()));
    }
    for subject in subjects {
        let _ = writeln!(
            text,
            "{}: {}, {}, {} migrations",
            line(&subject.directory),
            tool::name(subject.tool),
            subject.reading.dialect.name(),
            subject.sources.len()
        );
    }
    // Talk that nobody reads is no reason to stop.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
