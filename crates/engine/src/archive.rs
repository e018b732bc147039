//! What contract phases dropped and the archive keeps: what it is, bringing it back, and purging it.
//!
//! What is kept is told by the journal: the plan of the migration that dropped it. A table of the archive that no plan
//! knows is shown and touched no further. Source: design, section 4.4.

mod restore;
mod times;

use std::collections::BTreeMap;

use segue_model::{
    ARCHIVE, Archiving, BackfillKind, CatalogScope, Change, Ident, Loss, LossKind, LossNaming,
    PhaseKind, QualifiedName, Reaction, Session, StepTransaction, TableChange, Target,
};

use crate::checksum::Checksums;
use crate::error::{EngineError, Kind};
use crate::journal::{Journal, Others, Record, RecordState, StepState};
use crate::prepare::{PlannedMigration, PlannedStep, Sent, StepText, Stretch, hash};
use crate::up::{Approval, Outcome, Runner};

/// One thing that the archive keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The table in the archive.
    pub place: QualifiedName,
    /// What it was.
    pub what: KeptWhat,
    /// The migration that dropped it; none when the journal does not know.
    pub migration: Option<String>,
    /// Since when it has been kept: the server's time, UTC.
    pub since: Option<String>,
    /// For how long, in s; none when nobody knows, or while its migration is not through.
    pub age_s: Option<u64>,
    /// Rows, estimated.
    pub rows: u64,
    /// Bytes, with indexes.
    pub bytes: u64,
    /// Whether the migration that keeps it is through.
    pub stage: KeptStage,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptWhat {
    /// A table, by the name it had.
    Table(QualifiedName),
    /// The values of a column.
    Column(QualifiedName, Ident),
    /// Nobody knows: its comment, where it has one.
    Unknown(Option<String>),
}

/// How far the migration is that keeps something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptStage {
    /// It is through: what is kept exists nowhere else.
    Dropped,
    /// It is under way: it still needs what it has put there.
    UnderWay,
}

/// As a person types it.
impl std::fmt::Display for KeptWhat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(name) => formatter.write_str(&plain(name)),
            Self::Column(table, column) => {
                write!(formatter, "{}.{}", plain(table), column.as_str())
            }
            Self::Unknown(_) => formatter.write_str("unknown"),
        }
    }
}

/// A name as a person types it: `public.users`.
fn plain(name: &QualifiedName) -> String {
    format!("{}.{}", name.namespace.as_str(), name.name.as_str())
}

impl Kept {
    /// True when a person means this by what he typed.
    pub fn is_named(&self, typed: &str) -> bool {
        let quoted = match &self.what {
            KeptWhat::Table(name) => name.to_string(),
            KeptWhat::Column(table, column) => format!("{table}.{column}"),
            KeptWhat::Unknown(_) => self.place.to_string(),
        };
        quoted == typed
            || plain(&self.place) == typed
            || self.place.name.as_str() == typed
            || self.what.to_string() == typed
    }
}

/// A table of the archive as the server has it.
struct Stored {
    place: QualifiedName,
    rows: u64,
    bytes: u64,
    comment: Option<String>,
    now: String,
}

/// What the journal knows of a place in the archive.
pub(crate) struct Source {
    pub(crate) record: Record,
    pub(crate) what: KeptWhat,
    /// The steps that the migration was begun with.
    pub(crate) steps: Vec<PlannedStep>,
    /// The step that took it away.
    pub(crate) number: usize,
    stage: KeptStage,
}

