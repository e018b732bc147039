//! A migration becomes steps: what is sent, in which transaction, what it is for.
//!
//! The safe way of a statement takes its place when the dialect has one that needs no gate; every
//! other statement is sent as it stands in its file. What could not be read is refused, not tried.

use segue_model::{
    ARCHIVE, Action, Answers, Backfill, Catalog, Change, ColumnChange, Dialect, Directives, Down,
    Form, Gate, Impact, Inverse, Loss, LossKind, Migration, NamespaceChange, OpaqueReason,
    PhaseKind, Plan, Replay, Section, Span, Sql, Statement, Step, StepTransaction, TableChange,
    TransactionChange, TransactionNeed, Wrapping, apply, directives, inverse,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod losses;
mod mapped;

use crate::checksum::{Checksums, checksums, hex};
use crate::decision::Decision;
use crate::error::{EngineError, Kind, Place};
use crate::hazard::{self, Hazard};
use crate::kept::refilled;
use crate::secret::{Secrets, redacted};
use losses::real;

/// Workers of other processes read what they do from the database, so it cannot be kept without its secret.
const SECRET_IN_BATCHES: &str = "it runs in batches, whose text is kept in the database, and it carries a secret: read the value from where it is instead of writing it down";

/// How statements are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The safe way, where there is one.
    Safe,
    /// The same, and nothing of what is dropped is kept.
    SafeWithoutArchive,
    /// Everything as written: for development.
    Verbatim,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Up.
    Up,
    /// Down.
    Down,
}

/// What is sent for one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepText {
    /// The user's own statement, verbatim.
    Users(String),
    /// SQL of our own.
    Authored(Sql),
    /// A query that must find nothing, and what it would find.
    Probe(Sql, String),
    /// Rows are changed in batches; the text is what one statement would do.
    Backfill(Box<Backfill>, Sql),
}

impl StepText {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Users(text) => text,
            Self::Authored(sql) | Self::Probe(sql, _) | Self::Backfill(_, sql) => sql.as_str(),
        }
    }
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct PlannedStep {
    /// `3` for the third statement as written, `3.2` for the second step of its safe way.
    pub id: String,
    /// One sentence with the user's names.
    pub purpose: String,
    /// What is sent.
    pub text: StepText,
    /// What it does.
    pub changes: Vec<Change>,
    /// With whom it shares a transaction.
    pub transaction: StepTransaction,
    /// Its locks and work, predicted.
    pub impact: Impact,
    /// What is gone after it, on tables that its migration did not create; what a rebuilt table had is carried over before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// The file, and the byte of the statement it comes from.
    pub file: (String, usize),
    /// The phase it belongs to.
    #[serde(default = "expand")]
    pub phase: PhaseKind,
    /// What has to be true before it: it is the first behind the migration's gate.
    #[serde(default)]
    pub gate: Option<Waiting>,
    /// What takes it back exactly; none when nothing does, or when the migration has no gate to stop at.
    #[serde(default)]
    pub back: Option<Vec<Change>>,
    /// What would take it back exactly where the migration has no gate, for people to read: its own way down is what runs.
    #[serde(skip)]
    pub undo: Option<Vec<Change>>,
    /// What puts back the values it took away, once the first of these changes is done.
    #[serde(default)]
    pub restore: Option<Backfill>,
    /// Whether it contradicted the catalog when the plan was made: then it fails without anybody's doing.
    #[serde(default)]
    pub is_contradicted: bool,
}

fn expand() -> PhaseKind {
    PhaseKind::Expand
}

/// What a migration waits for, and what is lost when it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Waiting {
    /// The gate.
    pub gate: Gate,
    /// What is lost for ever behind it.
    pub losses: Vec<Loss>,
}

/// Which part of a migration is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// As far as its gate; all of it when it has none.
    ToGate,
    /// What is behind its gate.
    BehindGate,
}

