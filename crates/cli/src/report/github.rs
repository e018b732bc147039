//! GitHub annotations: workflow commands on standard output, the rest in the step summary.
//!
//! A step shows ten errors and ten warnings; the most severe come first, and what is not shown is said and stands in
//! the step summary when the runner gives a file for it.

use std::io::{self, Write};

use segue_check::Severity;

use super::words::{plain, worst_first};
use super::{Desk, Reporter, TerminalCodes, markdown};
use crate::document::{Document, Event, Placed};
use crate::judging::Keep;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "github",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Stripped,
    write,
};

/// Annotations of one level that a step shows.
const OF_A_LEVEL_MAX: usize = 10;

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    match event {
        Event::Begin(_) | Event::Project(_) | Event::Migration(_) | Event::ProjectEnd(_) => Ok(()),
        Event::End(document) => end(document, desk),
    }
}

fn end(document: &Document, desk: &mut Desk<'_>) -> io::Result<()> {
    let sorted = worst_first(&document.findings);
    let mut shown = 0;
    for level in [Severity::Error, Severity::Warning, Severity::Note] {
        for placed in sorted
            .iter()
            .filter(|placed| placed.finding.severity == level)
            .take(OF_A_LEVEL_MAX)
        {
            annotation(placed, desk.out)?;
            shown += 1;
        }
    }
    let left = document.findings.len() - shown;
    if left > 0 {
        writeln!(
            desk.out,
            "::notice title=Segue::{left} more findings are in the step summary, and in `segue check`"
        )?;
    }
    match &desk.step_summary {
        Some(path) => std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| {
                file.write_all(markdown::page(document, markdown::SUMMARY_BYTES_MAX).as_bytes())
            }),
        None => Ok(()),
    }
}

fn annotation(placed: &Placed, out: &mut dyn Write) -> io::Result<()> {
    let finding = &placed.finding;
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![("file", finding.place.path.clone())];
    if let Some(spot) = &placed.spot {
        properties.push(("line", spot.start.line.to_string()));
        properties.push(("endLine", spot.end.line.to_string()));
        if spot.start.line == spot.end.line {
            properties.push(("col", spot.start.column.to_string()));
            properties.push(("endColumn", spot.end.column.to_string()));
        }
    }
    properties.push(("title", finding.code.clone()));
    let properties: Vec<String> = properties
        .into_iter()
        .map(|(name, value)| format!("{name}={}", property(&value)))
        .collect();
    writeln!(
        out,
        "::{command} {}::{}",
        properties.join(","),
        data(&plain(placed))
    )
}

/// The message of a command: `%` and line ends are encoded.
fn data(text: &str) -> String {
    // The log of a run is read in a terminal as well.
    crate::show::escape::lines(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command: `:` and `,` are encoded too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::property;

    #[test]
    fn a_name_cannot_end_a_command_and_begin_another() {
        assert_eq!(property("a\n::error,b"), "a%0A%3A%3Aerror%2Cb");
    }
}
