//! GitLab code quality: an array of findings with stable fingerprints.
//!
//! Written as findings come, in their order: GitLab sorts them itself.

use std::io;

use segue_check::Severity;
use serde::Serialize;

use super::words::plain;
use super::{Desk, Reporter, TerminalCodes, Written};
use crate::document::{Event, Placed};
use crate::judging::Keep;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "gitlab",
    keeps_findings: Keep::No,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Verbatim,
    write,
};

#[derive(Serialize)]
struct Violation<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    match event {
        Event::Begin(_) => desk.out.write_all(b"["),
        Event::Project(_) => Ok(()),
        Event::Migration(file) => elements(file.findings, desk),
        Event::ProjectEnd(found) => elements(found, desk),
        Event::End(_) if desk.written.is_empty() => desk.out.write_all(b"]\n"),
        Event::End(_) => desk.out.write_all(b"\n]\n"),
    }
}

/// Some more elements of the array.
fn elements(found: &[Placed], desk: &mut Desk<'_>) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    if !desk.written.is_empty() {
        desk.out.write_all(b",")?;
    }
    let violations: Vec<Violation<'_>> = found
        .iter()
        .map(|placed| violation(placed, &mut desk.written))
        .collect();
    let array = serde_json::to_vec_pretty(&violations)?;
    desk.out.write_all(inside(&array))
}

/// What stands between the brackets of an array that is not empty, without its last line break.
fn inside(array: &[u8]) -> &[u8] {
    array
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"\n]"))
        .unwrap_or_default()
}

/// Fingerprints are unique in a report: the same statement twice in a file gets a number.
fn violation<'a>(placed: &'a Placed, written: &mut Written) -> Violation<'a> {
    let finding = &placed.finding;
    let fingerprint = match written.times(&finding.fingerprint) {
        1 => finding.fingerprint.clone(),
        more => format!("{}-{more}", finding.fingerprint),
    };
    Violation {
        description: plain(placed),
        check_name: &finding.code,
        fingerprint,
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location {
            path: &finding.place.path,
            lines: Lines {
                begin: placed.spot.as_ref().map_or(1, |spot| spot.start.line),
                end: placed.spot.as_ref().map_or(1, |spot| spot.end.line),
            },
        },
    }
}