impl<S: Session + Send> Runner<'_, S> {
    /// What the archive keeps, by its place there. Changes nothing.
    ///
    /// # Errors
    /// What the server said; [`Kind::Request`] where nothing is ever kept.
    pub fn kept(&mut self) -> Result<Vec<Kept>, EngineError> {
        let mut session = self.open()?;
        self.kept_now(&mut session)
    }

    fn kept_now(&self, session: &mut S) -> Result<Vec<Kept>, EngineError> {
        let stored = self.stored(session)?;
        let mut sources = self.sources(session)?;
        Ok(stored
            .into_iter()
            .map(|one| {
                let source = sources.remove(&one.place);
                let since = source.as_ref().map(|source| source.record.at.clone());
                let stage = source.as_ref().map_or(KeptStage::Dropped, |one| one.stage);
                let age_s = since
                    .as_deref()
                    .filter(|_| stage == KeptStage::Dropped)
                    .and_then(|since| times::seconds_between(since, &one.now));
                Kept {
                    migration: source.as_ref().map(|source| source.record.id.clone()),
                    what: source.map_or(KeptWhat::Unknown(one.comment), |source| source.what),
                    place: one.place,
                    since,
                    age_s,
                    rows: one.rows,
                    bytes: one.bytes,
                    stage,
                }
            })
            .collect())
    }

    fn stored(&self, session: &mut S) -> Result<Vec<Stored>, EngineError> {
        let Some(statement) = &self.statements.archived else {
            return Err(EngineError::new(
                Kind::Request,
                format!(
                    "{} has no archive: nothing is dropped behind a gate there",
                    self.dialect.name()
                ),
            ));
        };
        let rows = session
            .query(statement)
            .map_err(|error| EngineError::server("the archive could not be read", error))?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let mut values = row.into_iter();
                let mut next = || values.next().flatten();
                Stored {
                    place: QualifiedName::new(ARCHIVE, next().unwrap_or_default()),
                    rows: next().and_then(|text| text.parse().ok()).unwrap_or(0),
                    bytes: next().and_then(|text| text.parse().ok()).unwrap_or(0),
                    comment: next(),
                    now: next().unwrap_or_default(),
                }
            })
            .collect())
    }

    /// By each place in the archive, the last migration that put something there.
    pub(crate) fn sources(
        &self,
        session: &mut S,
    ) -> Result<BTreeMap<QualifiedName, Source>, EngineError> {
        let unread = |error| EngineError::server("the journal could not be read", error);
        let journal = Journal::new(&self.statements);
        let mut sources = BTreeMap::new();
        let planned = journal.planned(session).map_err(unread)?;
        let planned: Vec<&str> = planned.iter().map(String::as_str).collect();
        let records = journal.records(session, &planned, Others::Counted);
        for record in records.map_err(unread)?.records {
            let stage = match record.state {
                RecordState::Applied => KeptStage::Dropped,
                RecordState::Partial | RecordState::Waiting | RecordState::Reverting => {
                    KeptStage::UnderWay
                }
                RecordState::Baseline => continue,
            };
            let plan = journal.recorded_plan(session, &record.id).map_err(unread)?;
            let steps: Option<Vec<PlannedStep>> =
                plan.and_then(|json| serde_json::from_str(&json).ok());
            let Some(steps) = steps else { continue };
            let done = journal.steps(session, &record.id).map_err(unread)?;
            for (number, step) in steps.iter().enumerate() {
                let Some((place, what)) = kept_by(step, &steps) else {
                    continue;
                };
                let is_begun =
                    done.contains_key(&step.id) || matches!(step.text, StepText::Backfill(..));
                if !is_begun && stage == KeptStage::UnderWay {
                    continue;
                }
                let source = Source {
                    record: record.clone(),
                    what,
                    steps: steps.clone(),
                    number,
                    stage: if done.get(&step.id) == Some(&StepState::Done) {
                        stage
                    } else {
                        KeptStage::UnderWay
                    },
                };
                sources.insert(place, source);
            }
        }
        Ok(sources)
    }

    /// What a purge of these would run, one plan for each: its hash is what is agreed to. Changes nothing.
    ///
    /// # Errors
    /// What the server said; [`Kind::Refused`] for what a migration still needs.
    pub fn plan_purge(&mut self, kept: &[Kept]) -> Result<Vec<PlannedMigration>, EngineError> {
        kept.iter().map(|one| self.purging(one)).collect()
    }

    fn purging(&self, kept: &Kept) -> Result<PlannedMigration, EngineError> {
        if kept.stage == KeptStage::UnderWay {
            return Err(EngineError::new(
                Kind::Refused,
                format!("{} is still needed: its migration is under way", kept.place),
            )
            .with_next("segue status"));
        }
        let change = Change::Table(
            Target::required(kept.place.clone()),
            TableChange::Drop {
                reaction: Reaction::Restrict,
            },
        );
        let since = kept
            .since
            .as_ref()
            .map_or_else(String::new, |since| format!(", kept since {since}"));
        let loss = Loss {
            kind: LossKind::Rows,
            relation: Some(kept.place.clone()),
            column: None,
            what: match &kept.what {
                KeptWhat::Table(name) => format!("the table {name}{since}"),
                KeptWhat::Column(table, column) => {
                    format!("the values of {table}.{column}{since}")
                }
                KeptWhat::Unknown(_) => format!("{}, which no plan knows", kept.place),
            },
            named: LossNaming::Named,
        };
        let text = self
            .dialect
            .render(std::slice::from_ref(&change))
            .map_err(|error| EngineError::new(Kind::Refused, error.to_string()))?;
        let step = own_step(
            "1",
            "Remove it from the archive, for ever.",
            text,
            vec![change],
        );
        Ok(own_plan(
            (format!("archive purge {}", kept.place.name), &kept.place),
            vec![step],
            vec![loss],
        ))
    }

    /// Removes what is kept, for ever.
    ///
    /// # Errors
    /// [`Kind::Refused`] when nobody agreed, or a migration still needs it; as [`Runner::up`] otherwise.
    pub fn purge(&mut self, kept: &[Kept], approval: &Approval) -> Result<Outcome, EngineError> {
        self.with_lease(|runner, session| {
            let now = runner.kept_now(session)?;
            let mut plans = Vec::with_capacity(kept.len());
            for one in kept {
                // Somebody may have brought it back, or purged it, since it was shown.
                let Some(still) = now.iter().find(|other| {
                    (&other.place, &other.what, &other.since) == (&one.place, &one.what, &one.since)
                }) else {
                    continue;
                };
                let plan = runner.purging(still)?;
                if !runner.is_agreed(session, &plan, approval)? {
                    return Err(runner.disagreed(session, &plan)?);
                }
                plans.push(plan);
            }
            runner.secure(session, &plans)?;
            runner.forewarn(session, &plans)?;
            Ok((plans, 0))
        })
    }

    fn disagreed(
        &self,
        session: &mut S,
        plan: &PlannedMigration,
    ) -> Result<EngineError, EngineError> {
        let next = if self.needs_a_person() {
            format!("segue approve {}", plan.hash)
        } else {
            format!("segue archive purge {} --approve {}", plan.name, plan.hash)
        };
        Ok(EngineError::new(
            Kind::Refused,
            format!("{} is all there is of it, and nobody has agreed", plan.path),
        )
        .with_details(self.losses(session, plan)?)
        .with_details(self.how_to_agree(&plan.hash))
        .with_next(next))
    }

    /// True when what a plan has put away is still there; a plan that puts nothing away needs nothing.
    pub(crate) fn still_keeps(
        &self,
        session: &mut S,
        plan: &PlannedMigration,
        done: &BTreeMap<String, StepState>,
    ) -> Result<bool, EngineError> {
        let places: std::collections::BTreeSet<QualifiedName> = plan
            .steps
            .iter()
            .filter(|step| done.get(&step.id) == Some(&StepState::Done))
            .filter_map(|step| kept_by(step, &plan.steps).map(|(place, _)| place))
            .collect();
        if places.is_empty() {
            return Ok(true);
        }
        let catalog = self.looked_at(session, places.clone())?;
        Ok(places.iter().all(|place| catalog.relation(place).is_some()))
    }

    pub(crate) fn looked_at(
        &self,
        session: &mut S,
        names: std::collections::BTreeSet<QualifiedName>,
    ) -> Result<segue_model::Catalog, EngineError> {
        let failed = |error| EngineError::server("the catalog could not be read", error);
        session.execute(&self.statements.begin).map_err(failed)?;
        let catalog = session.catalog(&CatalogScope::Relations(names));
        let ended = session.execute(&self.statements.rollback);
        let catalog = catalog.map_err(failed)?;
        ended.map_err(failed)?;
        Ok(catalog)
    }
}