/// A migration, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMigration {
    /// Its id.
    pub id: String,
    /// Its file.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Which way it goes.
    pub way: Sent,
    /// Which part of it.
    pub stretch: Stretch,
    /// Its steps, in order.
    pub steps: Vec<PlannedStep>,
    /// What is lost for ever, on tables that this migration did not create.
    pub losses: Vec<Loss>,
    /// What the user has to know.
    pub remarks: Vec<String>,
    /// The sums of its way up.
    pub checksums: Checksums,
    /// What is refused unless a person allows it, or nobody would notice.
    pub hazards: Vec<Hazard>,
    /// What was decided for each statement, and on what grounds; none for a plan that was made before.
    pub decisions: Vec<Decision>,
    /// What the journal does not keep of it.
    pub secrets: Secrets,
    /// What an approval is given for: SHA-256 over ids, texts and transactions of all steps, lower-case hex.
    pub hash: String,
}

/// Plans one migration on top of what the replay has seen, and lets it have its effect there.
///
/// # Errors
/// [`Kind::NoWayDown`] for a missing way down; [`Kind::Refused`] for a program, and for a statement that could not be read.
pub fn prepare(
    migration: &Migration,
    way: Sent,
    manner: Manner,
    dialect: &dyn Dialect,
    replay: &mut Replay,
) -> Result<PlannedMigration, EngineError> {
    let mut draft = Draft {
        migration,
        way,
        manner,
        dialect,
        steps: Vec::new(),
        losses: Vec::new(),
        remarks: Vec::new(),
        decisions: Vec::new(),
        number: 0,
        behind: Vec::new(),
        gate: None,
        hazards: Vec::new(),
        above: Directives::default(),
    };
    replay.begin_migration();
    for section in sections(migration, way)? {
        draft.section(section, replay)?;
    }
    draft.join(replay);
    // What the same transaction puts back under the name is not gone.
    draft
        .hazards
        .retain(|hazard| !hazard.is_put_back(&draft.steps));
    let hash = hash(&draft.steps);
    Ok(PlannedMigration {
        id: migration.id.clone(),
        path: migration.path.clone(),
        name: migration.name.clone(),
        way,
        stretch: Stretch::ToGate,
        steps: draft.steps,
        losses: draft.losses,
        remarks: draft.remarks,
        hazards: draft.hazards,
        decisions: draft.decisions,
        checksums: checksums(migration, dialect).for_the_journal(migration, dialect),
        secrets: Secrets::of(migration, dialect),
        hash,
    })
}

fn sections(migration: &Migration, way: Sent) -> Result<&[Section], EngineError> {
    let refused = |what: &str| {
        Err(EngineError::new(
            Kind::Refused,
            format!("{}: {what}", migration.path),
        ))
    };
    match (&migration.form, way) {
        (Form::Program { language, .. }, _) => refused(&format!(
            "a program in {language}: Segue runs migrations that are SQL"
        )),
        (Form::Sql { up, .. }, Sent::Up) => Ok(up),
        (Form::Sql { down, .. }, Sent::Down) => match down {
            Down::Sections(sections) => Ok(sections),
            Down::Missing | Down::Empty | Down::Derived => Err(EngineError::new(
                Kind::NoWayDown,
                format!("{}: it has no way down", migration.path),
            )
            .at(Place {
                migration: migration.id.clone(),
                step: "down".to_owned(),
                file: None,
            })),
        },
    }
}

struct Draft<'a> {
    migration: &'a Migration,
    way: Sent,
    manner: Manner,
    dialect: &'a dyn Dialect,
    steps: Vec<PlannedStep>,
    losses: Vec<Loss>,
    remarks: Vec<String>,
    decisions: Vec<Decision>,
    number: usize,
    /// Steps behind a gate: the migration has one gate, so they stand last, whichever statement they come from.
    behind: Vec<PlannedStep>,
    gate: Option<Waiting>,
    hazards: Vec<Hazard>,
    /// What stands above the statement.
    above: Directives,
}

/// Where the next statement's transaction comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouping {
    /// Every statement has its own.
    Alone,
    /// The next one opens one that those behind it share.
    Opens,
    /// It shares the open one.
    Shares,
}

impl Grouping {
    /// What holds for the next statement when steps of a plan stood in between.
    fn after_steps(self) -> Self {
        match self {
            Self::Alone => Self::Alone,
            Self::Opens | Self::Shares => Self::Opens,
        }
    }

