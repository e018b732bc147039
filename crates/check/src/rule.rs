//! What a rule is, what it is asked, and what it answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use segue_model::{
    Answers, Birth, Catalog, Change, Context, Contradiction, Dialect, Down, ProjectProblem,
    QualifiedName, Span, Statement, Tool, Wrapping,
};

use crate::{Place, Severity, Stake, WayBack};

/// Which question a rule answers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Whom does it keep waiting, and for how long?
    Blocks,
    /// Which version of the application does it break?
    Breaks,
    /// Which data is lost?
    Loses,
    /// Will it fail, or leave something half done?
    Fails,
    /// Would another design serve better?
    Advises,
}

/// The part of the catalogue a rule belongs to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Columns.
    Columns,
    /// Constraints.
    Constraints,
    /// Indexes.
    Indexes,
    /// Tables, partitions and other objects.
    Objects,
    /// Transactions, timeouts, running.
    Running,
    /// Types and design.
    Design,
    /// The project: files, order, directives.
    Project,
}

/// Which layer decides.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The SQL and the catalog replayed from the project's own migrations.
    Static,
    /// A rehearsal on a scratch server.
    Observed,
    /// A read-only look at the live server.
    Live,
}

/// A rule: constant data, and a question.
pub struct Rule {
    /// Its code, in words: never renamed.
    pub code: &'static str,
    /// One line: what it finds.
    pub summary: &'static str,
    /// Which question it answers.
    pub question: Question,
    /// Where it stands in the catalogue.
    pub group: Group,
    /// Its page, Markdown: why, since which version, the safe way, when it is fine.
    pub page: &'static str,
    /// Migrations it must report, the first one printed on its page.
    pub bad: &'static [Example],
    /// Migrations it must not report, the first one printed on its page.
    pub good: &'static [Example],
    /// The question.
    pub ask: Ask,
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code)
    }
}

/// The kind of a change, by which most rules choose the statements they are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changes of columns.
    Columns,
    /// Changes of constraints.
    Constraints,
    /// Changes of tables as a whole.
    Tables,
    /// Changes of partitions.
    Partitions,
    /// Changes of indexes.
    Indexes,
    /// Changes of views.
    Views,
    /// Changes of types that are no domains.
    Types,
    /// Changes of domains.
    Domains,
    /// Rows read and written.
    Data,
    /// Upkeep.
    Maintenance,
    /// Settings and explicit locks.
    Session,
    /// Everything else: no rule is about one of these alone.
    Other,
}

impl Kind {
    fn of(change: &Change) -> Self {
        match change {
            Change::Column(..) => Self::Columns,
            Change::Constraint(..) => Self::Constraints,
            Change::Table(..) => Self::Tables,
            Change::Partition(..) => Self::Partitions,
            Change::Index(_) => Self::Indexes,
            Change::View(..) => Self::Views,
            Change::Type(..) => Self::Types,
            Change::Domain(..) => Self::Domains,
            Change::Data(_) => Self::Data,
            Change::Maintenance(_) => Self::Maintenance,
            Change::Session(_) => Self::Session,
            Change::Namespace(..)
            | Change::Sequence(..)
            | Change::Routine(..)
            | Change::Trigger(..)
            | Change::Rule(..)
            | Change::Policy(..)
            | Change::Statistics(..)
            | Change::Publication(..)
            | Change::Extension(..)
            | Change::Privilege(_)
            | Change::Comment(..)
            | Change::Transaction(_)
            | Change::Program(_)
            | Change::Other(_)
            | Change::Opaque(_) => Self::Other,
        }
    }
}