/// Where a step puts something in the archive, and what; none for the steps around it.
fn kept_by(step: &PlannedStep, steps: &[PlannedStep]) -> Option<(QualifiedName, KeptWhat)> {
    if let Some(Archiving::Moves(table)) = Archiving::of(&step.changes) {
        let place = QualifiedName::new(ARCHIVE, table.name.as_str());
        return Some((place, KeptWhat::Table(table.clone())));
    }
    // The values are copied first, and given up when the column goes: that step counts.
    let restore = step.restore.as_ref()?;
    let BackfillKind::Update { assignments } = &restore.kind else {
        return None;
    };
    let (column, _) = assignments.first()?;
    let place = steps.iter().find_map(|other| {
        let StepText::Backfill(copy, _) = &other.text else {
            return None;
        };
        let BackfillKind::Copy { into, columns, .. } = &copy.kind else {
            return None;
        };
        let is_it = copy.archives()
            && copy.table == restore.table
            && columns.last().is_some_and(|(last, _)| last == column);
        is_it.then(|| into.clone())
    })?;
    let what = KeptWhat::Column(restore.table.clone(), column.clone());
    Some((place, what))
}

/// A step of our own that is no part of a migration's file.
fn own_step(id: &str, purpose: &str, text: segue_model::Sql, changes: Vec<Change>) -> PlannedStep {
    PlannedStep {
        id: id.to_owned(),
        purpose: purpose.to_owned(),
        text: StepText::Authored(text),
        changes,
        transaction: StepTransaction::Own,
        impact: segue_model::Impact::default(),
        losses: Vec::new(),
        file: (String::new(), 0),
        phase: PhaseKind::Contract,
        gate: None,
        back: None,
        undo: None,
        restore: None,
        is_contradicted: false,
    }
}