    /// With whom a statement as written shares a transaction, and what holds for the next one.
    fn of(self, need: TransactionNeed) -> (StepTransaction, Self) {
        match (need, self) {
            (TransactionNeed::MustBeOutside, Self::Alone) => {
                (StepTransaction::Outside, Self::Alone)
            }
            (TransactionNeed::MustBeOutside, Self::Opens | Self::Shares) => {
                (StepTransaction::Outside, Self::Opens)
            }
            (TransactionNeed::Either, Self::Alone) => (StepTransaction::Own, Self::Alone),
            (TransactionNeed::Either, Self::Opens) => (StepTransaction::Own, Self::Shares),
            (TransactionNeed::Either, Self::Shares) => {
                (StepTransaction::WithPrevious, Self::Shares)
            }
        }
    }
}

impl Draft<'_> {
    fn section(&mut self, section: &Section, replay: &mut Replay) -> Result<(), EngineError> {
        let text = section.text();
        let statements = self.dialect.read(text, replay.server.version);
        replay.begin_section(section.wrapping, &statements);
        let by_tool = match section.wrapping {
            Wrapping::Autocommit => Grouping::Alone,
            Wrapping::OneMessage
            | Wrapping::AutocommitOrOneMessage
            | Wrapping::Transaction
            | Wrapping::WholeRun
            | Wrapping::TransactionUnlessImpossible => Grouping::Opens,
        };
        let mut grouping = by_tool;
        let said = self.directives(section, &statements)?;
        let mut declared = self.declared(section, &statements, replay.server.version)?;
        for (position, statement) in statements.iter().enumerate() {
            self.number += 1;
            if let Some(next) = self.boundary(section, statement, by_tool)? {
                let answers = replay.ask(statement, self.dialect);
                let _ = replay.advance(statement, &answers.impact);
                grouping = next;
                continue;
            }
            if self.follow((section, &statements), statement, &mut declared, replay)? {
                grouping = grouping.after_steps();
                continue;
            }
            self.above = said.above(position);
            grouping = self.statement(section, statement, grouping, replay)?;
        }
        self.followed(section, &declared)?;
        replay.end_section();
        Ok(())
    }

    /// `BEGIN` and `COMMIT` of the file are not sent: they say which statements belong together.
    fn boundary(
        &self,
        section: &Section,
        statement: &Statement,
        by_tool: Grouping,
    ) -> Result<Option<Grouping>, EngineError> {
        let [Change::Transaction(change)] = statement.changes.as_slice() else {
            return Ok(None);
        };
        match change {
            TransactionChange::Begin => Ok(Some(Grouping::Opens)),
            TransactionChange::Commit => Ok(Some(by_tool)),
            TransactionChange::Rollback | TransactionChange::Other => Err(self.refuse(
                section,
                statement,
                "it ends or changes the transaction, which Segue keeps in its own hands",
            )),
            TransactionChange::Savepoint(_)
            | TransactionChange::Release(_)
            | TransactionChange::RollbackTo(_) => Ok(None),
        }
    }

    /// What a section says to Segue. What is not understood is refused: a directive that is ignored is worse than none.
    fn directives(
        &self,
        section: &Section,
        statements: &[Statement],
    ) -> Result<Directives, EngineError> {
        let text = section.text();
        let said = directives(text, Span::new(0, text.len()), statements, |_| true);
        let Some(bad) = said.bad.first() else {
            return Ok(said);
        };
        Err(EngineError::new(
            Kind::Refused,
            format!("a directive cannot be followed: {}", bad.problem),
        )
        .at(Place {
            migration: self.migration.id.clone(),
            step: (self.number + 1).to_string(),
            file: Some((
                section.file.path.clone(),
                section.span.start + bad.span.start,
            )),
        }))
    }

    /// A way back says something about a type change right below it.
    fn is_for_the_statement(
        &self,
        section: &Section,
        statement: &Statement,
    ) -> Result<(), EngineError> {
        let is_changed = |column| {
            statement.changes.iter().any(|change| {
                matches!(change, Change::Column(_, ColumnChange::SetType { name, .. }) if name == column)
            })
        };
        match self
            .above
            .reverses
            .iter()
            .find(|one| !is_changed(&one.column))
        {
            None => Ok(()),
            Some(idle) => {
                let why = format!(
                    "the directive above it says the way back of {}, whose type it does not change",
                    idle.column
                );
                Err(self.refuse(section, statement, &why))
            }
        }
    }

    /// What a statement does as written to those who are at work: decided when the rows are counted.
    fn note_hazards(
        &mut self,
        statement: &Statement,
        answers: &Answers,
        file: &(String, usize),
        replay: &Replay,
    ) {
        if self.manner == Manner::Verbatim || self.way == Sent::Down || !self.dialect.is_shared() {
            return;
        }
        let found = hazard::findings(&statement.changes, answers, replay);
        if found.is_empty() {
            return;
        }
        let obstacles = self
            .dialect
            .obstacles(&statement.changes, &replay.context());
        self.hazards.extend(found.into_iter().map(|finding| Hazard {
            finding,
            obstacles: obstacles.clone(),
            step: self.number.to_string(),
            file: file.clone(),
            allowed: self.above.suppressions.clone(),
        }));
    }

    fn refuse(&self, section: &Section, statement: &Statement, why: &str) -> EngineError {
        let byte = section.span.start + statement.span.start;
        EngineError::new(
            Kind::Refused,
            format!("statement {} cannot be run: {why}", self.number),
        )
        .at(Place {
            migration: self.migration.id.clone(),
            step: self.number.to_string(),
            file: Some((section.file.path.clone(), byte)),
        })
    }

    fn statement(
        &mut self,
        section: &Section,
        statement: &Statement,
        grouping: Grouping,
        replay: &mut Replay,
    ) -> Result<Grouping, EngineError> {
        if self.manner != Manner::Verbatim
            && let Some(why) = unreadable(statement)
        {
            return Err(self.refuse(section, statement, &why));
        }
        self.is_for_the_statement(section, statement)?;
        replay.reverses.clone_from(&self.above.reverses);
        let answers = replay.ask(statement, self.dialect);
        let plan = self.plan(statement, replay);
        self.decisions.push(Decision::of(
            (
                self.number,
                statement.span.of(section.text()),
                &statement.changes,
            ),
            (self.manner, plan.as_ref()),
            &answers,
            replay,
        ));
        let file = (
            section.file.path.clone(),
            section.span.start + statement.span.start,
        );
        let losses = real(statement, &answers.destroys, replay);
        if let Some(plan) = plan {
            self.note_losses(&plan, losses);
            self.safe_way(&plan, statement, section, replay)?;
            return Ok(grouping.after_steps());
        }
        self.losses.extend(losses.iter().cloned());
        if self.gate.is_some() && !answers.impact.refusals.is_empty() {
            return Err(self.refuse(
                section,
                statement,
                "it needs what an earlier statement of this migration does behind its gate: give it a migration of its own",
            ));
        }
        self.note_hazards(statement, &answers, &file, replay);
        let (transaction, next) = grouping.of(answers.impact.transaction);
        let back = way_back(&statement.changes, &replay.catalog);
        let contradictions = replay.advance(statement, &answers.impact);
        self.steps.push(PlannedStep {
            id: self.number.to_string(),
            purpose: "as written".to_owned(),
            text: StepText::Users(statement.span.of(section.text()).to_owned()),
            changes: statement.changes.clone(),
            transaction,
            impact: answers.impact,
            losses,
            file,
            phase: PhaseKind::Expand,
            gate: None,
            back,
            undo: None,
            restore: None,
            is_contradicted: !contradictions.is_empty(),
        });
        Ok(next)
    }

    /// The safe way of a statement, where there is one and it is asked for.
    fn plan(&self, statement: &Statement, replay: &Replay) -> Option<Plan> {
        if self.manner == Manner::Verbatim {
            return None;
        }
        let plan = self.dialect.phases(&statement.changes, &replay.context())?;
        // On the way back what is dropped was added: the version that stays has never used it, so nothing is waited for.
        let is_gated = plan.phases.iter().any(|phase| phase.gate.is_some());
        if self.way == Sent::Down && only_drops(&statement.changes) && is_gated {
            return None;
        }
        Some(match self.manner {
            Manner::SafeWithoutArchive => plan.without_archive(),
            Manner::Safe | Manner::Verbatim => plan,
        })
    }

    fn safe_way(
        &mut self,
        plan: &Plan,
        statement: &Statement,
        section: &Section,
        replay: &mut Replay,
    ) -> Result<(), EngineError> {
        let mut is_behind = false;
        for phase in &plan.phases {
            if let Some(gate) = &phase.gate {
                is_behind = true;
                self.wait_for(gate);
            }
            for step in &phase.steps {
                let mut planned = self.step(step, phase.kind, (statement, section))?;
                if is_behind {
                    self.behind.push(planned);
                } else {
                    predict(&mut planned, self.dialect, replay);
                    self.steps.push(planned);
                }
            }
        }
        self.remarks.extend(plan.remarks.iter().cloned());
        Ok(())
    }

    /// One step, as far as it can be told without the catalog it will meet.
    fn step(
        &self,
        step: &Step,
        phase: PhaseKind,
        (statement, section): (&Statement, &Section),
    ) -> Result<PlannedStep, EngineError> {
        let (text, changes) = match &step.action {
            Action::Change(changes) => {
                let sql = self
                    .dialect
                    .render(changes)
                    .map_err(|error| self.refuse(section, statement, &error.to_string()))?;
                (StepText::Authored(sql), changes.clone())
            }
            Action::AsWritten => (
                StepText::Users(statement.span.of(section.text()).to_owned()),
                statement.changes.clone(),
            ),
            Action::Probe(probe) => (
                StepText::Probe(probe.query.clone(), probe.finds.clone()),
                Vec::new(),
            ),
            Action::Backfill(backfill) => {
                let shown = backfill.shown();
                if redacted(shown.as_str(), self.dialect) != shown.as_str() {
                    return Err(self.refuse(section, statement, SECRET_IN_BATCHES));
                }
                (
                    StepText::Backfill(Box::new(backfill.clone()), shown),
                    Vec::new(),
                )
            }
        };
        Ok(PlannedStep {
            id: format!("{}.{}", self.number, step.id),
            purpose: step.purpose.clone(),
            text,
            changes,
            transaction: step.transaction,
            impact: Impact::default(),
            losses: Vec::new(),
            file: (
                section.file.path.clone(),
                section.span.start + statement.span.start,
            ),
            phase,
            gate: None,
            back: step.back.clone(),
            undo: None,
            restore: step.restore.clone(),
            is_contradicted: false,
        })
    }

    /// One gate per migration: what several statements wait for is waited for together.
    fn wait_for(&mut self, gate: &Gate) {
        let waiting = self.gate.get_or_insert_with(|| Waiting {
            gate: Gate {
                conditions: Vec::new(),
                retires: Vec::new(),
            },
            losses: Vec::new(),
        });
        for condition in &gate.conditions {
            if !waiting.gate.conditions.contains(condition) {
                waiting.gate.conditions.push(condition.clone());
            }
        }
        for retired in &gate.retires {
            if !waiting.gate.retires.contains(retired) {
                waiting.gate.retires.push(retired.clone());
            }
        }
    }

    /// The steps behind the gate come last; their locks are predicted on what is there then. The replay stays before
    /// the gate: what comes after this migration meets that.
    fn join(&mut self, replay: &Replay) {
        let Some(waiting) = self.gate.take() else {
            for step in &mut self.steps {
                step.undo = step.back.take();
            }
            return;
        };
        let mut later = replay.clone();
        for step in &mut self.behind {
            predict(step, self.dialect, &mut later);
        }
        if let Some(first) = self.behind.first_mut() {
            first.gate = Some(waiting);
        }
        self.steps.append(&mut self.behind);
    }

    /// What a plan archives is not lost. What is lost behind a gate is agreed to there.
    fn note_losses(&mut self, plan: &Plan, losses: Vec<Loss>) {
        match plan.phases.iter().find_map(|phase| phase.gate.as_ref()) {
            None => self.losses.extend(losses),
            Some(gate) => {
                self.wait_for(gate);
                // Values that would become others are looked for before anything starts: such a plan loses none.
                let is_probed = plan
                    .steps()
                    .next()
                    .is_some_and(|step| matches!(step.action, Action::Probe(_)));
                if let Some(waiting) = &mut self.gate
                    && !plan.archives()
                {
                    waiting.losses.extend(
                        losses
                            .into_iter()
                            .filter(|loss| !(is_probed && loss.kind == LossKind::Precision)),
                    );
                }
            }
        }
    }
}