/// When a rule is asked.
#[derive(Clone, Copy)]
pub enum Ask {
    /// Before each statement of an up section has its effect.
    Statement(fn(&Asked<'_>) -> Vec<Hit>),
    /// The same, of statements that have a change of this kind only.
    Changes(Kind, fn(&Asked<'_>) -> Vec<Hit>),
    /// After the last statement of a migration.
    Migration(fn(&MigrationAsked<'_>) -> Vec<Hit>),
    /// After the last migration.
    Project(fn(&ProjectAsked<'_>) -> Vec<(Place, Hit)>),
    /// When a statement contradicts the catalog.
    Contradiction(fn(&Contradicted<'_>) -> Vec<Hit>),
    /// By the machinery around the rules: directives and the like.
    Machinery,
}

/// A migration that shows what a rule finds, or does not.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What the project's earlier migration did.
    pub before: &'static str,
    /// The migration.
    pub sql: &'static str,
    /// The major version of the server.
    pub version: u16,
    /// How the tool runs it.
    pub wrapping: Wrapping,
    /// The tool.
    pub tool: Tool,
}

impl Example {
    /// SQL in a transaction of the tool's, on the newest version, on an empty database.
    pub const fn new(sql: &'static str) -> Self {
        Self {
            before: "",
            sql,
            version: 18,
            wrapping: Wrapping::Transaction,
            tool: Tool::Plain,
        }
    }

    /// An earlier migration.
    #[must_use]
    pub const fn after(mut self, before: &'static str) -> Self {
        self.before = before;
        self
    }

    /// On this major version.
    #[must_use]
    pub const fn on(mut self, version: u16) -> Self {
        self.version = version;
        self
    }

    /// Run in this way.
    #[must_use]
    pub const fn wrapped(mut self, wrapping: Wrapping) -> Self {
        self.wrapping = wrapping;
        self
    }

    /// By this tool.
    #[must_use]
    pub const fn by(mut self, tool: Tool) -> Self {
        self.tool = tool;
        self
    }
}

/// What a rule is asked about one statement. The catalog is the one before it.
pub struct Asked<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// What the questions answered.
    pub answers: &'a Answers,
    /// The catalog, transaction, settings and server.
    pub context: Context<'a>,
    /// The dialect, for questions of its own.
    pub dialect: &'a dyn Dialect,
    /// The tool.
    pub tool: Tool,
    /// How the tool runs the section.
    pub wrapping: Wrapping,
    /// The statements of the same section, this one included.
    pub section: &'a [Statement],
    /// The position of this one among them.
    pub position: usize,
    /// Its changes, flat: gathered once, because every rule asks for them.
    all: Vec<&'a Change>,
    /// What is at stake, as far as it was asked.
    stakes: RefCell<Vec<(QualifiedName, Stake)>>,
}

/// The part of an `Asked` that does not change from statement to statement of a section.
#[derive(Clone, Copy)]
pub(crate) struct Hearing<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) dialect: &'a dyn Dialect,
    pub(crate) tool: Tool,
    pub(crate) wrapping: Wrapping,
    pub(crate) section: &'a [Statement],
}

impl<'a> Asked<'a> {
    /// One statement of a section.
    pub(crate) fn new(
        hearing: Hearing<'a>,
        position: usize,
        statement: &'a Statement,
        answers: &'a Answers,
    ) -> Self {
        let mut all = Vec::with_capacity(statement.changes.len());
        collect(&statement.changes, &mut all);
        Self {
            statement,
            answers,
            context: hearing.context,
            dialect: hearing.dialect,
            tool: hearing.tool,
            wrapping: hearing.wrapping,
            section: hearing.section,
            position,
            all,
            stakes: RefCell::default(),
        }
    }

    /// The changes of the statement, those inside a DO block after the block itself.
    pub fn changes(&self) -> impl Iterator<Item = &'a Change> + use<'a, '_> {
        self.all.iter().copied()
    }

    /// True when the statement has a change of this kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.all.iter().any(|change| Kind::of(change) == kind)
    }

    /// What is at stake on a relation. Remembered: every rule asks it of the same few.
    pub fn stake(&self, relation: &QualifiedName) -> Stake {
        let mut known = self.stakes.borrow_mut();
        if let Some((_, stake)) = known.iter().find(|(name, _)| name == relation) {
            return *stake;
        }
        let stake = Stake::of(relation, &self.context);
        known.push((relation.clone(), stake));
        stake
    }

    /// The catalog before the statement.
    pub fn catalog(&self) -> &'a Catalog {
        self.context.catalog
    }
}

fn collect<'a>(changes: &'a [Change], found: &mut Vec<&'a Change>) {
    for change in changes {
        found.push(change);
        if let Change::Program(program) = change {
            for statement in &program.statements {
                collect(&statement.changes, found);
            }
        }
    }
}

/// What a rule is asked about a whole migration. The catalog is the one after it.
pub struct MigrationAsked<'a> {
    /// The statements of its up sections, in order.
    pub statements: Vec<&'a Statement>,
    /// What the questions answered, one for each statement.
    pub answers: Vec<&'a Answers>,
    /// The catalog before it, as far as rules ask for it: the context is the one after.
    pub context: Context<'a>,
    /// The tool.
    pub tool: Tool,
    /// How the tool runs its first section; none when it has none.
    pub wrapping: Option<Wrapping>,
    /// Its way back.
    pub down: &'a Down,
    /// Whether there is a statement in its way back.
    pub way_back: WayBack,
}

/// What a rule is asked about the whole project. The catalog is the last one.
pub struct ProjectAsked<'a> {
    /// The catalog after the last migration.
    pub context: Context<'a>,
    /// The tool.
    pub tool: Tool,
    /// What is wrong with the files.
    pub problems: &'a [ProjectProblem],
    /// Where statements stand.
    pub places: &'a Places,
    /// The folder, for findings that belong to no file.
    pub directory: &'a str,
    /// How many migrations there are.
    pub migrations: usize,
    /// The first statement that cannot run in a transaction.
    pub outside: Option<&'a Place>,
}

