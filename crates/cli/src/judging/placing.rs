//! Gives findings their lines, columns and excerpts, while the text is at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_check::{Finding, ReadMigration, Remedy, WayBack};
use segue_model::{Dialect, Down, Form, Section, SourceText, Span, Statement};

use crate::document::{Placed, Spot};
use crate::judging::Keep;
use crate::pipeline::{Reading, Source};
use crate::show::excerpt::{Excerpt, secrets, statement_text};
use crate::show::position::Finger;
use crate::show::steps::{StepText, steps};

/// The texts of one migration.
pub(crate) struct Placing<'a> {
    read: &'a ReadMigration,
    dialect: &'a dyn Dialect,
    project: usize,
    excerpts: Keep,
    file: Option<(&'a Arc<SourceText>, Finger<'a>)>,
    secrets: Vec<Span>,
}

impl<'a> Placing<'a> {
    /// The texts of one migration of a project.
    pub(crate) fn new(
        (read, kept): (&'a ReadMigration, &[Statement]),
        dialect: &'a dyn Dialect,
        (project, excerpts): (usize, Keep),
    ) -> Self {
        Self {
            read,
            dialect,
            project,
            excerpts,
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
        let excerpts = self.excerpts;
        let (file, finger) = self.open(path)?;
        let start = finger.position(span.start);
        let end = finger.position(span.end);
        let text = file.text.as_str();
        Some(Spot {
            start,
            end,
            excerpt: match excerpts {
                Keep::Yes => Some(Excerpt::new(text, span, start.line, &self.secrets)),
                Keep::No => None,
            },
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

/// The files of a project, for findings about it as a whole that point into one: each is read once more.
pub(crate) struct Files<'a> {
    by_path: BTreeMap<&'a str, &'a Source>,
    reading: Reading<'a>,
    project: usize,
    excerpts: Keep,
}

impl<'a> Files<'a> {
    /// The files of a project.
    pub(crate) fn new(
        sources: &'a [Source],
        reading: Reading<'a>,
        (project, excerpts): (usize, Keep),
    ) -> Self {
        let mut by_path = BTreeMap::new();
        for source in sources {
            match source {
                Source::Unit(unit) => {
                    by_path.extend(unit.files().into_iter().map(|path| (path, source)));
                }
                Source::Given(migration) => {
                    by_path.insert(migration.path.as_str(), source);
                }
                Source::Unreadable(_) => {}
            }
        }
        Self {
            by_path,
            reading,
            project,
            excerpts,
        }
    }

    /// Gives findings their places, file by file.
    pub(crate) fn place(&self, mut findings: Vec<Finding>) -> Vec<Placed> {
        findings.sort_by(|one, other| {
            (&one.place.path, one.place.span).cmp(&(&other.place.path, other.place.span))
        });
        let mut placed = Vec::with_capacity(findings.len());
        let mut left = findings.into_iter().peekable();
        while let Some(first) = left.next() {
            let path = first.place.path.clone();
            let mut of_file = vec![first];
            while let Some(next) = left.next_if(|next| next.place.path == path) {
                of_file.push(next);
            }
            self.file(&path, of_file, &mut placed);
        }
        placed
    }

    fn file(&self, path: &str, findings: Vec<Finding>, placed: &mut Vec<Placed>) {
        let spans: Vec<Span> = findings
            .iter()
            .filter_map(|finding| finding.place.span)
            .collect();
        let file = if spans.is_empty() {
            None
        } else {
            self.text(path)
        };
        let hidden = match (&file, self.excerpts) {
            (Some(file), Keep::Yes) => self.secrets(file, &spans),
            (_, Keep::Yes | Keep::No) => Vec::new(),
        };
        let mut finger = file.as_ref().map(|file| Finger::new(&file.text));
        for finding in findings {
            let spot = match (&file, &mut finger, finding.place.span) {
                (Some(file), Some(finger), Some(span)) => {
                    let start = finger.position(span.start);
                    let end = finger.position(span.end);
                    Some(Spot {
                        start,
                        end,
                        excerpt: match self.excerpts {
                            Keep::Yes => Some(Excerpt::new(&file.text, span, start.line, &hidden)),
                            Keep::No => None,
                        },
                    })
                }
                (_, _, _) => None,
            };
            placed.push(Placed {
                project: self.project,
                spot,
                steps: Vec::new(),
                finding,
            });
        }
    }

    fn text(&self, path: &str) -> Option<Arc<SourceText>> {
        let migration = match self.by_path.get(path)? {
            Source::Unit(unit) => unit.read().ok()?,
            Source::Given(migration) => (**migration).clone(),
            Source::Unreadable(_) => return None,
        };
        let read = ReadMigration {
            migration,
            up: Vec::new(),
            way_back: WayBack::Nothing,
        };
        files(&read).find(|file| file.path == path).cloned()
    }

    /// What must not be shown of these statements.
    fn secrets(&self, file: &SourceText, spans: &[Span]) -> Vec<Span> {
        let mut statements = Vec::new();
        for span in spans {
            for mut statement in self
                .reading
                .dialect
                .read(span.of(&file.text), self.reading.version)
            {
                statement.shift(span.start);
                statements.push(statement);
            }
        }
        secrets(&statements)
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
    read.up.iter().flatten()
}
