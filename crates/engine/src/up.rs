//! `up` and `down`: which migrations run, and everything that must be true before the first of them does.

use std::collections::BTreeSet;

use segue_model::{
    Catalog, CatalogScope, Dialect, Ident, LARGE_ROWS, LARGE_ROWS_DEFAULT, Loss, Migration,
    QualifiedName, Replay, RunnerStatements, ServerFacts, Session, Sql,
};

use crate::backfill::BackfillLimits;
use crate::begun::{agreed, unbegun};
use crate::choose::{chosen_down, chosen_up, is_before_gates};
use crate::contract;
use crate::error::{EngineError, Kind};
use crate::guard::{Back, Guard};
use crate::journal::{Journal, Others, Records, value};
use crate::lease::{self, Lease};
use crate::limits::{Clock, Event, Limits, Observer};
use crate::prepare::{Manner, PlannedMigration, Sent, prepare};
use crate::run::{Running, id_of, identity_of};
use crate::status::{Overview, Standing, Status};
use crate::stop::Stop;
use crate::watcher::{Watch, watch};

const UNREAD: &str = "the journal could not be read";
const UNCOUNTED: &str = "the rows could not be counted";

/// Opens one more connection to the target.
pub type Connect<'a, S> = dyn Fn() -> Result<S, <S as Session>::Error> + Sync + 'a;

/// Runs migrations on one database.
pub struct Runner<'a, S: Session> {
    /// What the database's engine knows.
    pub dialect: &'a dyn Dialect,
    /// Its runner's statements.
    pub statements: RunnerStatements,
    /// Opens connections.
    pub connect: &'a Connect<'a, S>,
    /// Ceilings.
    pub limits: Limits,
    /// Ceilings of backfills.
    pub backfills: BackfillLimits,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Is told what happens.
    pub observer: &'a mut dyn Observer,
    /// Who runs, for the lease: host, process, user.
    pub holder: String,
    /// Where a wish to stop is said.
    pub stop: &'a Stop,
    /// For jitter; the same seed pauses the same way.
    pub seed: u64,
    /// Tables in which other tools keep what they ran, by name. Where one is there and the journal is empty, nothing is
    /// run: the files may have run already.
    pub histories: &'a [&'a str],
    /// Whether the database is copied before a step that destroys or rebuilds, where the dialect makes copies.
    pub copies: Copies,
    /// What is asked before anything is changed.
    pub guard: Guard<'a>,
    /// Rows from which on an UPDATE or DELETE runs in batches.
    pub large_rows: u64,
    /// Whether an earlier run may have left steps behind.
    pub(crate) resumes: bool,
    /// Recorded migrations of which nothing was done yet.
    pub(crate) unbegun: BTreeSet<String>,
}

/// How far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// As far as there is something to do.
    All,
    /// So many migrations.
    Steps(usize),
    /// Up to and including this migration; on the way down, down to it, which stays.
    To(String),
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// How far.
    pub target: Target,
    /// As written, or the safe way.
    pub manner: Manner,
    /// Whether a migration may run that lies before one that is done.
    pub order: Order,
}

/// What happens to a migration whose place is before one that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It is refused.
    Linear,
    /// It runs.
    AnyOrder,
}

/// Whether copies are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// They are.
    Made,
    /// They are not: whoever runs has a backup.
    NotMade,
}

/// What a person agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// The hashes of plans that may destroy what they name.
    pub hashes: BTreeSet<String>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The ids of the migrations it completed, in order.
    pub completed: Vec<String>,
    /// Recorded migrations that the project does not have.
    pub ahead: usize,
}

impl<'a, S: Session + Send> Runner<'a, S> {
    /// A runner for this database.
    ///
    /// # Errors
    /// [`Kind::Request`] when nothing can be run on this dialect.
    pub fn new(
        dialect: &'a dyn Dialect,
        connect: &'a Connect<'a, S>,
        clock: &'a dyn Clock,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, EngineError> {
        let statements = dialect.runner().ok_or_else(|| {
            EngineError::new(
                Kind::Request,
                format!("Segue does not run migrations on {} yet", dialect.name()),
            )
        })?;
        Ok(Self {
            dialect,
            statements,
            connect,
            limits: Limits::default(),
            backfills: BackfillLimits::default(),
            clock,
            observer,
            holder: "segue".to_owned(),
            stop: &crate::stop::NEVER,
            seed: 0x9E37_79B9_7F4A_7C15,
            histories: &[],
            copies: Copies::Made,
            guard: Guard::default(),
            large_rows: LARGE_ROWS_DEFAULT,
            resumes: false,
            unbegun: BTreeSet::new(),
        })
    }

