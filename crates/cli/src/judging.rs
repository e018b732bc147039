//! The check itself: projects in, events out. Reads on several threads, judges in order on one.
//!
//! Prints nothing: whoever listens to the events does.

mod placing;

use std::collections::BTreeMap;

use segue_check::{
    Date, Depth, Finding, Judge, JudgeOptions, JudgedMigration, ReadMigration, Reported,
};
use segue_model::{Form, Migration, ProjectProblem, QualifiedName, ServerFacts, TableSize, Tool};

use crate::document::{Allowed, Document, Event, JudgedFile, JudgedPath, Placed, Project};
use crate::error::CliError;
use crate::pipeline::{self, Outcome, Reading, Source, Unread};
use crate::release::Changed;
use crate::settings::Level;
use placing::{Files, Placing};

/// What is to be judged.
pub(crate) struct Request {
    /// The sizes of its tables, as far as they are known.
    pub(crate) sizes: BTreeMap<QualifiedName, TableSize>,
    /// Today.
    pub(crate) today: Date,
    /// Rules that are off or weigh otherwise.
    pub(crate) rules: BTreeMap<String, Level>,
    /// What the reports need besides findings.
    pub(crate) needs: Needs,
}

/// What a report needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Whether all findings are kept to the end.
    pub(crate) findings: Keep,
    /// Whether every answer about every statement is worked out.
    pub(crate) every_answer: Keep,
    /// Whether the lines around a finding are shown.
    pub(crate) excerpts: Keep,
}

/// Whether something is kept or worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It is.
    Yes,
    /// It is not needed.
    No,
}

/// One project to be judged.
pub(crate) struct Subject {
    /// The tool.
    pub(crate) tool: Tool,
    /// What its SQL is read as.
    pub(crate) reading: Reading<'static>,
    /// The folder, as it is shown.
    pub(crate) directory: String,
    /// Its migrations in order.
    pub(crate) sources: Vec<Source>,
    /// What is wrong with it before any SQL is read.
    pub(crate) problems: Vec<ProjectProblem>,
    /// The database it is written for, in its own word, where that is one that is not spoken: its SQL is not read.
    pub(crate) unspoken: Option<String>,
    /// What is new; none when everything is reported.
    pub(crate) changed: Option<Changed>,
}

/// Somebody who is told what happens.
pub(crate) type Listener<'a> = dyn FnMut(&Event<'_>) -> Result<(), CliError> + 'a;

/// Judges one project after the other, each alone, and fills the document.
///
/// # Errors
/// What the listener could not do.
pub(crate) fn judge(
    request: &Request,
    subjects: Vec<Subject>,
    document: &mut Document,
    listener: &mut Listener<'_>,
) -> Result<(), CliError> {
    listener(&Event::Begin(&document.run))?;
    for subject in subjects {
        let project = Project {
            number: document.projects.len(),
            tool: subject.tool,
            directory: subject.directory.clone(),
            migrations: subject.sources.len(),
        };
        listener(&Event::Project(&project))?;
        document.projects.push(project);
        let mut hearing = Hearing::new(request, &subject, document, listener);
        pipeline::in_order(&subject.sources, hearing.reading(), |number, outcome| {
            hearing.next(number, outcome)
        })?;
        hearing.finish()?;
    }
    Ok(())
}

/// One project in the middle of being judged.
struct Hearing<'a, 'l> {
    request: &'a Request,
    subject: &'a Subject,
    judge: Judge<'a>,
    problems: Vec<ProjectProblem>,
    release: Release,
    reported: usize,
    document: &'a mut Document,
    listener: &'a mut Listener<'l>,
}

/// Whether the first migration that is new has been met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    NotYet,
    Begun,
}

impl<'a, 'l> Hearing<'a, 'l> {
    fn new(
        request: &'a Request,
        subject: &'a Subject,
        document: &'a mut Document,
        listener: &'a mut Listener<'l>,
    ) -> Self {
        let server = ServerFacts {
            sizes: request.sizes.clone(),
            ..ServerFacts::new(subject.reading.version)
        };
        let options = JudgeOptions {
            depth: match request.needs.every_answer {
                Keep::Yes => Depth::EveryAnswer,
                Keep::No => Depth::Findings,
            },
            tool: subject.tool,
            server,
            today: request.today,
            directory: subject.directory.clone(),
        };
        Self {
            request,
            subject,
            judge: Judge::new(subject.reading.dialect, options),
            problems: subject.problems.clone(),
            release: Release::NotYet,
            reported: 0,
            document,
            listener,
        }
    }

