//! JUnit XML, for CI servers that show tests: a suite per project, a test case per migration.
//!
//! Errors and warnings are failures; notes are output of a case that passes. Every migration that was judged is there,
//! so that "all passed" is visible.

use std::collections::BTreeMap;
use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use segue_check::Severity;

use super::words::{place, plain, severity};
use super::{Desk, Reporter, TerminalCodes};
use crate::document::{Document, Event, Placed, Project};
use crate::judging::Keep;
use crate::show::tool;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "junit",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Verbatim,
    write,
};

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    match event {
        Event::Begin(_) | Event::Project(_) | Event::Migration(_) | Event::ProjectEnd(_) => Ok(()),
        Event::End(document) => report(document)
            .serialize(&mut *desk.out)
            .map_err(io::Error::other),
    }
}

fn report(document: &Document) -> Report {
    let mut report = Report::new("segue check");
    for project in &document.projects {
        report.add_test_suite(suite(project, document));
    }
    report
}

fn suite(project: &Project, document: &Document) -> TestSuite {
    let name = format!("{} ({})", project.directory, tool::name(project.tool));
    let mut suite = TestSuite::new(name);
    let mut findings: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    for placed in document
        .findings
        .iter()
        .filter(|placed| placed.project == project.number)
    {
        let migration = placed.finding.migration.as_deref().unwrap_or_default();
        findings.entry(migration).or_default().push(placed);
    }
    for judged in document
        .judged
        .iter()
        .filter(|judged| judged.project == project.number)
    {
        let found = findings.remove(judged.id.as_str()).unwrap_or_default();
        suite.add_test_case(case(&judged.path, &project.directory, &found));
    }
    for (_, found) in findings {
        suite.add_test_case(case("the project as a whole", &project.directory, &found));
    }
    suite
}

fn case(name: &str, class: &str, found: &[&Placed]) -> TestCase {
    let (notes, failures): (Vec<&Placed>, Vec<&Placed>) = found
        .iter()
        .partition(|placed| placed.finding.severity == Severity::Note);
    let mut case = TestCase::new(name, status(&failures));
    case.set_classname(class);
    if !notes.is_empty() {
        case.set_system_out(all(&notes));
    }
    case
}

fn status(failures: &[&Placed]) -> TestCaseStatus {
    let Some(worst) = failures.iter().max_by_key(|placed| placed.finding.severity) else {
        return TestCaseStatus::success();
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_type(worst.finding.code.as_str())
        .set_message(worst.finding.message.as_str())
        .set_description(all(failures));
    status
}

fn all(found: &[&Placed]) -> String {
    found
        .iter()
        .map(|placed| {
            let finding = &placed.finding;
            format!(
                "{}[{}] at {}\n{}\n",
                severity(finding.severity),
                finding.code,
                place(placed),
                plain(placed)
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}
