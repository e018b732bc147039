//! The judge: migrations in order, each asked by every rule, the catalog carried along.
//!
//! Incremental: a caller hands over one migration after the other and may forget each as soon as it is judged.

use segue_model::{
    Answers, Catalog, Change, Contradiction, ContradictionKind, Dialect, Down, Form, Inverse,
    Migration, Plan, ProjectProblem, Replay, Section, ServerFacts, Span, Statement, Tool,
    TransactionNeed, Wrapping,
};

use crate::dialects::speaks_of;
use crate::finding::{Finding, Place};
use crate::rule::{
    Ask, Asked, Contradicted, Hearing, HistoryKnown, Hit, MigrationAsked, Places, ProjectAsked,
    Rule,
};
use crate::rules::ALL;
use crate::{Date, Suppression};

mod case;

use case::{Case, finding, fingerprint};

/// Bytes of a section from which its statements are read while they are judged, a window at a time, and forgotten.
const LARGE_SECTION_BYTES: usize = 4 << 20;
/// Statements of one window: enough for what rules look for in the neighbourhood, a few megabytes at most.
const WINDOW_STATEMENTS: usize = 1_024;

/// How much is kept of each statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What findings need.
    Findings,
    /// Every answer: what undoes it, and the safe way, found or not.
    EveryAnswer,
}

/// What the judge needs to know besides the migrations.
#[derive(Clone, Debug)]
pub struct JudgeOptions {
    /// How much is kept of each statement.
    pub depth: Depth,
    /// The tool.
    pub tool: Tool,
    /// The server.
    pub server: ServerFacts,
    /// Today, for suppressions that expire.
    pub today: Date,
    /// The folder, for findings that belong to no file.
    pub directory: String,
}

/// Whether there is a statement in the way back of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// There is one at least.
    Written,
    /// There is none: no section, or nothing in any.
    Nothing,
}

/// A migration whose SQL was read.
#[derive(Clone, Debug)]
pub struct ReadMigration {
    /// The migration.
    pub migration: Migration,
    /// The statements of each up section; spans are those of the section's file. Empty for a section so large that the
    /// judge reads it itself, piece by piece.
    pub up: Vec<Vec<Statement>>,
    /// Whether there is a statement in its way back: that there is one is all that is asked of it.
    pub way_back: WayBack,
}

impl ReadMigration {
    /// Reads the SQL of a migration.
    pub fn new(migration: Migration, dialect: &dyn Dialect, version: u16) -> Self {
        let read = |sections: &[Section]| -> Vec<Vec<Statement>> {
            sections
                .iter()
                .map(|section| {
                    if is_large(section) {
                        Vec::new()
                    } else {
                        statements(section, dialect, version).collect()
                    }
                })
                .collect()
        };
        let is_written = |section: &Section| !dialect.is_empty(section.text(), version);
        let (up, way_back) = match &migration.form {
            Form::Sql { up, down } => (
                read(up),
                match down {
                    Down::Sections(sections) if sections.iter().any(is_written) => WayBack::Written,
                    Down::Sections(_) | Down::Missing | Down::Empty | Down::Derived => {
                        WayBack::Nothing
                    }
                },
            ),
            Form::Program { .. } => (Vec::new(), WayBack::Nothing),
        };
        Self {
            migration,
            up,
            way_back,
        }
    }

    fn sections(&self) -> &[Section] {
        match &self.migration.form {
            Form::Sql { up, .. } => up,
            Form::Program { .. } => &[],
        }
    }

    fn down_form(&self) -> &Down {
        match &self.migration.form {
            Form::Sql { down, .. } | Form::Program { down, .. } => down,
        }
    }
}

fn is_large(section: &Section) -> bool {
    section.text().len() > LARGE_SECTION_BYTES
}

/// The statements of a section, one after the other, with spans of its file.
fn statements<'s>(
    section: &'s Section,
    dialect: &'s dyn Dialect,
    version: u16,
) -> impl Iterator<Item = Statement> + 's {
    let start = section.span.start;
    dialect
        .statements(section.text(), version)
        .map(move |mut statement| {
            statement.shift(start);
            statement
        })
}

/// True when a statement only moves rows: of a large section such statements are forgotten once they are judged.
fn only_moves_rows(statement: &Statement) -> bool {
    statement.notes.is_empty()
        && statement
            .changes
            .iter()
            .all(|change| matches!(change, Change::Data(_)))
}

/// Whether a migration's findings are reported, or it is only replayed (`--base`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// They are.
    Yes,
    /// It was there before.
    No,
}

/// A migration that was judged.
#[derive(Clone, Debug)]
pub struct JudgedMigration {
    /// Its statements; of a large section only those in `kept`.
    pub statements: Vec<JudgedStatement>,
    /// The statements of large sections, without those that only move rows.
    pub kept: Vec<Statement>,
    /// How many statements there were, kept or not.
    pub statement_count: usize,
    /// What is reported.
    pub findings: Vec<Finding>,
    /// What a directive allows, with that directive.
    pub suppressed: Vec<(Finding, Suppression)>,
}