/// A plan that belongs to no file. It goes down: when it is done, nothing of it stays in the journal.
fn own_plan(
    (id, place): (String, &QualifiedName),
    steps: Vec<PlannedStep>,
    losses: Vec<Loss>,
) -> PlannedMigration {
    PlannedMigration {
        id,
        path: place.to_string(),
        name: place.name.as_str().to_owned(),
        way: Sent::Down,
        stretch: Stretch::ToGate,
        losses,
        remarks: Vec::new(),
        hazards: Vec::new(),
        decisions: Vec::new(),
        checksums: Checksums::default(),
        hash: hash(&steps),
        steps,
    }
}

/// Leaves the archive out of what is behind a gate: what would be kept is dropped, and is lost.
pub(crate) fn left_out(
    plan: &mut PlannedMigration,
    dialect: &dyn segue_model::Dialect,
) -> Result<(), EngineError> {
    let Some(gate) = plan.steps.iter().position(|step| step.gate.is_some()) else {
        return Ok(());
    };
    let mut waiting = plan.steps.get_mut(gate).and_then(|step| step.gate.take());
    let behind = plan.steps.split_off(gate);
    let mut lost = Vec::new();
    for mut step in behind {
        if matches!(&step.text, StepText::Backfill(copy, _) if copy.archives()) {
            continue;
        }
        match Archiving::of(&step.changes) {
            Some(Archiving::MakesRoom) => continue,
            Some(Archiving::Moves(table)) => {
                let table = table.clone();
                lost.push(loss_of(&table, None));
                let change = Change::Table(
                    Target::required(table.clone()),
                    TableChange::Drop {
                        reaction: Reaction::Restrict,
                    },
                );
                let text = dialect
                    .render(std::slice::from_ref(&change))
                    .map_err(|error| EngineError::new(Kind::Refused, error.to_string()))?;
                step.text = StepText::Authored(text);
                step.purpose = format!("Drop {table}: its rows are not kept.");
                step.changes = vec![change];
                step.back = None;
            }
            None => {
                if let Some(restore) = step.restore.take() {
                    if let BackfillKind::Update { assignments } = &restore.kind {
                        let column = assignments.first().map(|(column, _)| column);
                        lost.push(loss_of(&restore.table, column));
                    }
                    step.back = None;
                }
            }
        }
        plan.steps.push(step);
    }
    if let Some(waiting) = &mut waiting {
        waiting.losses.extend(lost.iter().cloned());
    }
    if let Some(first) = plan.steps.get_mut(gate) {
        first.gate = waiting;
    }
    plan.losses.extend(lost);
    plan.hash = hash(&plan.steps);
    Ok(())
}

fn loss_of(table: &QualifiedName, column: Option<&Ident>) -> Loss {
    Loss {
        kind: if column.is_some() {
            LossKind::Values
        } else {
            LossKind::Rows
        },
        relation: Some(table.clone()),
        column: column.cloned(),
        what: match column {
            Some(column) => format!("the values of {table}.{column}"),
            None => format!("the table {table} and its rows"),
        },
        named: LossNaming::Named,
    }
}