    /// What would run, with the catalog as it is now. Changes nothing, not even the journal.
    ///
    /// # Errors
    /// As [`Runner::up`].
    pub fn plan(
        &mut self,
        migrations: &[Migration],
        selection: &Selection,
    ) -> Result<Vec<PlannedMigration>, EngineError> {
        let mut session = self.open()?;
        let lines = self.lines(&mut session, migrations)?;
        let chosen = chosen_up(migrations, &lines, selection)?;
        self.prepared(
            &mut session,
            (migrations, &chosen),
            (Sent::Up, selection.manner),
        )
    }

    /// What would be taken back. Changes nothing.
    ///
    /// # Errors
    /// As [`Runner::down`].
    pub fn plan_down(
        &mut self,
        migrations: &[Migration],
        selection: &Selection,
    ) -> Result<Vec<PlannedMigration>, EngineError> {
        let mut session = self.open()?;
        let lines = self.lines(&mut session, migrations)?;
        let chosen = chosen_down(migrations, &lines, selection)?;
        self.prepared(
            &mut session,
            (migrations, &chosen),
            (Sent::Down, selection.manner),
        )
    }

    /// Where the project and the database stand.
    ///
    /// # Errors
    /// What the server said.
    pub fn status(&mut self, migrations: &[Migration]) -> Result<Vec<Status>, EngineError> {
        let mut session = self.open()?;
        self.overview_in(&mut session, migrations, Others::All)
            .map(|overview| overview.lines)
    }

    /// The same where the journal may have far more records than the project has migrations: of those that the project
    /// lacks some are listed at most, and all are counted.
    ///
    /// # Errors
    /// What the server said.
    pub fn overview(
        &mut self,
        migrations: &[Migration],
        others: Others,
    ) -> Result<Overview, EngineError> {
        let mut session = self.open()?;
        self.overview_in(&mut session, migrations, others)
    }

    /// Runs what is pending. It may be killed at any moment and called again.
    ///
    /// # Errors
    /// See [`Kind`]; [`EngineError::state`] says what the database looks like.
    pub fn up(
        &mut self,
        migrations: &[Migration],
        selection: &Selection,
        approval: &Approval,
    ) -> Result<Outcome, EngineError> {
        self.with_lease(|runner, session| {
            let Overview { lines, missing } =
                runner.overview_in(session, migrations, Others::Counted)?;
            let chosen = chosen_up(migrations, &lines, selection)?;
            let mut plans =
                runner.prepared(session, (migrations, &chosen), (Sent::Up, selection.manner))?;
            runner.before_gates(session, (migrations, &lines), &mut plans)?;
            runner.approved(session, &plans, approval)?;
            runner.secure(session, &plans)?;
            runner.forewarn(session, &plans)?;
            runner.resumes = lines.iter().any(|line| line.standing == Standing::Partial);
            runner.unbegun = unbegun(&lines);
            Ok((plans, missing))
        })
    }

    /// Runs plans that were made elsewhere, from where an earlier run of them stopped.
    ///
    /// # Errors
    /// As [`Runner::up`].
    pub fn run(&mut self, plans: Vec<PlannedMigration>) -> Result<Outcome, EngineError> {
        self.with_lease(|runner, _| {
            runner.resumes = true;
            Ok((plans, 0))
        })
    }

