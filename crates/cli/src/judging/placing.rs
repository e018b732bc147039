//! Gives findings their lines, columns and excerpts, while the text is at hand.

use std::sync::Arc;

use segue_check::{Finding, ReadMigration, Remedy};
use segue_model::{Dialect, Down, Form, Section, SourceText, Span, Statement};

use crate::document::{Placed, Spot};
use crate::pipeline::{Reading, Source};
use crate::show::excerpt::{Excerpt, secrets, statement_text};
use crate::show::position::Finger;
use crate::show::steps::{StepText, steps};

/// The texts of one migration.
pub(crate) struct Placing<'a> {
    read: &'a ReadMigration,
    dialect: &'a dyn Dialect,
    project: usize,
    file: Option<(&'a Arc<SourceText>, Finger<'a>)>,
    secrets: Vec<Span>,
}

impl<'a> Placing<'a> {
    /// The texts of one migration of a project.
    pub(crate) fn new(
        (read, kept): (&'a ReadMigration, &[Statement]),
        dialect: &'a dyn Dialect,
        project: usize,
    ) -> Self {
        Self {
            read,
            dialect,
            project,
            file: None,
            secrets: secrets(statements(read).chain(kept)),
        }
    }

    /// Gives a finding its place. Cheap when findings come in the order of their files.
    pub(crate) fn place(&mut self, finding: Finding) -> Placed {
        let spot = finding
            .place
            .span
            .and_then(|span| self.spot(&finding.place.path, span));
        let steps = self.steps(&finding);
        Placed {
            project: self.project,
            spot,
            steps,
            finding,
        }
    }

    fn open(&mut self, path: &str) -> Option<&mut (&'a Arc<SourceText>, Finger<'a>)> {
        if self.file.as_ref().is_none_or(|(file, _)| file.path != path) {
            let file = files(self.read).find(|file| file.path == path)?;
            self.file = Some((file, Finger::new(&file.text)));
        }
        self.file.as_mut()
    }

    fn spot(&mut self, path: &str, span: Span) -> Option<Spot> {
        let (file, finger) = self.open(path)?;
        let start = finger.position(span.start);
        let end = finger.position(span.end);
        let text = file.text.as_str();
        Some(Spot {
            start,
            end,
            excerpt: Excerpt::new(text, span, start.line, &self.secrets),
        })
    }

    fn steps(&self, finding: &Finding) -> Vec<StepText> {
        match &finding.instead {
            Some(Remedy::Steps(plan)) => steps(plan, self.dialect, &self.written(finding)),
            Some(Remedy::Advice(_)) | None => Vec::new(),
        }
    }

    /// The user's statement that a finding is about.
    fn written(&self, finding: &Finding) -> String {
        let Some(span) = finding.place.span else {
            return String::new();
        };
        let text = files(self.read)
            .find(|file| file.path == finding.place.path)
            .map_or("", |file| file.text.as_str());
        let whole = self
            .read
            .up
            .iter()
            .flatten()
            .map(|statement| statement.span)
            .find(|whole| whole.start <= span.start && span.end <= whole.end)
            .unwrap_or(span);
        statement_text(text, whole, &self.secrets).0
    }
}

/// A finding about the project that points into a file: the file is read once more.
pub(crate) fn of_project(
    finding: Finding,
    sources: &[Source],
    (reading, project): (Reading<'_>, usize),
) -> Placed {
    let again = finding.place.span.and_then(|_| {
        let path = finding.place.path.as_str();
        let migration = sources.iter().find_map(|source| match source {
            Source::Unit(unit) if unit.files().contains(&path) => unit.read().ok(),
            Source::Given(migration) if migration.path == path => Some((**migration).clone()),
            Source::Unit(_) | Source::Given(_) | Source::Unreadable(_) => None,
        })?;
        Some(ReadMigration::new(
            migration,
            reading.dialect,
            reading.version,
        ))
    });
    match again {
        Some(read) => Placing::new((&read, &[]), reading.dialect, project).place(finding),
        None => Placed {
            project,
            spot: None,
            steps: Vec::new(),
            finding,
        },
    }
}

fn sections(read: &ReadMigration) -> impl Iterator<Item = &Section> {
    let (up, down): (&[Section], &Down) = match &read.migration.form {
        Form::Sql { up, down } => (up, down),
        Form::Program { down, .. } => (&[], down),
    };
    let down: &[Section] = match down {
        Down::Sections(sections) => sections,
        Down::Missing | Down::Empty | Down::Derived => &[],
    };
    up.iter().chain(down)
}

fn files(read: &ReadMigration) -> impl Iterator<Item = &Arc<SourceText>> {
    sections(read).map(|section| &section.file)
}

fn statements(read: &ReadMigration) -> impl Iterator<Item = &Statement> {
    read.up.iter().chain(&read.down).flatten()
}
