//! A migration becomes steps: what is sent, in which transaction, what it is for.
//!
//! The safe way of a statement takes its place when the dialect has one that needs neither gate nor backfill; every
//! other statement is sent as it stands in its file. What could not be read is refused, not tried.

use segue_model::{
    Action, Change, DataChange, Dialect, Down, Form, Impact, Loss, LossKind, Migration,
    OpaqueReason, Plan, Replay, Section, Sql, Statement, StepTransaction, TransactionChange,
    TransactionNeed, Wrapping,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checksum::{Checksums, checksums, hex};
use crate::error::{EngineError, Kind, Place};

/// How statements are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The safe way, where there is one.
    Safe,
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
}

impl StepText {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Users(text) => text,
            Self::Authored(sql) | Self::Probe(sql, _) => sql.as_str(),
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
    /// The file, and the byte of the statement it comes from.
    pub file: (String, usize),
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
    /// Its steps, in order.
    pub steps: Vec<PlannedStep>,
    /// What is lost for ever, on tables that this migration did not create.
    pub losses: Vec<Loss>,
    /// What the user has to know.
    pub remarks: Vec<String>,
    /// The sums of its way up.
    pub checksums: Checksums,
    /// What an approval is given for: SHA-256 over ids, texts and transactions of all steps, lower-case hex.
    pub hash: String,
}

/// Plans one migration on top of what the replay has seen, and lets it have its effect there.
///
/// # Errors
/// [`Kind::Refused`] for a program, for a missing way down, and for a statement that could not be read.
pub fn prepare(
    migration: &Migration,
    way: Sent,
    manner: Manner,
    dialect: &dyn Dialect,
    replay: &mut Replay,
) -> Result<PlannedMigration, EngineError> {
    let mut draft = Draft {
        migration,
        manner,
        dialect,
        steps: Vec::new(),
        losses: Vec::new(),
        remarks: Vec::new(),
        number: 0,
    };
    replay.begin_migration();
    for section in sections(migration, way)? {
        draft.section(section, replay)?;
    }
    let hash = hash(&draft.steps);
    Ok(PlannedMigration {
        id: migration.id.clone(),
        path: migration.path.clone(),
        name: migration.name.clone(),
        way,
        steps: draft.steps,
        losses: draft.losses,
        remarks: draft.remarks,
        checksums: checksums(migration, dialect).for_the_journal(migration, dialect),
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
            Down::Missing | Down::Empty | Down::Derived => refused("it has no way down"),
        },
    }
}

struct Draft<'a> {
    migration: &'a Migration,
    manner: Manner,
    dialect: &'a dyn Dialect,
    steps: Vec<PlannedStep>,
    losses: Vec<Loss>,
    remarks: Vec<String>,
    number: usize,
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
        for statement in &statements {
            self.number += 1;
            if let Some(next) = self.boundary(section, statement, by_tool)? {
                let answers = replay.ask(statement, self.dialect);
                let _ = replay.advance(statement, &answers.impact);
                grouping = next;
                continue;
            }
            grouping = self.statement(section, statement, grouping, replay)?;
        }
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
        if self.manner == Manner::Safe
            && let Some(why) = unreadable(statement)
        {
            return Err(self.refuse(section, statement, &why));
        }
        let answers = replay.ask(statement, self.dialect);
        self.note_losses(statement, &answers.destroys, replay);
        let plan = match self.manner {
            Manner::Safe => self
                .dialect
                .phases(&statement.changes, &replay.context())
                .filter(|plan| self.is_runnable(plan)),
            Manner::Verbatim => None,
        };
        let file = (
            section.file.path.clone(),
            section.span.start + statement.span.start,
        );
        if let Some(plan) = plan {
            self.safe_way(&plan, statement, section, replay)?;
            return Ok(match grouping {
                Grouping::Alone => Grouping::Alone,
                Grouping::Opens | Grouping::Shares => Grouping::Opens,
            });
        }
        let (transaction, next) = match (answers.impact.transaction, grouping) {
            (TransactionNeed::MustBeOutside, Grouping::Alone) => {
                (StepTransaction::Outside, Grouping::Alone)
            }
            (TransactionNeed::MustBeOutside, Grouping::Opens | Grouping::Shares) => {
                (StepTransaction::Outside, Grouping::Opens)
            }
            (TransactionNeed::Either, Grouping::Alone) => (StepTransaction::Own, Grouping::Alone),
            (TransactionNeed::Either, Grouping::Opens) => (StepTransaction::Own, Grouping::Shares),
            (TransactionNeed::Either, Grouping::Shares) => {
                (StepTransaction::WithPrevious, Grouping::Shares)
            }
        };
        let _ = replay.advance(statement, &answers.impact);
        self.steps.push(PlannedStep {
            id: self.number.to_string(),
            purpose: "as written".to_owned(),
            text: StepText::Users(statement.span.of(section.text()).to_owned()),
            changes: statement.changes.clone(),
            transaction,
            impact: answers.impact,
            file,
        });
        Ok(next)
    }

    /// A way with a gate or a backfill is not run here: the statement is sent as written.
    fn is_runnable(&mut self, plan: &Plan) -> bool {
        let waits = plan.phases.iter().any(|phase| phase.gate.is_some())
            || plan
                .steps()
                .any(|step| matches!(step.action, Action::Backfill(_)));
        if waits {
            self.remarks.push(format!(
                "statement {} is sent as written: its safe way has a gate or a backfill, which `segue check` shows",
                self.number
            ));
        }
        !waits
    }

    fn safe_way(
        &mut self,
        plan: &Plan,
        statement: &Statement,
        section: &Section,
        replay: &mut Replay,
    ) -> Result<(), EngineError> {
        for step in plan.steps() {
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
                Action::Backfill(_) => continue,
            };
            let one = Statement {
                span: statement.span,
                changes: changes.clone(),
                notes: Vec::new(),
            };
            let impact = self.dialect.impact(&changes, &replay.context());
            let _ = replay.advance(&one, &impact);
            self.steps.push(PlannedStep {
                id: format!("{}.{}", self.number, step.id),
                purpose: step.purpose.clone(),
                text,
                changes,
                transaction: step.transaction,
                impact,
                file: (
                    section.file.path.clone(),
                    section.span.start + statement.span.start,
                ),
            });
        }
        self.remarks.extend(plan.remarks.iter().cloned());
        Ok(())
    }

    fn note_losses(&mut self, statement: &Statement, losses: &[Loss], replay: &Replay) {
        let is_plain_update = statement
            .changes
            .iter()
            .all(|change| matches!(change, Change::Data(DataChange::Update { .. })));
        if is_plain_update {
            return;
        }
        self.losses.extend(
            losses
                .iter()
                .filter(|loss| match loss.kind {
                    LossKind::Rows | LossKind::Values | LossKind::Precision | LossKind::Unknown => {
                        true
                    }
                    LossKind::Structure | LossKind::Durability => false,
                })
                .filter(|loss| {
                    loss.relation
                        .as_ref()
                        .is_none_or(|name| !replay.catalog.is_new_in_migration(name))
                })
                .cloned(),
        );
    }
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

fn hash(steps: &[PlannedStep]) -> String {
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
