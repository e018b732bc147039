//! Records that do not fit the catalog: what each side says, step by step, and one way to make them fit.
//!
//! Evidence first, and it changes nothing. A remedy changes the journal, or drops an invalid index that a failed build
//! left behind; never a row, never anything else.

use std::collections::BTreeSet;

use segue_model::{
    Build, Catalog, CatalogScope, Change, Form, Holds, IndexChange, IndexState, Migration,
    Presence, QualifiedName, Reaction, Session, SourceText, holds,
};

use crate::begun::is_unbegun;
use crate::checksum::checksums;
use crate::choose::no_such;
use crate::error::{EngineError, Kind};
use crate::journal::{Entry, Journal, Others, RecordState, StepState, value};
use crate::lease::{self, Lease};
use crate::prepare::PlannedStep;
use crate::status::{Standing, Status};
use crate::touched::touched;
use crate::up::Runner;

/// What is known of one migration that does not fit, or of one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub id: String,
    /// Its file.
    pub path: String,
    /// How it stands.
    pub standing: Standing,
    /// What both sides say, step by step.
    pub steps: Vec<StepEvidence>,
    /// The normalized text that ran, where the file has another one now.
    pub ran: Option<String>,
    /// What would make them fit; none when nothing can be concluded.
    pub remedy: Option<Remedy>,
    /// Why; none where both sides fit.
    pub because: Option<String>,
}

/// One step, or one statement of a migration that was not begun in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEvidence {
    /// Its id in the migration.
    pub id: String,
    /// What it is for, or the file and byte of the statement.
    pub purpose: String,
    /// What the journal says.
    pub journal: JournalSays,
    /// What the catalog says.
    pub catalog: CatalogSays,
}

/// What the journal says of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalSays {
    /// It is done.
    Done,
    /// It was begun.
    Intended,
    /// Nothing.
    Nothing,
}

/// What the catalog says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogSays {
    /// What it is for is there.
    Holds,
    /// It is not there, or differs.
    Missing(String),
    /// It is not there, and a later step has worked on the same thing.
    Superseded,
    /// The catalog has no trace of such steps.
    Unseen,
}

/// What makes a record and the catalog fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The record says that it is done, with the text the file has now.
    MarkApplied,
    /// There is no record any more.
    Forget,
    /// The record has the checksum of the text the file has now.
    AcceptChecksum,
    /// The invalid indexes are dropped; the record stays.
    DropInvalid(Vec<QualifiedName>),
}

impl Remedy {
    /// As one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::MarkApplied => "mark-applied",
            Self::Forget => "forget",
            Self::AcceptChecksum => "accept-checksum",
            Self::DropInvalid(_) => "drop-invalid-index",
        }
    }
}

/// What is to be done with one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// What.
    pub remedy: Remedy,
    /// Why.
    pub basis: Basis,
}

/// Why a remedy was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The evidence proposes it: it has to propose the same when it is done.
    Proposed,
    /// A person asked for it.
    AskedFor,
}

/// One migration's steps, before the catalog is asked.
struct Case<'m> {
    line: &'m Status,
    migration: Option<&'m Migration>,
    steps: Vec<Step>,
    ran: Option<String>,
}

struct Step {
    id: String,
    purpose: String,
    journal: JournalSays,
    changes: Vec<Change>,
}