    /// Goes back.
    ///
    /// # Errors
    /// As [`Runner::up`]; [`Kind::Refused`] for a migration without a way down.
    pub fn down(
        &mut self,
        migrations: &[Migration],
        selection: &Selection,
        approval: &Approval,
    ) -> Result<Outcome, EngineError> {
        self.with_lease(|runner, session| {
            let lines = runner.lines(session, migrations)?;
            let chosen = chosen_down(migrations, &lines, selection)?;
            if runner.guard.back == Back::FromGates && !is_before_gates(&chosen) {
                return Err(EngineError::new(
                    Kind::Refused,
                    "not all that would be taken back still waits at its gate",
                )
                .with_next("segue status"));
            }
            let plans = runner.prepared(
                session,
                (migrations, &chosen),
                (Sent::Down, selection.manner),
            )?;
            runner.approved(session, &plans, approval)?;
            runner.secure(session, &plans)?;
            runner.forewarn(session, &plans)?;
            runner.resumes = lines
                .iter()
                .any(|line| line.standing == Standing::Reverting);
            Ok((plans, 0))
        })
    }

    /// Whether everything that would be taken back still waits at its gate, or is on its way back from there.
    ///
    /// # Errors
    /// What the server said.
    pub fn goes_back_from_gates(
        &mut self,
        migrations: &[Migration],
        selection: &Selection,
    ) -> Result<bool, EngineError> {
        let mut session = self.open()?;
        let lines = self.lines(&mut session, migrations)?;
        Ok(is_before_gates(&chosen_down(
            migrations, &lines, selection,
        )?))
    }

    /// Removes the journal: no trace of Segue is left.
    ///
    /// # Errors
    /// What the server said; [`Kind::LeaseHeld`] while somebody runs.
    pub fn uninstall(&mut self) -> Result<(), EngineError> {
        let mut session = self.open()?;
        let is_there = Journal::new(&self.statements)
            .is_installed(&mut session)
            .map_err(|error| EngineError::server(UNREAD, error))?;
        if !is_there {
            return Ok(());
        }
        self.leased(&mut session)?;
        session
            .execute(&self.statements.uninstall)
            .map_err(|error| EngineError::server("the journal could not be removed", error))
    }

    pub(crate) fn open(&self) -> Result<S, EngineError> {
        let mut session = (self.connect)().map_err(|error| {
            EngineError::server("could not connect", error).of_kind(Kind::Connection)
        })?;
        let timeout = (self.statements.session_lock_timeout)(self.limits.lock_timeout_ms);
        session
            .query(&timeout)
            .map_err(|error| EngineError::server("the session could not be prepared", error))?;
        Ok(session)
    }

    pub(crate) fn install(&self, session: &mut S) -> Result<(), EngineError> {
        let is_there = self.read(session, UNREAD, |session| {
            Journal::new(&self.statements).is_installed(session)
        })?;
        if is_there {
            return self.under_budget(|this| Journal::new(&this.statements).known(session));
        }
        self.under_budget(|this| {
            // A text that fails in its middle leaves its transaction open.
            let installed = session.execute(&this.statements.install);
            if installed.is_err() {
                let _ = session.execute(&this.statements.rollback);
            }
            installed
                .map_err(|error| EngineError::server("the journal could not be created", error))
        })
    }

