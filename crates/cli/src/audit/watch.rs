//! Listens to a check and keeps what an audit needs: findings with what they weigh, files with their days, the catalog.
//!
//! Reports nothing itself and judges no statement: the rules do.

use std::collections::{BTreeMap, BTreeSet};

use segue_check::{Date, Finding, JudgedMigration, Layer, Place, Question, Severity};
use segue_model::{
    Blocks, Catalog, Form, Impact, LockRole, Locked, QualifiedName, Replay, Section, ServerFacts,
    TransactionState, WorkKind,
};

use super::unfinished::{Leftover, leftovers};
use super::{area, date};
use crate::document::{Event, JudgedFile, Placed};

/// Tables in use that one transaction may lock before its file is a big bang.
const TABLES_MAX: usize = 3;
/// Statements on tables in use that one transaction may have.
const STATEMENTS_MAX: usize = 20;

/// One migration.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The number of its project.
    pub(crate) project: usize,
    /// SQL, or the language of a program.
    pub(crate) program: Option<&'static str>,
    /// The day in its name.
    pub(crate) day: Option<Date>,
}

/// A finding and what it weighs.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The finding.
    pub(crate) placed: Placed,
    /// The number of its migration.
    pub(crate) mark: Option<usize>,
    /// The number of its statement in the migration.
    pub(crate) statement: Option<usize>,
    /// How strong the lock is and how long it is held: the product says which of two is worse.
    pub(crate) force: u32,
}

/// What was heard so far.
pub(crate) struct Watch {
    server: ServerFacts,
    replay: Replay,
    project: usize,
    /// The files of the project's statements, in the order they were replayed.
    places: Vec<String>,
    /// The migrations.
    pub(crate) marks: Vec<Mark>,
    /// The migrations by their files.
    pub(crate) by_path: BTreeMap<String, usize>,
    /// The findings.
    pub(crate) found: Vec<Found>,
}

impl Watch {
    /// Nothing heard yet.
    pub(crate) fn new(server: ServerFacts) -> Self {
        Self {
            replay: Replay::new(Catalog::default(), server.clone()),
            server,
            project: 0,
            places: Vec::new(),
            marks: Vec::new(),
            by_path: BTreeMap::new(),
            found: Vec::new(),
        }
    }

    /// Something happened.
    pub(crate) fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Begin(_) | Event::End(_) => {}
            Event::Project(project) => {
                self.project = project.number;
                self.places.clear();
                self.replay = Replay::new(Catalog::default(), self.server.clone());
            }
            Event::Migration(file) => self.migration(file),
            Event::ProjectEnd(placed) => {
                for placed in *placed {
                    self.about_project(placed.clone());
                }
                for leftover in leftovers(&self.replay.catalog) {
                    self.left(leftover);
                }
            }
        }
    }

    /// Adds a finding of the audit's own.
    pub(crate) fn add(&mut self, finding: Finding, project: usize) {
        self.about_project(Placed {
            finding,
            project,
            spot: None,
            steps: Vec::new(),
        });
    }

    fn about_project(&mut self, placed: Placed) {
        let mark = self.by_path.get(&placed.finding.place.path).copied();
        self.found.push(Found {
            placed,
            mark,
            statement: None,
            force: 0,
        });
    }

    fn left(&mut self, leftover: Leftover) {
        let path = leftover
            .born
            .statement
            .checked_sub(1)
            .and_then(|number| self.places.get(number));
        // What was there before the first migration is not this project's.
        let Some(path) = path.cloned() else {
            return;
        };
        let finding = Finding {
            relation: Some(leftover.relation),
            ..own(
                area::UNFINISHED,
                Severity::Note,
                path,
                leftover.message,
                leftover.advice,
            )
        };
        self.add(finding, self.project);
    }

    fn migration(&mut self, file: &JudgedFile<'_>) {
        let number = self.marks.len();
        let migration = &file.read.migration;
        let sections: &[Section] = match &migration.form {
            Form::Sql { up, .. } => up,
            Form::Program { .. } => &[],
        };
        self.by_path.insert(migration.path.clone(), number);
        for section in sections {
            self.by_path.insert(section.file.path.clone(), number);
        }
        let name = migration.path.rsplit('/').next().unwrap_or_default();
        self.marks.push(Mark {
            project: self.project,
            program: match &migration.form {
                Form::Sql { .. } => None,
                Form::Program { language, .. } => Some(*language),
            },
            day: date::of_id(&migration.id).or_else(|| date::of_id(name)),
        });
        for placed in file.findings {
            let statement = statement_of(file, placed);
            let judged = statement.and_then(|number| file.judged.statements.get(number));
            self.found.push(Found {
                placed: placed.clone(),
                mark: Some(number),
                statement,
                force: judged.map_or(0, |judged| force(&judged.answers.impact)),
            });
        }
        if let Some(message) = self.follow(sections, file) {
            let advice = "one busy table per transaction: split the file";
            let path = migration.path.clone();
            let finding = own(area::BIG_BANG, Severity::Warning, path, message, advice);
            self.add(finding, self.project);
        }
    }

    /// Replays a migration, and says when one of its transactions does too much.
    fn follow(&mut self, sections: &[Section], file: &JudgedFile<'_>) -> Option<String> {
        let mut message = None;
        let mut answers = file.judged.statements.iter();
        self.replay.begin_migration();
        for (section, statements) in sections.iter().zip(&file.read.up) {
            self.replay.begin_section(section.wrapping, statements);
            let mut load = Load::default();
            for statement in statements {
                self.places.push(section.file.path.clone());
                let Some(judged) = answers.next() else {
                    continue;
                };
                match self.replay.transaction.state {
                    TransactionState::None => {}
                    TransactionState::ImplicitBatch
                    | TransactionState::Tool
                    | TransactionState::ToolWholeRun
                    | TransactionState::File => load.add(&judged.answers.impact, &self.replay),
                }
                self.replay.advance(statement, &judged.answers.impact);
            }
            self.replay.end_section();
            message = message.or_else(|| load.message());
        }
        message
    }
}

