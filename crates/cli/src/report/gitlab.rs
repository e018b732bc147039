//! GitLab code quality: an array of findings with stable fingerprints.

use std::collections::BTreeMap;
use std::io;

use segue_check::Severity;
use serde::Serialize;

use super::words::{plain, worst_first};
use super::{Desk, Reporter};
use crate::document::{Document, Event, Placed};
use crate::judging::Keep;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "gitlab",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::No,
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
        Event::Begin(_) | Event::Project(_) | Event::Migration(_) | Event::ProjectEnd(_) => Ok(()),
        Event::End(document) => {
            serde_json::to_writer_pretty(&mut *desk.out, &violations(document))?;
            writeln!(desk.out)
        }
    }
}

/// Fingerprints are unique in a report: the same statement twice in a file gets a number.
fn violations(document: &Document) -> Vec<Violation<'_>> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    worst_first(&document.findings)
        .into_iter()
        .map(|placed| {
            let times = seen.entry(&placed.finding.fingerprint).or_default();
            *times += 1;
            violation(placed, *times)
        })
        .collect()
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