impl<S: Session + Send> Runner<'_, S> {
    /// What does not fit, in the project's order, and all that is known of those that were asked for. Reads only.
    ///
    /// # Errors
    /// What the server said.
    pub fn diagnose(
        &mut self,
        migrations: &[Migration],
        asked: &BTreeSet<String>,
    ) -> Result<Vec<Evidence>, EngineError> {
        let mut session = self.open()?;
        let lines = self
            .overview_in(&mut session, migrations, Others::All)?
            .lines;
        self.findings(&mut session, migrations, (&lines, asked))
    }

    /// Carries remedies out, each in a transaction with its line in the log. Gives the ids.
    ///
    /// # Errors
    /// What the server said; [`Kind::LeaseHeld`] while somebody runs; [`Kind::Refused`] when the evidence is another one
    /// by now.
    pub fn repair(
        &mut self,
        migrations: &[Migration],
        choices: &[Choice],
    ) -> Result<Vec<String>, EngineError> {
        let mut session = self.open()?;
        self.install(&mut session)?;
        let lease = self.leased(&mut session)?;
        let mut done = Vec::new();
        let mut result = self.still_so(&mut session, migrations, choices);
        for choice in choices {
            if result.is_err() {
                break;
            }
            result = self.remedy(&mut session, &lease, (migrations, choice));
            if result.is_ok() {
                done.push(choice.id.clone());
            }
        }
        lease::release(&mut session, &self.statements, &lease);
        result.map(|()| done)
    }

    /// Nobody runs now: what was proposed is proposed still, and what was asked for is about something that is there.
    fn still_so(
        &self,
        session: &mut S,
        migrations: &[Migration],
        choices: &[Choice],
    ) -> Result<(), EngineError> {
        let lines = self.overview_in(session, migrations, Others::All)?.lines;
        let now = self.findings(session, migrations, (&lines, &BTreeSet::new()))?;
        for choice in choices {
            let id = &choice.id;
            let is_proposed = now
                .iter()
                .any(|one| one.id == *id && one.remedy.as_ref() == Some(&choice.remedy));
            let is_recorded = lines
                .iter()
                .any(|line| line.id == *id && line.record.is_some());
            let is_waiting = lines
                .iter()
                .any(|line| line.id == *id && line.standing == Standing::Waiting);
            let is_in_project = migrations.iter().any(|one| one.id == *id);
            match (choice.basis, &choice.remedy) {
                (Basis::Proposed, _) if !is_proposed => {
                    return Err(EngineError::new(
                        Kind::Refused,
                        format!("{id} is not what it was when it was looked at"),
                    )
                    .with_next("segue repair"));
                }
                (Basis::AskedFor, Remedy::Forget | Remedy::AcceptChecksum) if !is_recorded => {
                    return Err(EngineError::new(
                        Kind::Request,
                        format!("the journal has no record of {id}"),
                    ));
                }
                (Basis::AskedFor, Remedy::MarkApplied | Remedy::AcceptChecksum) if is_waiting => {
                    return Err(EngineError::new(
                        Kind::Refused,
                        format!("{id} waits at its gate: the record would say that what is behind it was done"),
                    )
                    .with_next(format!("segue contract {id}")));
                }
                (Basis::AskedFor, Remedy::MarkApplied | Remedy::AcceptChecksum)
                    if !is_in_project =>
                {
                    return Err(no_such(id));
                }
                (Basis::Proposed | Basis::AskedFor, _) => {}
            }
        }
        Ok(())
    }

    fn remedy(
        &self,
        session: &mut S,
        lease: &Lease,
        (migrations, choice): (&[Migration], &Choice),
    ) -> Result<(), EngineError> {
        let said = match &choice.remedy {
            Remedy::MarkApplied => "repair: marked applied".to_owned(),
            Remedy::Forget => "repair: record forgotten".to_owned(),
            Remedy::AcceptChecksum => "repair: new checksum accepted".to_owned(),
            Remedy::DropInvalid(names) => {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                format!("repair: drops the invalid index {}", names.join(", "))
            }
        };
        let migration = migrations.iter().find(|one| one.id == choice.id);
        let id = choice.id.as_str();
        let mut write = || -> Result<bool, S::Error> {
            session.execute(&self.statements.begin)?;
            let timeout = self.limits.lock_timeout_ms.to_string();
            let fence = [Some(lease.epoch.as_str()), Some(timeout.as_str())];
            let is_ours = value(&session.query_with(&self.statements.fence, &fence)?).is_some();
            if !is_ours {
                session.execute(&self.statements.rollback)?;
                return Ok(false);
            }
            self.rewrite(session, (migration, id, &choice.remedy))?;
            if choice.remedy == Remedy::MarkApplied {
                // What is taken as done belongs to no release that is still going out.
                session.execute(&self.statements.settle)?;
            }
            let line = [Some(self.holder.as_str()), Some(said.as_str()), Some(id)];
            session.query_with(&self.statements.record_event, &line)?;
            session.execute(&self.statements.commit)?;
            Ok(true)
        };
        match write() {
            Ok(true) => {}
            Ok(false) => {
                return Err(EngineError::new(
                    Kind::LeaseLost,
                    "another runner has taken over: nothing more is repaired",
                ));
            }
            Err(error) => {
                return Err(EngineError::server(
                    "the record could not be changed",
                    error,
                ));
            }
        }
        // The log has it before it happens: a drop outside a transaction cannot be taken back.
        match &choice.remedy {
            Remedy::DropInvalid(names) => self.drop_all(session, names),
            Remedy::MarkApplied | Remedy::Forget | Remedy::AcceptChecksum => Ok(()),
        }
    }

    fn rewrite(
        &self,
        session: &mut S,
        (migration, id, remedy): (Option<&Migration>, &str, &Remedy),
    ) -> Result<(), S::Error> {
        let journal = Journal::new(&self.statements);
        match (remedy, migration) {
            (Remedy::Forget, _) => journal.forget(session, id),
            (Remedy::MarkApplied | Remedy::AcceptChecksum, Some(migration)) => {
                // The way back from behind a gate is in the plan it was begun with.
                let plan = match remedy {
                    Remedy::AcceptChecksum => journal.recorded_plan(session, id)?,
                    Remedy::MarkApplied | Remedy::Forget | Remedy::DropInvalid(_) => None,
                };
                let sums =
                    checksums(migration, self.dialect).for_the_journal(migration, self.dialect);
                journal.record(
                    session,
                    &Entry {
                        id: &migration.id,
                        path: &migration.path,
                        name: &migration.name,
                        state: RecordState::Applied,
                        checksums: &sums,
                        hash: "",
                        took_ms: 0,
                        plan: plan.as_deref(),
                    },
                )
            }
            (Remedy::DropInvalid(_), _) | (Remedy::MarkApplied | Remedy::AcceptChecksum, None) => {
                Ok(())
            }
        }
    }

    /// A concurrent drop keeps nobody waiting; only what is invalid still is dropped.
    fn drop_all(&self, session: &mut S, names: &[QualifiedName]) -> Result<(), EngineError> {
        let scope: BTreeSet<QualifiedName> = names.iter().cloned().collect();
        let live = self.relations(session, scope)?;
        for name in names {
            let is_invalid = live
                .index(name)
                .is_some_and(|found| found.state == IndexState::Invalid);
            if !is_invalid {
                return Err(EngineError::new(
                    Kind::Refused,
                    format!(
                        "{name} is not an invalid index any more: look again with `segue repair`"
                    ),
                ));
            }
            let drop = Change::Index(IndexChange::Drop {
                name: name.clone(),
                build: Build::Concurrently,
                presence: Presence::Lenient,
                reaction: Reaction::Restrict,
            });
            let sql = self
                .dialect
                .render(&[drop])
                .map_err(|error| EngineError::new(Kind::Failed, error.to_string()))?;
            let timeout = (self.statements.session_lock_timeout)(self.limits.online_wait_ms);
            session
                .query(&timeout)
                .and_then(|_| session.execute(&sql))
                .map_err(|error| {
                    EngineError::server(
                        format!("the invalid index {name} could not be dropped"),
                        error,
                    )
                })?;
        }
        Ok(())
    }

    fn findings(
        &self,
        session: &mut S,
        migrations: &[Migration],
        (lines, asked): (&[Status], &BTreeSet<String>),
    ) -> Result<Vec<Evidence>, EngineError> {
        if lines.iter().all(|line| line.record.is_none()) {
            return Ok(Vec::new());
        }
        let version = session
            .query(&self.statements.server_version)
            .map_err(|error| {
                EngineError::server("the server's version could not be read", error)
            })?;
        let version = value(&version)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        let mut cases = Vec::new();
        let mut is_first_pending = true;
        for line in lines {
            let is_pending = matches!(line.standing, Standing::Pending | Standing::OutOfOrder);
            let is_next = is_pending && std::mem::take(&mut is_first_pending);
            if is_pending && !is_next && !asked.contains(&line.id) {
                continue;
            }
            let migration = migrations.iter().find(|one| one.id == line.id);
            cases.push(self.case(session, version, (line, migration))?);
        }
        let scope: BTreeSet<QualifiedName> = cases
            .iter()
            .flat_map(|case| &case.steps)
            .flat_map(|step| &step.changes)
            .flat_map(touched)
            .collect();
        let live = self.relations(session, scope)?;
        let mut later = BTreeSet::new();
        let mut all = Vec::new();
        for case in cases.iter().rev() {
            let is_asked = asked.contains(&case.line.id);
            let found = judged(case, &live, &mut later);
            if is_asked || found.because.is_some() {
                all.push(found);
            }
        }
        all.reverse();
        Ok(all)
    }

    fn case<'m>(
        &self,
        session: &mut S,
        version: u16,
        (line, migration): (&'m Status, Option<&'m Migration>),
    ) -> Result<Case<'m>, EngineError> {
        let unread = |error| EngineError::server("the journal could not be read", error);
        let journal = Journal::new(&self.statements);
        let mut ran = None;
        let mut steps = migration.map_or_else(Vec::new, |one| self.as_written(one, version));
        if line.record.is_some() {
            let recorded = journal.recorded_text(session, &line.id).map_err(unread)?;
            let now = migration.map(|one| {
                let sums = checksums(one, self.dialect);
                sums.for_the_journal(one, self.dialect).normalized
            });
            ran = recorded.filter(|text| now.as_ref().is_some_and(|now| now != text));
            if line.standing == Standing::Baseline || is_unbegun(line) {
                ran = None;
            }
        }
        if matches!(line.standing, Standing::Partial | Standing::Waiting) {
            let plan = journal.recorded_plan(session, &line.id).map_err(unread)?;
            let known = journal.steps(session, &line.id).map_err(unread)?;
            let plan: Option<Vec<PlannedStep>> =
                plan.and_then(|json| serde_json::from_str(&json).ok());
            if let Some(plan) = plan {
                steps = plan
                    .into_iter()
                    .map(|step| Step {
                        journal: match known.get(&step.id) {
                            Some(StepState::Done) => JournalSays::Done,
                            Some(StepState::Intended) => JournalSays::Intended,
                            None => JournalSays::Nothing,
                        },
                        id: step.id,
                        purpose: step.purpose,
                        changes: step.changes,
                    })
                    .collect();
            }
        }
        if matches!(
            line.standing,
            Standing::Applied | Standing::Edited | Standing::Baseline
        ) {
            for step in &mut steps {
                step.journal = JournalSays::Done;
            }
        }
        Ok(Case {
            line,
            migration,
            steps,
            ran,
        })
    }

    /// The statements of the file.
    fn as_written(&self, migration: &Migration, version: u16) -> Vec<Step> {
        let Form::Sql { up, .. } = &migration.form else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for section in up {
            for statement in self.dialect.read(section.text(), version) {
                let byte = section.span.start + statement.span.start;
                steps.push(Step {
                    id: (steps.len() + 1).to_string(),
                    purpose: place(&section.file, byte),
                    journal: JournalSays::Nothing,
                    changes: statement.changes,
                });
            }
        }
        steps
    }

    fn relations(
        &self,
        session: &mut S,
        scope: BTreeSet<QualifiedName>,
    ) -> Result<Catalog, EngineError> {
        let unread = |error| EngineError::server("the catalog could not be read", error);
        session.execute(&self.statements.begin).map_err(unread)?;
        let catalog = session.catalog(&CatalogScope::Relations(scope));
        let ended = session.execute(&self.statements.rollback);
        let catalog = catalog.map_err(unread)?;
        ended.map_err(unread)?;
        Ok(catalog)
    }
}