/// What one section does to tables in use.
#[derive(Default)]
struct Load {
    tables: BTreeSet<QualifiedName>,
    statements: usize,
}

impl Load {
    fn add(&mut self, impact: &Impact, replay: &Replay) {
        let mut blocks = false;
        for claim in &impact.claims {
            let Locked::Relation(name) = &claim.on else {
                continue;
            };
            let counts = claim.mode.blocks() != Blocks::Nobody
                && matches!(claim.role, LockRole::Target | LockRole::ForeignKeyPartner)
                && replay.catalog.table(name).is_some()
                && !replay.catalog.is_new_in_migration(name);
            if counts {
                blocks = true;
                self.tables.insert(name.clone());
            }
        }
        self.statements += usize::from(blocks);
    }

    fn message(&self) -> Option<String> {
        if self.tables.len() <= TABLES_MAX && self.statements <= STATEMENTS_MAX {
            return None;
        }
        let names: Vec<String> = self
            .tables
            .iter()
            .take(TABLES_MAX + 1)
            .map(ToString::to_string)
            .collect();
        let rest = self.tables.len() - names.len();
        let more = if rest > 0 {
            format!(" and {rest} more")
        } else {
            String::new()
        };
        Some(format!(
            "one transaction locks {} tables in use with {} statements, and keeps every lock to its end: {}{more}",
            self.tables.len(),
            self.statements,
            names.join(", ")
        ))
    }
}

/// A finding of the audit's own.
pub(crate) fn own(
    code: &str,
    severity: Severity,
    path: String,
    message: String,
    advice: &str,
) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        question: Question::Fails,
        layer: Layer::Static,
        fingerprint: [code, ":", &path, ":", &message].concat(),
        message,
        place: Place { path, span: None },
        migration: None,
        relation: None,
        lock: None,
        instead: Some(segue_check::Remedy::Advice(advice.to_owned())),
    }
}

/// The statement a finding stands in, counted as the judge counts them.
fn statement_of(file: &JudgedFile<'_>, placed: &Placed) -> Option<usize> {
    let span = placed.finding.place.span?;
    let JudgedMigration { statements, .. } = file.judged;
    statements.iter().position(|judged| {
        file.read
            .up
            .get(judged.section)
            .and_then(|section| section.get(judged.position))
            .is_some_and(|whole| whole.span.start <= span.start && span.end <= whole.span.end)
    })
}

/// How strong the strongest lock is, times how long its work takes.
fn force(impact: &Impact) -> u32 {
    let lock = match impact.strongest().map(segue_model::LockMode::blocks) {
        Some(Blocks::ReadsAndWrites) => 3,
        Some(Blocks::Writes) => 2,
        Some(Blocks::Nobody) | None => 1,
    };
    let work = impact
        .work
        .iter()
        .map(|work| match work.kind {
            WorkKind::NewFile => 2,
            WorkKind::Rows => 4,
            WorkKind::Scan => 5,
            WorkKind::BuildIndex(_) => 6,
            WorkKind::Copy => 7,
            WorkKind::Rewrite => 9,
        })
        .max()
        .unwrap_or(1);
    lock * work
}
