//! One JSON object a line, written as things happen: nothing is kept, whatever the size of the project.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{
    FindingReport, Header, MigrationHeader, ProjectHeader, StatementReport, SuppressedReport, json,
    statements,
};
use super::{Desk, Reporter, TerminalCodes};
use crate::document::{Allowed, Event, Placed, Summary};
use crate::judging::Keep;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "jsonl",
    keeps_findings: Keep::No,
    wants_every_answer: Keep::Yes,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Verbatim,
    write,
};

/// A line; its fields are those of the JSON format.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Run(Header<'a>),
    Project(ProjectHeader<'a>),
    Migration(MigrationHeader<'a>),
    Statement(Box<StatementReport<'a>>),
    Finding(Box<FindingReport<'a>>),
    Suppressed(Box<SuppressedReport<'a>>),
    Summary(&'a Summary),
}

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    let out = &mut *desk.out;
    match event {
        Event::Begin(run) => line(&Line::Run(Header::new(run)), out),
        Event::Project(project) => line(&Line::Project(ProjectHeader::new(project)), out),
        Event::Migration(file) => {
            line(&Line::Migration(MigrationHeader::new(file)), out)?;
            statements(file, |statement| {
                line(&Line::Statement(Box::new(statement)), out)
            })?;
            findings(file.findings, out)?;
            suppressed(file.suppressed, out)
        }
        Event::ProjectEnd(found) => findings(found, out),
        Event::End(document) => line(&Line::Summary(&document.summary), out),
    }
}

fn findings(found: &[Placed], out: &mut dyn Write) -> io::Result<()> {
    found
        .iter()
        .try_for_each(|placed| line(&Line::Finding(Box::new(FindingReport::new(placed))), out))
}

fn suppressed(found: &[Allowed], out: &mut dyn Write) -> io::Result<()> {
    found.iter().try_for_each(|allowed| {
        let report = SuppressedReport::new(allowed);
        line(&Line::Suppressed(Box::new(report)), out)
    })
}

fn line(line: &Line<'_>, out: &mut dyn Write) -> io::Result<()> {
    json(line, out)?;
    out.write_all(b"\n")
}
