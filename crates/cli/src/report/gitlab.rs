//! GitLab code quality: an array of findings with stable fingerprints.

use std::collections::HashMap;
use std::io::{self, Write};
use std::thread;

use segue_check::Severity;
use serde::Serialize;

use super::words::{plain, worst_first};
use super::{Desk, Reporter, TerminalCodes};
use crate::document::{Document, Event, Placed};
use crate::environment;
use crate::judging::Keep;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "gitlab",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Verbatim,
    write,
};

/// Findings of one part of the array.
const PART: usize = 2_048;
/// Parts that are made at a time.
const PARTS_MAX: usize = 8;

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
        Event::Begin(_) | Event::Project(_) | Event::Migration(_) | Event::ProjectEnd(_) => Ok(()),
        Event::End(document) => {
            array(&violations(document), desk.out)?;
            writeln!(desk.out)
        }
    }
}

/// Fingerprints are unique in a report: the same statement twice in a file gets a number.
fn violations(document: &Document) -> Vec<(&Placed, usize)> {
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(document.findings.len());
    worst_first(&document.findings)
        .into_iter()
        .map(|placed| {
            let times = seen.entry(&placed.finding.fingerprint).or_default();
            *times += 1;
            (placed, *times)
        })
        .collect()
}

/// Writes the array; every thread that used to read takes a part of it.
fn array(found: &[(&Placed, usize)], out: &mut dyn Write) -> io::Result<()> {
    let threads = environment::workers().clamp(1, PARTS_MAX);
    let mut separator: &[u8] = b"[";
    let mut parts = found.chunks(PART);
    loop {
        let round: Vec<&[(&Placed, usize)]> = parts.by_ref().take(threads).collect();
        if round.is_empty() {
            break;
        }
        for text in elements(&round)? {
            out.write_all(separator)?;
            out.write_all(inside(&text))?;
            separator = b",";
        }
    }
    out.write_all(if found.is_empty() { b"[]" } else { b"\n]" })
}

/// The parts as arrays of their own, each made by a thread of its own but the first.
fn elements(round: &[&[(&Placed, usize)]]) -> io::Result<Vec<Vec<u8>>> {
    thread::scope(|scope| {
        let mut parts = round.iter().copied();
        let first = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(|| element_text(part))).collect();
        let mut texts = vec![element_text(first)?];
        for other in others {
            let fault = |_| io::Error::other("a fault in the report of a part");
            texts.push(other.join().map_err(fault)??);
        }
        Ok(texts)
    })
}

fn element_text(part: &[(&Placed, usize)]) -> io::Result<Vec<u8>> {
    let violations: Vec<Violation<'_>> = part
        .iter()
        .map(|(placed, times)| violation(placed, *times))
        .collect();
    Ok(serde_json::to_vec_pretty(&violations)?)
}

/// What stands between the brackets of an array that is not empty, without its last line break.
fn inside(array: &[u8]) -> &[u8] {
    array
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"\n]"))
        .unwrap_or_default()
}

fn violation(placed: &Placed, times: usize) -> Violation<'_> {
    let finding = &placed.finding;
    let fingerprint = match times {
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