    /// Tries again, after a pause, what a lock was in the way of.
    pub(crate) fn under_budget<T>(
        &self,
        mut act: impl FnMut(&Self) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let mut attempt = 1;
        loop {
            match act(self) {
                Err(error)
                    if error.kind() == Kind::LockBudget && attempt < self.limits.attempts_max =>
                {
                    let jitter = self.seed.rotate_left(attempt);
                    self.clock.pause(self.limits.pause(attempt, jitter));
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    /// Reads under the budget: where one writes, others may have to wait to read.
    pub(crate) fn read<T>(
        &self,
        session: &mut S,
        unread: &'static str,
        mut act: impl FnMut(&mut S) -> Result<T, S::Error>,
    ) -> Result<T, EngineError> {
        self.under_budget(|_| act(session).map_err(|error| EngineError::server(unread, error)))
    }

    pub(crate) fn leased(&self, session: &mut S) -> Result<Lease, EngineError> {
        let silence = self.limits.lease_silence_ms;
        self.under_budget(|this| lease::take(session, &this.statements, &this.holder, silence))
    }

    /// Where the project's migrations stand.
    pub(crate) fn lines(
        &self,
        session: &mut S,
        migrations: &[Migration],
    ) -> Result<Vec<Status>, EngineError> {
        self.overview_in(session, migrations, Others::Counted)
            .map(|overview| overview.lines)
    }

    pub(crate) fn overview_in(
        &self,
        session: &mut S,
        migrations: &[Migration],
        others: Others,
    ) -> Result<Overview, EngineError> {
        self.under_budget(|this| Journal::new(&this.statements).known(session))?;
        let ids: Vec<&str> = migrations.iter().map(|one| one.id.as_str()).collect();
        let Records {
            records,
            others: missing,
        } = self.read(session, UNREAD, |session| {
            Journal::new(&self.statements).records(session, &ids, others)
        })?;
        let lines = self.standings(session, migrations, records)?;
        Ok(Overview { lines, missing })
    }

    /// Plans in order, each on top of the one before; one that was begun goes on with the plan it was begun with.
    fn prepared(
        &self,
        session: &mut S,
        (migrations, chosen): (&[Migration], &[(&Migration, Standing)]),
        (way, manner): (Sent, Manner),
    ) -> Result<Vec<PlannedMigration>, EngineError> {
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let catalog = self.read(session, "the catalog could not be read", |session| {
            session.catalog(&CatalogScope::Whole)
        })?;
        self.refuse_foreign(session, &catalog)?;
        let version = session
            .query(&self.statements.server_version)
            .map_err(|error| {
                EngineError::server("the server's version could not be read", error)
            })?;
        let facts = ServerFacts {
            version: value(&version)
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            sizes: self.sizes(session)?,
        };
        let mut replay = Replay::new(catalog, facts);
        if way == Sent::Up {
            self.same_release(session, migrations, &mut replay)?;
        }
        let large = self.large_rows.to_string();
        replay
            .at_connect
            .session
            .insert(Ident::from(LARGE_ROWS), large);
        for (name, value) in self.statements.settings {
            let name = Ident::from(*name);
            replay.at_connect.session.insert(name, (*value).to_owned());
        }
        replay.settings = replay.at_connect.clone();
        let mut plans = Vec::with_capacity(chosen.len());
        for (migration, standing) in chosen {
            if way == Sent::Down
                && let Some(plan) = self.begun(session, migration, *standing)?
            {
                plans.push(plan);
                continue;
            }
            let mut plan = prepare(migration, way, manner, self.dialect, &mut replay)?;
            self.put_back(session, migration, &mut plan)?;
            let is_begun = matches!(
                (standing, way),
                (Standing::Partial, Sent::Up) | (Standing::Reverting, Sent::Down)
            );
            if is_begun {
                self.as_begun(session, &mut plan)?;
                crate::secret::restore(&mut plan.steps, migration, self.dialect);
                agreed(&mut plan);
            }
            plans.push(plan);
        }
        self.without_hazards(session, plans)
    }

    /// A migration that waits at its gate does not stop later ones, unless they touch the same tables: those are left
    /// for later, and refused when they are the first.
    fn before_gates(
        &mut self,
        session: &mut S,
        (migrations, lines): (&[Migration], &[Status]),
        plans: &mut Vec<PlannedMigration>,
    ) -> Result<(), EngineError> {
        let mut held = self.held(session, (migrations, lines))?;
        for (place, plan) in plans.iter().enumerate() {
            let own = contract::tables(plan);
            let conflict = held.iter().find(|(table, _)| own.contains(table)).cloned();
            if let Some((table, holder)) = conflict {
                if place == 0 {
                    return Err(EngineError::new(
                        Kind::Refused,
                        format!(
                            "{} touches {table}, and {holder} waits at its gate there",
                            plan.path
                        ),
                    )
                    .with_details([format!("first: segue contract {holder}")]));
                }
                self.observer.on(&Event::Held {
                    id: plan.id.clone(),
                    holder,
                });
                plans.truncate(place);
                return Ok(());
            }
            if contract::has_gate(plan) {
                held.extend(own.into_iter().map(|table| (table, plan.id.clone())));
            }
        }
        Ok(())
    }

    /// What goes back by the journal: a migration that has not passed its gate, or one that is on its way back. None when
    /// its own way down is what takes it back.
    fn begun(
        &self,
        session: &mut S,
        migration: &Migration,
        standing: Standing,
    ) -> Result<Option<PlannedMigration>, EngineError> {
        match standing {
            Standing::Waiting => self.way_back(session, migration)?.map(Some).ok_or_else(|| {
                EngineError::new(
                    Kind::Refused,
                    format!(
                        "{} has steps without an exact way back: `segue contract` goes on instead",
                        migration.path
                    ),
                )
            }),
            Standing::Applied | Standing::Edited => self.way_back_from_behind(session, migration),
            Standing::Partial => {
                let back = self.way_back(session, migration)?;
                back.map(Some).ok_or_else(|| {
                    EngineError::new(
                        Kind::Refused,
                        format!("{} is half done: finish `segue up` first", migration.path),
                    )
                })
            }
            Standing::Reverting => self.recorded(session, migration, Sent::Down),
            Standing::Baseline | Standing::Pending | Standing::OutOfOrder | Standing::Missing => {
                Ok(None)
            }
        }
    }

    /// A database that another tool has run on is taken over by a baseline, not by running its files again.
    fn refuse_foreign(&self, session: &mut S, catalog: &Catalog) -> Result<(), EngineError> {
        let found = catalog
            .relations()
            .map(|(name, _)| name)
            .find(|name| self.histories.contains(&name.name.as_str()));
        let Some(found) = found else { return Ok(()) };
        let found_records = self.read(session, UNREAD, |session| {
            Journal::new(&self.statements).records(session, &[], Others::Counted)
        })?;
        if found_records.others > 0 {
            return Ok(());
        }
        Err(EngineError::new(
            Kind::Refused,
            format!("another tool has run migrations here: it keeps them in {found}"),
        )
        .with_details([
            "running them again would do them twice".to_owned(),
            "to take over: `segue baseline ID`, with the last one that the database has".to_owned(),
        ])
        .with_next("segue baseline ID"))
    }

    fn as_begun(&self, session: &mut S, plan: &mut PlannedMigration) -> Result<(), EngineError> {
        let journal = Journal::new(&self.statements);
        let text = self
            .read(session, UNREAD, |session| {
                journal.recorded_text(session, &plan.id)
            })?
            .unwrap_or_default();
        if text != plan.checksums.normalized {
            return Err(EngineError::new(
                Kind::Refused,
                format!(
                    "{} was edited after some of its steps were done: put the old text back, then run again",
                    plan.path
                ),
            )
            .with_next("segue repair"));
        }
        let recorded = self.read(session, UNREAD, |session| {
            journal.recorded_plan(session, &plan.id)
        })?;
        if let Some(steps) = recorded.and_then(|json| serde_json::from_str(&json).ok()) {
            plan.steps = steps;
            plan.hazards.clear();
        }
        Ok(())
    }

    /// What is destroyed was named before, with its rows, and agreed to.
    pub(crate) fn approved(
        &self,
        session: &mut S,
        plans: &[PlannedMigration],
        approval: &Approval,
    ) -> Result<(), EngineError> {
        for plan in plans {
            if self.is_agreed(session, plan, approval)? {
                continue;
            }
            let lines = self.losses(session, plan)?;
            if !lines.is_empty() {
                return Err(EngineError::new(
                    Kind::Refused,
                    format!("{} destroys data, and nobody has agreed to it", plan.path),
                )
                .with_details(lines)
                .with_details(self.how_to_agree(&plan.hash))
                .with_next(self.next_to_agree(plan)));
            }
        }
        Ok(())
    }

    /// The line that names a loss; none when its table has no row or is not there yet.
    pub(crate) fn loss(&self, session: &mut S, loss: &Loss) -> Result<Option<String>, EngineError> {
        let Some(name) = &loss.relation else {
            return Ok(Some(loss.what.clone()));
        };
        if self.is_empty(session, name)? {
            return Ok(None);
        }
        let Some(estimate) = &self.statements.row_estimate else {
            let sql = Sql::literal("SELECT CAST(count(*) AS text) FROM ").name(name);
            let rows = self.read(session, UNCOUNTED, |session| session.query(&sql))?;
            let rows = value(&rows).unwrap_or("an unknown number of");
            return Ok(Some(format!("{} ({rows} rows in {name})", loss.what)));
        };
        let named = [Some(name.namespace.as_str()), Some(name.name.as_str())];
        let rows = self.read(session, UNCOUNTED, |session| {
            session.query_with(estimate, &named)
        })?;
        let rows = value(&rows).unwrap_or("an unknown number of");
        Ok(Some(format!("{} (about {rows} rows in {name})", loss.what)))
    }

    /// True when the table is there without a row, or not there at all: an earlier pending migration makes it.
    fn is_empty(&self, session: &mut S, name: &QualifiedName) -> Result<bool, EngineError> {
        let scope = CatalogScope::Relations(std::iter::once(name.clone()).collect());
        let catalog = self.read(session, "the catalog could not be read", |session| {
            session.execute(&self.statements.begin)?;
            let catalog = session.catalog(&scope);
            let ended = session.execute(&self.statements.rollback);
            let catalog = catalog?;
            ended.map(|()| catalog)
        })?;
        if catalog.relation(name).is_none() {
            return Ok(true);
        }
        if catalog.table(name).is_none() {
            return Ok(false);
        }
        let sql = Sql::literal("SELECT CAST(count(*) AS text) FROM (SELECT 1 FROM ")
            .name(name)
            .text(" LIMIT 1) AS first");
        let rows = self.read(session, UNCOUNTED, |session| session.query(&sql))?;
        Ok(value(&rows) == Some("0"))
    }

    /// Takes the lease, plans, runs, and gives the lease up, whatever happens.
    pub(crate) fn with_lease(
        &mut self,
        plan: impl FnOnce(&mut Self, &mut S) -> Result<(Vec<PlannedMigration>, usize), EngineError>,
    ) -> Result<Outcome, EngineError> {
        let mut session = self.open()?;
        self.install(&mut session)?;
        let lease = self.leased(&mut session)?;
        let planned = plan(self, &mut session);
        let (plans, ahead) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                lease::release(&mut session, &self.statements, &lease);
                return Err(error);
            }
        };
        let completed = self.watched(session, &lease, &plans)?;
        Ok(Outcome { completed, ahead })
    }

    fn watched(
        &mut self,
        session: S,
        lease: &Lease,
        plans: &[PlannedMigration],
    ) -> Result<Vec<String>, EngineError> {
        let shared = Watch::default();
        let statements = self.statements.clone();
        let limits = self.limits;
        let (connect, stop) = (self.connect, self.stop);
        std::thread::scope(|scope| {
            // Only a run that has something to do is watched.
            if !plans.is_empty() {
                let watched = &shared;
                let statements = &statements;
                scope.spawn(move || watch(connect, statements, &limits, (lease, watched, stop)));
            }
            let result = self.run_all(session, (lease, &shared), plans);
            shared.finish();
            result
        })
    }

    fn run_all(
        &mut self,
        mut session: S,
        (lease, shared): (&Lease, &Watch),
        plans: &[PlannedMigration],
    ) -> Result<Vec<String>, EngineError> {
        let session_id = id_of(&mut session, &self.statements.session_id)
            .map_err(|error| EngineError::server("the session has no id", error))?;
        let identity = identity_of(&mut session, &self.statements)
            .map_err(|error| EngineError::server("the server does not say who it is", error))?;
        let seed = self.seed | 1;
        let mut running = Running {
            runner: self,
            session,
            session_id,
            identity,
            replaced: None,
            lease,
            watch: shared,
            completed: 0,
            seed,
            settings: Vec::new(),
        };
        let mut completed = Vec::with_capacity(plans.len());
        let mut result = Ok(());
        for plan in plans {
            result = running.migration(plan);
            if result.is_err() {
                break;
            }
            completed.push(plan.id.clone());
        }
        let Running {
            runner,
            mut session,
            ..
        } = running;
        if result.is_ok() && !plans.is_empty() {
            // A run that cannot say so is gone on with as if it had been killed.
            let _ = session.execute(&runner.statements.settle);
        }
        let said = match &result {
            Ok(()) => format!("completed: {}", completed.join(", ")),
            Err(error) => format!("stopped: {error}; completed: {}", completed.join(", ")),
        };
        if !plans.is_empty() {
            // The log is for people: a run that cannot write it has said the same to its caller.
            let line = [Some(runner.holder.as_str()), Some(said.as_str()), None];
            let _ = session.query_with(&runner.statements.record_event, &line);
        }
        lease::release(&mut session, &runner.statements, lease);
        result.map(|()| completed)
    }
}