/// `as written, line 3`.
fn place(file: &SourceText, byte: usize) -> String {
    let before = file.text.get(..byte).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("as written, line {line}")
}

/// Asks the catalog, last step first: `later` has what the steps behind it worked on. Where both sides fit there is no
/// reason.
fn judged(case: &Case<'_>, live: &Catalog, later: &mut BTreeSet<QualifiedName>) -> Evidence {
    let mut steps = Vec::new();
    for step in case.steps.iter().rev() {
        steps.push(StepEvidence {
            id: step.id.clone(),
            purpose: step.purpose.clone(),
            journal: step.journal,
            catalog: said(&step.changes, live, later),
        });
        if step.journal == JournalSays::Done {
            later.extend(step.changes.iter().flat_map(touched));
        }
    }
    steps.reverse();
    let invalid = match case.line.standing {
        Standing::Baseline => Vec::new(),
        Standing::Applied
        | Standing::Partial
        | Standing::Waiting
        | Standing::Reverting
        | Standing::Edited
        | Standing::Pending
        | Standing::OutOfOrder
        | Standing::Missing => invalid(&case.steps, live),
    };
    let (remedy, because) = proposed(case, &steps, invalid).unzip();
    Evidence {
        id: case.line.id.clone(),
        path: case.line.path.clone(),
        standing: case.line.standing,
        steps,
        ran: case.ran.clone(),
        remedy: remedy.flatten(),
        because: because.map(str::to_owned),
    }
}