/// Predicts locks and the way back on the catalog a step will meet, and lets it have its effect there.
fn predict(step: &mut PlannedStep, dialect: &dyn Dialect, replay: &mut Replay) {
    let declared = step.back.take();
    step.back = declared.or_else(|| match (&step.restore, step.changes.as_slice()) {
        // The values are kept elsewhere: what is lossy by itself is not, here.
        (Some(_), [change]) => match inverse(change, &replay.catalog) {
            Inverse::Exact(changes) | Inverse::Lossy { changes, .. } => Some(refilled(changes)),
            Inverse::Nothing => Some(Vec::new()),
            Inverse::None(_) => None,
        },
        (Some(_) | None, changes) => way_back(changes, &replay.catalog),
    });
    let one = Statement {
        span: Span::default(),
        changes: step.changes.clone(),
        notes: Vec::new(),
    };
    let answers = replay.ask(&one, dialect);
    step.losses = real(&one, &answers.destroys, replay);
    step.impact = answers.impact;
    step.is_contradicted = !replay.advance(&one, &step.impact).is_empty();
}

/// What takes changes back exactly, last first; none when one of them cannot be.
pub(crate) fn way_back(changes: &[Change], before: &Catalog) -> Option<Vec<Change>> {
    if let [change] = changes {
        return exact(change, before);
    }
    let mut catalog = before.clone();
    let mut back = Vec::new();
    for change in changes {
        back.push(exact(change, &catalog)?);
        apply(change, &mut catalog);
    }
    back.reverse();
    Some(back.into_iter().flatten().collect())
}