    fn reading(&self) -> Reading<'a> {
        self.subject.reading
    }

    /// The next migration, or why it could not be read.
    fn next(&mut self, number: usize, outcome: Outcome) -> Result<(), CliError> {
        match outcome {
            Ok(read) => {
                let reported = self.is_reported(number);
                self.migration(&read, reported)
            }
            Err(Unread { path, reason }) => {
                self.problems
                    .push(ProjectProblem::Unreadable { path, reason });
                Ok(())
            }
        }
    }

    /// Whether a migration is new since the base revision; everything is when there is none.
    fn is_reported(&mut self, number: usize) -> Reported {
        let Some(changed) = &self.subject.changed else {
            return Reported::Yes;
        };
        let is_new = match self.subject.sources.get(number) {
            Some(Source::Unit(unit)) => unit.files().iter().any(|file| changed.has(file)),
            Some(Source::Given(_) | Source::Unreadable(_)) | None => true,
        };
        if !is_new {
            return Reported::No;
        }
        if self.release == Release::NotYet {
            self.release = Release::Begun;
            self.judge.begin_release();
        }
        Reported::Yes
    }

    fn migration(&mut self, read: &ReadMigration, reported: Reported) -> Result<(), CliError> {
        let mut judged = self.judge.migration(read, reported);
        if reported == Reported::No {
            self.document.summary.replayed += 1;
            return Ok(());
        }
        self.count(read, &judged);
        let mut placing = Placing::new(
            (read, &judged.kept),
            self.subject.reading.dialect,
            (
                self.document.projects.len() - 1,
                self.request.needs.excerpts,
            ),
        );
        let findings: Vec<Placed> = std::mem::take(&mut judged.findings)
            .into_iter()
            .filter_map(|finding| self.weigh(finding))
            .map(|finding| placing.place(finding))
            .collect();
        let suppressed: Vec<Allowed> = std::mem::take(&mut judged.suppressed)
            .into_iter()
            .map(|(finding, suppression)| Allowed {
                placed: placing.place(finding),
                suppression,
            })
            .collect();
        (self.listener)(&Event::Migration(&JudgedFile {
            number: self.reported,
            read,
            judged: &judged,
            dialect: self.subject.reading.dialect,
            findings: &findings,
            suppressed: &suppressed,
        }))?;
        self.reported += 1;
        self.remember(&read.migration);
        self.keep(findings, suppressed);
        Ok(())
    }

    fn count(&mut self, read: &ReadMigration, judged: &JudgedMigration) {
        let summary = &mut self.document.summary;
        summary.migrations += 1;
        summary.statements += judged.statement_count;
        match &read.migration.form {
            Form::Sql { .. } => {}
            Form::Program { .. } => summary.programs += 1,
        }
    }

    /// A finding as the project's settings weigh it; none when its rule is off.
    fn weigh(&self, mut finding: Finding) -> Option<Finding> {
        match self.request.rules.get(&finding.code) {
            Some(Level::Off) => return None,
            Some(Level::As(severity)) => finding.severity = *severity,
            None => {}
        }
        Some(finding)
    }

    /// That a migration was judged, for formats that list them.
    fn remember(&mut self, migration: &Migration) {
        match self.request.needs.findings {
            Keep::Yes => self.document.judged.push(JudgedPath {
                project: self.document.projects.len() - 1,
                id: migration.id.clone(),
                path: migration.path.clone(),
            }),
            Keep::No => {}
        }
    }

    fn keep(&mut self, findings: Vec<Placed>, suppressed: Vec<Allowed>) {
        for placed in &findings {
            self.document.summary.count(placed.finding.severity);
        }
        self.document.summary.suppressed += suppressed.len();
        match self.request.needs.findings {
            Keep::Yes => {
                self.document.findings.add(findings);
                self.document.suppressed.extend(suppressed);
            }
            Keep::No => {}
        }
    }

    /// Asks about the project as a whole.
    fn finish(mut self) -> Result<(), CliError> {
        let findings = self.judge.finish(&self.problems);
        let number = self.document.projects.len() - 1;
        let findings: Vec<Finding> = findings
            .into_iter()
            .filter(|finding| self.is_new(finding))
            .filter_map(|finding| self.weigh(finding))
            .collect();
        let placed = Files::new(
            &self.subject.sources,
            self.reading(),
            (number, self.request.needs.excerpts),
        )
        .place(findings);
        (self.listener)(&Event::ProjectEnd(&placed))?;
        self.keep(placed, Vec::new());
        Ok(())
    }

    /// With a base revision, what is about a file counts only when that file is new.
    fn is_new(&self, finding: &Finding) -> bool {
        match &self.subject.changed {
            None => true,
            Some(changed) => {
                let path = &finding.place.path;
                path == &self.subject.directory || changed.has(path)
            }
        }
    }
}