fn said(changes: &[Change], live: &Catalog, later: &BTreeSet<QualifiedName>) -> CatalogSays {
    let mut says = CatalogSays::Unseen;
    for change in changes.iter().rev() {
        let names = touched(change);
        if names.is_empty() {
            continue;
        }
        let missing = match holds(change, live) {
            Holds::Yes => {
                if says == CatalogSays::Unseen {
                    says = CatalogSays::Holds;
                }
                continue;
            }
            Holds::Unknown(_) => continue,
            Holds::No => "the catalog does not show it".to_owned(),
            Holds::Differs(how) => how,
        };
        if names.iter().any(|name| later.contains(name)) {
            if says == CatalogSays::Unseen {
                says = CatalogSays::Superseded;
            }
        } else {
            return CatalogSays::Missing(missing);
        }
    }
    says
}

/// Indexes of concurrent builds that did not finish.
fn invalid(steps: &[Step], live: &Catalog) -> Vec<QualifiedName> {
    let built = steps.iter().flat_map(|step| &step.changes);
    let names = built.filter_map(|change| {
        let Change::Index(IndexChange::Create { index, build, .. }) = change else {
            return None;
        };
        (*build == Build::Concurrently).then(|| index.table.sibling(index.name.ident().clone()))
    });
    names
        .filter(|name| {
            live.index(name)
                .is_some_and(|found| found.state == IndexState::Invalid)
        })
        .collect()
}