impl JudgedMigration {
    /// The text's side of a judged statement.
    pub fn statement<'s>(
        &'s self,
        read: &'s ReadMigration,
        judged: &JudgedStatement,
    ) -> Option<&'s Statement> {
        match judged.kept {
            Some(number) => self.kept.get(number),
            None => read.up.get(judged.section)?.get(judged.position),
        }
    }
}

/// A statement that was judged.
#[derive(Clone, Debug)]
pub struct JudgedStatement {
    /// Its number in the section.
    pub position: usize,
    /// The section.
    pub section: usize,
    /// Its number in `JudgedMigration::kept`, when its section is a large one.
    pub kept: Option<usize>,
    /// What the questions answered.
    pub answers: Answers,
    /// What undoes it, one answer per change; empty unless every answer is kept.
    pub inverse: Vec<Inverse>,
    /// The safe way; none when it is as good as it gets, none is known, or not every answer is kept.
    pub plan: Option<Plan>,
}

/// A judge in the middle of a project.
pub struct Judge<'a> {
    dialect: &'a dyn Dialect,
    /// The rules that speak of this dialect, in order.
    rules: Vec<&'static Rule>,
    options: JudgeOptions,
    replay: Replay,
    places: Places,
    history: HistoryKnown,
    /// The first statement that cannot run in a transaction.
    outside: Option<Place>,
}

impl<'a> Judge<'a> {
    /// Starts with an empty database.
    pub fn new(dialect: &'a dyn Dialect, options: JudgeOptions) -> Self {
        let replay = Replay::new(Catalog::default(), options.server.clone());
        let speak = ALL
            .iter()
            .filter(|rule| speaks_of(rule, dialect.name()))
            .copied();
        Self {
            dialect,
            rules: speak.collect(),
            options,
            replay,
            places: Places::default(),
            history: HistoryKnown::Whole,
            outside: None,
        }
    }

    /// The catalog as it stands.
    pub fn catalog(&self) -> &Catalog {
        &self.replay.catalog
    }

    /// What is new from here on is one release: nothing that is created belongs to running code.
    pub fn begin_release(&mut self) {
        self.replay.catalog.release = Some(self.replay.catalog.now.migration + 1);
    }

    /// Judges the next migration.
    pub fn migration(&mut self, read: &ReadMigration, reported: Reported) -> JudgedMigration {
        self.replay.begin_migration();
        // What a program creates is not in its file: later statements may use it.
        if matches!(read.migration.form, Form::Program { .. }) {
            self.history = HistoryKnown::Partial;
        }
        let mut case = Case::new(read, reported);
        for (number, (section, statements)) in read.sections().iter().zip(&read.up).enumerate() {
            case.section(number);
            if is_large(section) {
                self.large_section(section, &mut case);
            } else {
                self.replay.begin_section(section.wrapping, statements);
                self.window((section, section.span), statements, &mut case);
            }
            self.replay.end_section();
        }
        if reported == Reported::Yes {
            self.ask_about_migration(read, &mut case);
        }
        case.into_judged(self.options.today)
    }

    /// Reads and judges a large section a window at a time: memory does not grow with the file.
    fn large_section(&mut self, section: &Section, case: &mut Case<'_>) {
        let mut left = statements(section, self.dialect, self.options.server.version);
        let mut start = section.span.start;
        let mut window: Vec<Statement> = left.by_ref().take(WINDOW_STATEMENTS).collect();
        self.replay.begin_section(section.wrapping, &window);
        while !window.is_empty() {
            let next: Vec<Statement> = left.by_ref().take(WINDOW_STATEMENTS).collect();
            let end = next
                .first()
                .map_or(section.span.end, |statement| statement.span.start);
            self.window((section, Span::new(start, end)), &window, case);
            case.keep(window);
            start = end;
            window = next;
        }
    }

    /// Judges statements that stand together: a section, or a window of a large one.
    fn window(
        &mut self,
        (from, span): (&Section, Span),
        statements: &[Statement],
        case: &mut Case<'_>,
    ) {
        case.enter(from, span, statements);
        for (position, statement) in statements.iter().enumerate() {
            let answers = self.replay.ask(statement, self.dialect);
            if case.reported == Reported::Yes {
                let hearing = self.hearing(from.wrapping, statements);
                let asked = Asked::new(hearing, position, statement, &answers);
                case.add_all(ask_statement_rules(&self.rules, &asked), &asked);
            }
            self.note_outside(from, statement, &answers);
            let (inverse, plan) = self.further_answers(statement);
            let forgotten = is_large(from) && only_moves_rows(statement);
            if !forgotten {
                let number = self.replay.catalog.now.statement + 1;
                self.places.insert(number, &from.file.path, statement.span);
            }
            let contradictions = self.replay.advance(statement, &answers.impact);
            self.contradictions(statement, position, &contradictions, case);
            let section = case.number;
            case.count();
            if !forgotten {
                let kept = if is_large(from) {
                    Some(case.next_kept())
                } else {
                    None
                };
                case.statements.push(JudgedStatement {
                    position,
                    section,
                    kept,
                    answers,
                    inverse,
                    plan,
                });
            }
        }
        case.leave();
    }