fn exact(change: &Change, before: &Catalog) -> Option<Vec<Change>> {
    if matches!(change, Change::Namespace(name, NamespaceChange::Create(_)) if name.as_str() == ARCHIVE)
    {
        // The archive outlives the migration that made it.
        return Some(Vec::new());
    }
    match inverse(change, before) {
        Inverse::Exact(changes) => Some(changes),
        Inverse::Nothing => Some(Vec::new()),
        Inverse::Lossy { .. } | Inverse::None(_) => None,
    }
}

/// True for a statement that takes away tables or columns and does nothing else.
fn only_drops(changes: &[Change]) -> bool {
    !changes.is_empty()
        && changes.iter().all(|change| {
            matches!(
                change,
                Change::Table(_, TableChange::Drop { .. })
                    | Change::Column(_, ColumnChange::Drop { .. })
            )
        })
}

/// Why a statement is not sent: what is not SQL of this server would fail or do something else. Valid SQL that the
/// model does not cover is sent, and its unknown losses need an approval.
fn unreadable(statement: &Statement) -> Option<String> {
    statement.changes.iter().find_map(|change| {
        let Change::Opaque(opaque) = change else {
            return None;
        };
        match opaque.reason {
            OpaqueReason::SyntaxError
            | OpaqueReason::TooLarge
            | OpaqueReason::Placeholder
            | OpaqueReason::ClientCommand => {
                Some(format!("it could not be read: {}", opaque.message))
            }
            OpaqueReason::NotModelled | OpaqueReason::Dynamic | OpaqueReason::ForeignLanguage => {
                None
            }
        }
    })
}

pub(crate) fn hash(steps: &[PlannedStep]) -> String {
    let mut sum = Sha256::new();
    for step in steps {
        let kind: &[u8] = match step.transaction {
            StepTransaction::Own => b"own",
            StepTransaction::WithPrevious => b"with",
            StepTransaction::Outside => b"outside",
        };
        for part in [step.id.as_bytes(), kind, step.text.as_str().as_bytes()] {
            sum.update(part.len().to_le_bytes());
            sum.update(part);
        }
    }
    hex(&sum.finalize())
}