/// What would make them fit, and why; none when they do.
fn proposed(
    case: &Case<'_>,
    steps: &[StepEvidence],
    invalid: Vec<QualifiedName>,
) -> Option<(Option<Remedy>, &'static str)> {
    if !invalid.is_empty() {
        return Some((
            Some(Remedy::DropInvalid(invalid)),
            "a concurrent build did not finish: its index is no use, and slows writes down",
        ));
    }
    let counted = Counted::of(steps);
    match case.line.standing {
        Standing::Baseline | Standing::Missing => None,
        Standing::Reverting => Some((None, "it is half taken back: `segue down` goes on with it")),
        Standing::Partial => Some(partial(&counted, steps, case.ran.as_deref())),
        Standing::Waiting => steps.iter().any(is_gone).then_some((
            None,
            "it waits at its gate, and part of what was done before it is not there: somebody changed it by hand",
        )),
        Standing::Applied if counted.missing == 0 => None,
        Standing::Applied if counted.holds == 0 => Some((
            Some(Remedy::Forget),
            "the record says that it is done, and nothing of it is there",
        )),
        Standing::Applied => Some((
            None,
            "part of it is there and part is not: somebody changed it by hand",
        )),
        Standing::Edited if counted.missing == 0 && counted.holds > 0 => Some((
            Some(Remedy::AcceptChecksum),
            "the file was edited after it ran, and what it says now is there",
        )),
        Standing::Edited if counted.missing == 0 => Some((
            None,
            "the file was edited after it ran, and the catalog cannot show whether that matters: --accept ID if it does not",
        )),
        Standing::Edited => Some((
            None,
            "the file was edited after it ran, and what it says now is not there: put the old text back, and write a new migration",
        )),
        Standing::Pending | Standing::OutOfOrder => (case.migration.is_some()
            && counted.holds > 0
            && counted.missing == 0
            && counted.unseen == 0)
            .then_some((
                Some(Remedy::MarkApplied),
                "there is no record of it, and all of it is there",
            )),
    }
}

/// The journal says that it is done, and the catalog that it is not there.
fn is_gone(step: &StepEvidence) -> bool {
    step.journal == JournalSays::Done && matches!(step.catalog, CatalogSays::Missing(_))
}

fn partial(
    counted: &Counted,
    steps: &[StepEvidence],
    ran: Option<&str>,
) -> (Option<Remedy>, &'static str) {
    let is_whole = steps
        .iter()
        .all(|step| match (&step.catalog, step.journal) {
            (CatalogSays::Holds, _) => true,
            (CatalogSays::Superseded | CatalogSays::Unseen, journal) => {
                journal == JournalSays::Done
            }
            (CatalogSays::Missing(_), _) => false,
        });
    let is_nothing = counted.holds == 0
        && counted.missing > 0
        && steps.iter().all(|step| {
            step.journal != JournalSays::Done || matches!(step.catalog, CatalogSays::Missing(_))
        });
    if is_whole {
        (
            Some(Remedy::MarkApplied),
            "it stopped half-way, and all of it is there",
        )
    } else if is_nothing {
        (
            Some(Remedy::Forget),
            "it stopped half-way, and nothing of it is there",
        )
    } else if ran.is_some() {
        (
            None,
            "it stopped half-way and its file was edited since: put the old text back, then `segue up` goes on",
        )
    } else {
        (None, "it stopped half-way: `segue up` goes on with it")
    }
}

/// How many steps the catalog says what of.
#[derive(Default)]
struct Counted {
    holds: usize,
    missing: usize,
    unseen: usize,
}

impl Counted {
    fn of(steps: &[StepEvidence]) -> Self {
        let mut counted = Self::default();
        for step in steps {
            match step.catalog {
                CatalogSays::Holds => counted.holds += 1,
                CatalogSays::Missing(_) => counted.missing += 1,
                CatalogSays::Unseen => counted.unseen += 1,
                CatalogSays::Superseded => {}
            }
        }
        counted
    }
}