    fn note_outside(&mut self, section: &Section, statement: &Statement, answers: &Answers) {
        if self.outside.is_none() && answers.impact.transaction == TransactionNeed::MustBeOutside {
            self.outside = Some(Place {
                path: section.file.path.clone(),
                span: Some(statement.span),
            });
        }
    }

    fn further_answers(&self, statement: &Statement) -> (Vec<Inverse>, Option<Plan>) {
        match self.options.depth {
            Depth::Findings => (Vec::new(), None),
            Depth::EveryAnswer => (
                self.replay.inverse(statement),
                self.dialect
                    .phases(&statement.changes, &self.replay.context()),
            ),
        }
    }

    fn hearing<'s>(&'s self, wrapping: Wrapping, section: &'s [Statement]) -> Hearing<'s> {
        Hearing {
            context: self.replay.context(),
            dialect: self.dialect,
            tool: self.options.tool,
            wrapping,
            section,
        }
    }

    /// The first migrations decide whether the history begins with the database: what they miss was there before.
    fn contradictions(
        &mut self,
        statement: &Statement,
        position: usize,
        found: &[Contradiction],
        case: &mut Case<'_>,
    ) {
        for contradiction in found {
            if contradiction.kind == ContradictionKind::Missing
                && self.replay.catalog.now.migration <= 1
            {
                self.history = HistoryKnown::Partial;
            }
            if case.reported == Reported::No {
                continue;
            }
            let asked = Contradicted {
                statement,
                contradiction,
                history_is_whole: self.history,
            };
            for rule in &self.rules {
                if let Ask::Contradiction(ask) = rule.ask {
                    for hit in ask(&asked) {
                        case.add(rule, hit, Some(position));
                    }
                }
            }
        }
    }

    fn ask_about_migration(&self, read: &ReadMigration, case: &mut Case<'_>) {
        let hits: Vec<(&'static Rule, Hit)> = {
            let asked = MigrationAsked {
                statements: case.all_statements(read),
                answers: case
                    .statements
                    .iter()
                    .map(|judged| &judged.answers)
                    .collect(),
                context: self.replay.context(),
                tool: self.options.tool,
                wrapping: read.sections().first().map(|section| section.wrapping),
                down: read.down_form(),
                way_back: read.way_back,
            };
            self.rules
                .iter()
                .filter_map(|rule| match rule.ask {
                    Ask::Migration(ask) => Some((*rule, ask(&asked))),
                    Ask::Statement(_)
                    | Ask::Changes(..)
                    | Ask::Project(_)
                    | Ask::Contradiction(_)
                    | Ask::Machinery => None,
                })
                .flat_map(|(rule, hits)| hits.into_iter().map(move |hit| (rule, hit)))
                .collect()
        };
        for (rule, hit) in hits {
            case.add(rule, hit, None);
        }
    }

    /// Asks about the project as a whole.
    pub fn finish(&self, problems: &[ProjectProblem]) -> Vec<Finding> {
        let asked = ProjectAsked {
            context: self.replay.context(),
            tool: self.options.tool,
            problems,
            places: &self.places,
            directory: &self.options.directory,
            migrations: self.replay.catalog.now.migration,
            outside: self.outside.as_ref(),
        };
        let mut findings = Vec::new();
        for rule in &self.rules {
            if let Ask::Project(ask) = rule.ask {
                for (place, hit) in ask(&asked) {
                    let print = fingerprint(&[rule.code, &place.path, &hit.message]);
                    findings.push(Finding {
                        place,
                        ..finding(rule, hit, print)
                    });
                }
            }
        }
        findings
    }
}

fn ask_statement_rules(rules: &[&'static Rule], asked: &Asked<'_>) -> Vec<(&'static Rule, Hit)> {
    let mut found = Vec::new();
    for rule in rules {
        let hits = match rule.ask {
            Ask::Statement(ask) => ask(asked),
            Ask::Changes(kind, ask) if asked.has(kind) => ask(asked),
            Ask::Changes(..)
            | Ask::Migration(_)
            | Ask::Project(_)
            | Ask::Contradiction(_)
            | Ask::Machinery => continue,
        };
        found.extend(hits.into_iter().map(|hit| (*rule, hit)));
    }
    found
}