/// Where statements stand, by the number that births count. Statements that only move rows may be missing.
#[derive(Clone, Debug, Default)]
pub struct Places {
    paths: Vec<String>,
    by_number: BTreeMap<usize, (usize, Span)>,
}

impl Places {
    /// Notes where a statement stands.
    pub(crate) fn insert(&mut self, number: usize, path: &str, span: Span) {
        if self.paths.last().is_none_or(|last| last != path) {
            self.paths.push(path.to_owned());
        }
        self.by_number.insert(number, (self.paths.len() - 1, span));
    }

    /// Where something was created.
    pub fn of(&self, born: Birth) -> Option<Place> {
        let (path, span) = self.by_number.get(&born.statement)?;
        Some(Place {
            path: self.paths.get(*path)?.clone(),
            span: Some(*span),
        })
    }
}

impl ProjectAsked<'_> {
    /// Where something was created.
    pub fn place_of(&self, born: Birth) -> Option<Place> {
        self.places.of(born)
    }

    /// The folder as a place.
    pub fn whole(&self) -> Place {
        Place {
            path: self.directory.to_owned(),
            span: None,
        }
    }
}

/// What a rule is asked when a statement contradicts the catalog.
pub struct Contradicted<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The contradiction.
    pub contradiction: &'a Contradiction,
    /// True when the project has created its tables itself so far: an unknown table is then a mistake.
    pub history_is_whole: HistoryKnown,
}

/// Whether the replay has seen the whole history.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKnown {
    /// The first migrations create what later ones use.
    Whole,
    /// The database was there before the first migration we see.
    Partial,
}

/// What a rule answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// How bad.
    pub severity: Severity,
    /// What happens: one sentence with the user's names.
    pub message: String,
    /// The relation it is about.
    pub relation: Option<QualifiedName>,
    /// Whether the lock on that relation is part of the message.
    pub shows_lock: ShowLock,
    /// The part of the statement it points at; none for the whole.
    pub span: Option<Span>,
    /// What to do instead.
    pub instead: Instead,
}

/// Whether a finding says which lock is taken.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ShowLock {
    /// It does.
    Yes,
    /// The lock is not the point.
    No,
}

/// What to do instead, as a rule says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// The dialect's safe steps; this advice where it has none.
    Steps(&'static str),
    /// One or two sentences.
    Advice(String),
    /// Nothing to say.
    Nothing,
}

impl Hit {
    /// A finding of this severity.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            relation: None,
            shows_lock: ShowLock::No,
            span: None,
            instead: Instead::Nothing,
        }
    }

    /// About this relation.
    #[must_use]
    pub fn on(mut self, relation: &QualifiedName) -> Self {
        self.relation = Some(relation.clone());
        self
    }

    /// With the lock on the relation it is about.
    #[must_use]
    pub fn with_lock(mut self) -> Self {
        self.shows_lock = ShowLock::Yes;
        self
    }

    /// With the dialect's safe steps, or this advice where it has none.
    #[must_use]
    pub fn steps_or(mut self, advice: &'static str) -> Self {
        self.instead = Instead::Steps(advice);
        self
    }

    /// With advice.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.instead = Instead::Advice(advice.into());
        self
    }

    /// At a part of the statement.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
}
