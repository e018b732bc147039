//! One turn: the steps that share a transaction, or one step outside any. Tried again whole, under the lock budget.

use segue_model::{
    Blocks, Build, Change, Failure, IndexChange, IndexState, LockMode, Presence, Reaction, Request,
    Session, SessionError, StepTransaction, TextRows,
};

use crate::error::{EngineError, Kind, Place};
use crate::journal::{Entry, Journal, Others, StepState, value};
use crate::journey::requests;
use crate::limits::Event;
use crate::prepare::{PlannedMigration, PlannedStep, Sent, StepText, Stretch};
use crate::run::Running;
use crate::verify::{Verdict, verdict};

/// How a turn is written down.
pub(crate) enum Writing<'a> {
    /// The migration's record and nothing else: it is all of the migration.
    Whole(Entry<'a>),
    /// Each step, and perhaps the migration's new state.
    Steps(Option<Entry<'a>>),
    /// Each step, and the migration is forgotten: it has gone back.
    Gone,
}

/// The command that a run was begun with.
fn command(migration: &PlannedMigration) -> &'static str {
    match (migration.stretch, migration.way) {
        (Stretch::BehindGate, _) => "contract",
        (Stretch::ToGate, Sent::Up) => "up",
        (Stretch::ToGate, Sent::Down) => "down",
    }
}

/// Why one try failed.
pub(crate) enum Trouble<E> {
    /// What the server said, and the step that was being sent.
    Server(E, usize),
    /// The reply to COMMIT did not come; the transaction's id, where it has one.
    AtCommit(E, Option<String>),
    /// Something that no second try mends.
    Final(EngineError),
    /// Rows refer to rows that are not there: so many, and some of them.
    Dangling(u64, String),
}

/// Cuts a migration into turns.
pub(crate) fn turns(steps: &[PlannedStep]) -> Vec<&[PlannedStep]> {
    steps
        .chunk_by(|_, next| next.transaction == StepTransaction::WithPrevious)
        .collect()
}

/// The step outside any transaction that a turn consists of, if it is one.
pub(crate) fn outside(turn: &[PlannedStep]) -> Option<&PlannedStep> {
    match turn {
        [step] if step.transaction == StepTransaction::Outside => Some(step),
        _ => None,
    }
}

impl<S: Session + Send> Running<'_, '_, S> {
    /// Runs a turn in one transaction.
    pub(crate) fn inside(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        writing: &Writing<'_>,
    ) -> Result<(), EngineError> {
        self.copy_before(migration, turn)?;
        let mut attempt = 1;
        let mut dangling = 0;
        loop {
            let tried = self.try_inside(migration, turn, (writing, dangling));
            let Err(trouble) = tried else { return Ok(()) };
            let (error, step) = match trouble {
                Trouble::Final(error) => return Err(error),
                Trouble::Dangling(count, sample) => {
                    dangling = self.dangled_before(migration, turn, (count, &sample))?;
                    continue;
                }
                Trouble::AtCommit(error, id) => {
                    if self.has_committed(migration, turn, id.as_deref(), error)? {
                        return Ok(());
                    }
                    attempt += 1;
                    continue;
                }
                Trouble::Server(error, step) => (error, turn.get(step)),
            };
            self.after_failure(migration, (error, step), attempt)?;
            attempt += 1;
        }
    }

    /// Decides after a failed try: an error ends the run, else a pause has passed.
    pub(crate) fn after_failure(
        &mut self,
        migration: &PlannedMigration,
        (error, step): (S::Error, Option<&PlannedStep>),
        attempt: u32,
    ) -> Result<(), EngineError> {
        let (blockers, waiting) = self.watch.end();
        let failure = error.failure();
        let is_retryable = match failure {
            Failure::LockTimeout | Failure::Deadlock | Failure::ConnectionLost => true,
            Failure::Cancelled => waiting.is_some(),
            Failure::Permission | Failure::Resources | Failure::Refused => false,
        };
        if self.watch.is_lost() {
            return Err(stopped(migration, step, lost()));
        }
        if self.runner.stop.is_asked() {
            return Err(stopped(migration, step, asked()));
        }
        if !is_retryable || attempt >= self.runner.limits.attempts_max {
            let what = match failure {
                Failure::LockTimeout | Failure::Deadlock | Failure::Cancelled if is_retryable => {
                    format!(
                        "a lock was not granted within {} ms, {attempt} of {} attempts",
                        self.waits_ms(step),
                        self.runner.limits.attempts_max
                    )
                }
                Failure::ConnectionLost => "the connection is gone".to_owned(),
                Failure::LockTimeout
                | Failure::Deadlock
                | Failure::Cancelled
                | Failure::Permission
                | Failure::Resources
                | Failure::Refused => "the server refused the statement".to_owned(),
            };
            let offset = error.position().unwrap_or_default();
            let mut stopped = EngineError::server(what, error)
                .with_details(blockers.iter().map(|line| format!("blocked by pid {line}")));
            if waiting.is_some() {
                stopped = stopped.of_kind(Kind::LockBudget);
            }
            stopped = stopped.with_details(self.reasons(migration, failure, step));
            return Err(stopped_at(migration, step, offset, stopped));
        }
        let jitter = self.jitter();
        let pause = self.runner.limits.pause(attempt, jitter);
        self.runner.observer.on(&Event::Waiting {
            attempt,
            attempts_max: self.runner.limits.attempts_max,
            pause_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            blockers,
        });
        self.runner.clock.pause(pause);
        if failure == Failure::ConnectionLost {
            // A server that restarts is back within the pauses; if not, the next try says so.
            let _ = self.reconnect();
        }
        match &self.replaced {
            Some(now) => {
                let replaced = replaced(self.identity.as_deref(), now);
                Err(stopped(migration, step, replaced))
            }
            None => Ok(()),
        }
    }

    /// What else there is to say of a failure that no second try mends.
    fn reasons(
        &mut self,
        migration: &PlannedMigration,
        failure: Failure,
        step: Option<&PlannedStep>,
    ) -> Vec<String> {
        match (failure, step) {
            (Failure::Permission, step) => self.missing_rights(step),
            (Failure::Refused, Some(step)) => self.changed_meanwhile(migration, step),
            (Failure::Refused, None)
            | (
                Failure::LockTimeout
                | Failure::Deadlock
                | Failure::Cancelled
                | Failure::ConnectionLost
                | Failure::Resources,
                _,
            ) => Vec::new(),
        }
    }

    fn try_inside(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        (writing, dangling): (&Writing<'_>, u64),
    ) -> Result<(), Trouble<S::Error>> {
        let done = self.fenced(migration, turn, (writing, dangling));
        if done.is_err() {
            // When the connection is gone the server has rolled back, or will.
            let _ = self.session.execute(&self.runner.statements.rollback);
        }
        done
    }

    /// Commits. What could not be committed is rolled back: it may be open still.
    fn commit(&mut self) -> Result<(), S::Error> {
        let committed = self.session.execute(&self.runner.statements.commit);
        if committed.is_err() {
            let _ = self.session.execute(&self.runner.statements.rollback);
        }
        committed
    }

    /// Everything from BEGIN to COMMIT.
    fn fenced(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        (writing, dangling): (&Writing<'_>, u64),
    ) -> Result<(), Trouble<S::Error>> {
        let id = self.begin_fenced()?;
        let seen = match requests(turn) {
            Some(requests) => self.send_together(turn, &requests),
            None => self.send_singly(migration, turn),
        };
        match seen? {
            Verdict::Holds | Verdict::Unseen => {}
            Verdict::Missing(how) => {
                let error = EngineError::new(
                    Kind::NotVerified,
                    format!("what this step is for cannot be read back from the catalog: {how}"),
                );
                return Err(Trouble::Final(stopped(migration, turn.last(), error)));
            }
        }
        self.sound(migration, turn, dangling)?;
        self.write_and_commit(migration, (turn, writing), id)
    }

    /// Sends the steps and reads back what they are for.
    fn send_singly(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
    ) -> Result<Verdict, Trouble<S::Error>> {
        for (number, step) in turn.iter().enumerate() {
            self.watch.begin(&self.session_id);
            let sent = self.send(migration, step);
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(found)) => return Err(Trouble::Final(found)),
                Err(error) => return Err(Trouble::Server(error, number)),
            }
            if step
                .changes
                .iter()
                .any(|change| matches!(change, Change::Session(_)))
            {
                // The file may have set the lock time-out: the budget is ours.
                self.fence()?;
            }
        }
        self.watch.end();
        verdict(
            &mut self.session,
            turn.iter().flat_map(|step| &step.changes),
        )
        .map_err(|error| Trouble::Server(error, 0))
    }

    fn write_and_commit(
        &mut self,
        migration: &PlannedMigration,
        (turn, writing): (&[PlannedStep], &Writing<'_>),
        id: Option<String>,
    ) -> Result<(), Trouble<S::Error>> {
        let last = turn.len().saturating_sub(1);
        let statements = &self.runner.statements;
        let committed = if let Writing::Whole(entry) = writing {
            Journal::new(statements).record_and_commit(&mut self.session, entry)
        } else {
            self.write(migration, turn, writing)
                .map_err(|error| Trouble::Server(error, last))?;
            self.session.execute(&self.runner.statements.commit)
        };
        committed.map_err(|error| match error.failure() {
            Failure::ConnectionLost => Trouble::AtCommit(error, id),
            Failure::LockTimeout
            | Failure::Deadlock
            | Failure::Cancelled
            | Failure::Permission
            | Failure::Resources
            | Failure::Refused => Trouble::Server(error, last),
        })
    }

    /// BEGIN and the fence in one journey; gives the transaction's id. A fence without its BEGIN holds for no longer than
    /// itself.
    fn begin_fenced(&mut self) -> Result<Option<String>, Trouble<S::Error>> {
        let timeout = self.runner.limits.lock_timeout_ms.to_string();
        let statements = &self.runner.statements;
        let rows = self
            .session
            .send_all(&[
                Request::Execute(&statements.begin),
                Request::Query(
                    &statements.fence,
                    &[Some(&self.lease.epoch), Some(&timeout)],
                ),
            ])
            .map_err(|(_, error)| Trouble::Server(error, 0))?;
        passed(rows.last().unwrap_or(&TextRows::new()))
    }

    fn fence(&mut self) -> Result<Option<String>, Trouble<S::Error>> {
        let timeout = self.runner.limits.lock_timeout_ms.to_string();
        let rows = self
            .session
            .query_with(
                &self.runner.statements.fence,
                &[Some(&self.lease.epoch), Some(&timeout)],
            )
            .map_err(|error| Trouble::Server(error, 0))?;
        passed(&rows)
    }

    fn send(
        &mut self,
        migration: &PlannedMigration,
        step: &PlannedStep,
    ) -> Result<Result<(), EngineError>, S::Error> {
        match &step.text {
            StepText::Users(text) => self.session.execute_users(text).map(Ok),
            StepText::Authored(sql) => self.session.execute(sql).map(Ok),
            // It is a turn of its own, and is not sent.
            StepText::Backfill(..) => Ok(Ok(())),
            StepText::Probe(sql, finds) => {
                let rows = self.session.query(sql)?;
                if rows.is_empty() {
                    return Ok(Ok(()));
                }
                let sample = rows.into_iter().take(3).map(|row| {
                    let values: Vec<String> = row
                        .into_iter()
                        .map(|value| value.unwrap_or_else(|| "NULL".to_owned()))
                        .collect();
                    format!("found: {}", values.join(", "))
                });
                let error = EngineError::new(Kind::Refused, finds.clone())
                    .with_details(sample)
                    .with_next(format!(
                        "correct these rows, then run `segue {}` again",
                        command(migration)
                    ));
                Ok(Err(stopped(migration, Some(step), error)))
            }
        }
    }

    fn write(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        writing: &Writing<'_>,
    ) -> Result<(), S::Error> {
        let statements = &self.runner.statements;
        let journal = Journal::new(statements);
        let entry = match writing {
            Writing::Whole(entry) => return journal.record(&mut self.session, entry),
            Writing::Gone => return journal.forget(&mut self.session, &migration.id),
            Writing::Steps(entry) => entry,
        };
        for step in turn {
            let named = (step_key(migration, step), step.purpose.as_str());
            journal.record_step(
                &mut self.session,
                &migration.id,
                (&named.0, named.1),
                StepState::Done,
            )?;
        }
        match entry {
            Some(entry) => journal.record(&mut self.session, entry),
            None => Ok(()),
        }
    }

    /// Runs a step outside any transaction: intent, act, verify, record.
    pub(crate) fn outside(
        &mut self,
        migration: &PlannedMigration,
        step: &PlannedStep,
        known: Option<StepState>,
        writing: &Writing<'_>,
    ) -> Result<(), EngineError> {
        let turn = std::slice::from_ref(step);
        let mut known = known;
        let mut attempt = 1;
        loop {
            match self.try_outside(migration, step, &mut known) {
                Ok(()) => return self.note(migration, turn, writing),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Server(error, _) | Trouble::AtCommit(error, _)) => {
                    self.after_failure(migration, (error, Some(step)), attempt)
                        .map_err(|error| self.tidied(step, error))?;
                }
                // Only a transaction is asked about its rows.
                Err(Trouble::Dangling(..)) => {}
            }
            attempt += 1;
        }
    }

    /// A build that is given up leaves no invalid index, which would slow every write and, when it is unique, refuse some.
    fn tidied(&mut self, step: &PlannedStep, error: EngineError) -> EngineError {
        if self.watch.is_lost() || self.replaced.is_some() {
            return error;
        }
        let timeout = self.runner.limits.lock_timeout_ms;
        match self.drop_leftover(step, timeout) {
            Ok(None) => error,
            Ok(Some(name)) => error.with_details([format!(
                "the invalid index {name}, which the failed build left behind, was dropped"
            )]),
            Err(_) => error.with_details([
                "the failed build may have left an invalid index: the next `segue up` drops it"
                    .to_owned(),
            ]),
        }
    }

    fn try_outside(
        &mut self,
        migration: &PlannedMigration,
        step: &PlannedStep,
        known: &mut Option<StepState>,
    ) -> Result<(), Trouble<S::Error>> {
        let server = |error| Trouble::Server(error, 0);
        if *known == Some(StepState::Intended) {
            // A try may have had its effect: the catalog decides.
            let seen = self.seen_alone(step)?;
            if seen == Verdict::Holds {
                return Ok(());
            }
        }
        self.drop_invalid(step)?;
        if known.is_none() {
            let intent = [step];
            self.intend(migration, &intent)?;
            *known = Some(StepState::Intended);
        }
        self.wait_for_locks(self.waits_ms(Some(step)))
            .map_err(server)?;
        self.watch.begin(&self.session_id);
        let sent = self.send(migration, step).map_err(server)?;
        self.watch.end();
        sent.map_err(Trouble::Final)?;
        match self.seen_alone(step)? {
            Verdict::Holds | Verdict::Unseen => Ok(()),
            Verdict::Missing(how) => {
                let error = EngineError::new(
                    Kind::NotVerified,
                    format!("what this step is for cannot be read back from the catalog: {how}"),
                );
                Err(Trouble::Final(stopped(migration, Some(step), error)))
            }
        }
    }

    /// What the catalog says of a step, in a transaction that changes nothing.
    fn seen_alone(&mut self, step: &PlannedStep) -> Result<Verdict, Trouble<S::Error>> {
        let server = |error| Trouble::Server(error, 0);
        self.session
            .execute(&self.runner.statements.begin)
            .map_err(server)?;
        let seen = verdict(&mut self.session, step.changes.iter());
        let ended = self.session.execute(&self.runner.statements.rollback);
        let seen = seen.map_err(server)?;
        ended.map_err(server)?;
        Ok(seen)
    }

    /// A step that keeps nobody waiting may wait itself: it queues for a lock that no application statement conflicts
    /// with. Every other one has the short time-out.
    fn waits_ms(&self, step: Option<&PlannedStep>) -> u32 {
        let waits_alone = step.is_some_and(|step| {
            let strongest = step.impact.strongest();
            step.transaction == StepTransaction::Outside
                && strongest.map_or(Blocks::ReadsAndWrites, LockMode::blocks) == Blocks::Nobody
        });
        let limits = &self.runner.limits;
        if waits_alone {
            limits.online_wait_ms
        } else {
            limits.lock_timeout_ms
        }
    }

    /// Intent, before a step that no transaction can take back.
    fn intend(
        &mut self,
        migration: &PlannedMigration,
        steps: &[&PlannedStep],
    ) -> Result<(), Trouble<S::Error>> {
        let server = |error| Trouble::Server(error, 0);
        self.session
            .execute(&self.runner.statements.begin)
            .map_err(server)?;
        let written = self
            .fence()
            .and_then(|_| self.intents(migration, steps).map_err(server));
        if written.is_err() {
            let _ = self.session.execute(&self.runner.statements.rollback);
        }
        written?;
        self.commit().map_err(server)
    }

    fn intents(
        &mut self,
        migration: &PlannedMigration,
        steps: &[&PlannedStep],
    ) -> Result<(), S::Error> {
        let journal = Journal::new(&self.runner.statements);
        for step in steps {
            let key = step_key(migration, step);
            let named = (key.as_str(), step.purpose.as_str());
            let state = StepState::Intended;
            journal.record_step(&mut self.session, &migration.id, named, state)?;
        }
        Ok(())
    }

    /// The same for a step that is more than one statement, until it is written.
    pub(crate) fn intend_alone(
        &mut self,
        migration: &PlannedMigration,
        step: &PlannedStep,
    ) -> Result<(), EngineError> {
        let mut attempt = 1;
        loop {
            let Err(trouble) = self.intend(migration, &[step]) else {
                return Ok(());
            };
            // Nothing was written; the transaction must not stay open.
            let _ = self.session.execute(&self.runner.statements.rollback);
            match trouble {
                Trouble::Final(error) => return Err(error),
                // An intent touches no table of the user's.
                Trouble::Dangling(..) => {}
                Trouble::Server(error, _) | Trouble::AtCommit(error, _) => {
                    self.after_failure(migration, (error, Some(step)), attempt)?;
                }
            }
            attempt += 1;
        }
    }

    /// An invalid index under the name of the one to be built is what a failed build left behind.
    fn drop_invalid(&mut self, step: &PlannedStep) -> Result<(), Trouble<S::Error>> {
        // A concurrent drop keeps nobody waiting, and waits for old transactions like a build.
        let dropped = self.drop_leftover(step, self.runner.limits.online_wait_ms)?;
        if let Some(name) = dropped {
            self.runner.observer.on(&Event::InvalidIndex { name });
        }
        Ok(())
    }

    /// Drops what a failed build left behind, waiting so long at most: its name.
    fn drop_leftover(
        &mut self,
        step: &PlannedStep,
        wait_ms: u32,
    ) -> Result<Option<String>, Trouble<S::Error>> {
        let [Change::Index(IndexChange::Create { index, build, .. })] = step.changes.as_slice()
        else {
            return Ok(None);
        };
        if *build != Build::Concurrently {
            return Ok(None);
        }
        let name = index.table.sibling(index.name.ident().clone());
        let scope = segue_model::CatalogScope::Relations(std::iter::once(name.clone()).collect());
        let server = |error| Trouble::Server(error, 0);
        self.session
            .execute(&self.runner.statements.begin)
            .map_err(server)?;
        let live = self.session.catalog(&scope);
        let ended = self.session.execute(&self.runner.statements.rollback);
        let live = live.map_err(server)?;
        ended.map_err(server)?;
        let is_invalid = live
            .index(&name)
            .is_some_and(|found| found.state == IndexState::Invalid);
        if !is_invalid {
            return Ok(None);
        }
        let shown = name.to_string();
        let drop = Change::Index(IndexChange::Drop {
            name,
            build: Build::Concurrently,
            presence: Presence::Lenient,
            reaction: Reaction::Restrict,
        });
        let sql =
            self.runner.dialect.render(&[drop]).map_err(|error| {
                Trouble::Final(EngineError::new(Kind::Failed, error.to_string()))
            })?;
        self.wait_for_locks(wait_ms).map_err(server)?;
        self.session.execute(&sql).map_err(server)?;
        Ok(Some(shown))
    }

    /// How long the session's statements wait for a lock from here on.
    pub(crate) fn wait_for_locks(&mut self, ms: u32) -> Result<(), S::Error> {
        let statement = (self.runner.statements.session_lock_timeout)(ms);
        self.session.query(&statement).map(drop)
    }

    /// Records a step that has had its effect, in a transaction of its own.
    pub(crate) fn note(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        writing: &Writing<'_>,
    ) -> Result<(), EngineError> {
        let empty: [PlannedStep; 0] = [];
        let mut attempt = 1;
        loop {
            let tried = self.try_note(migration, turn, writing);
            match tried {
                Ok(()) => return Ok(()),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Server(error, _) | Trouble::AtCommit(error, _)) => {
                    self.after_failure(migration, (error, empty.first()), attempt)?;
                }
                // Only a transaction with steps is asked about its rows.
                Err(Trouble::Dangling(..)) => {}
            }
            attempt += 1;
        }
    }

    fn try_note(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        writing: &Writing<'_>,
    ) -> Result<(), Trouble<S::Error>> {
        let server = |error| Trouble::Server(error, 0);
        self.session
            .execute(&self.runner.statements.begin)
            .map_err(server)?;
        let written = match self.fence() {
            Ok(_) => self.write(migration, turn, writing).map_err(server),
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = written {
            // The record is written again, or the run ends.
            let _ = self.session.execute(&self.runner.statements.rollback);
            return Err(trouble);
        }
        self.commit().map_err(server)
    }

    /// Whether a transaction whose COMMIT got no reply was committed: the server is asked, then the journal.
    fn has_committed(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        id: Option<&str>,
        error: S::Error,
    ) -> Result<bool, EngineError> {
        let unknown = EngineError::server("whether the last step was committed is unknown", error)
            .of_kind(Kind::Unknown)
            .with_state(crate::StateOfDatabase::Unknown);
        for attempt in 1..=self.runner.limits.attempts_max {
            let jitter = self.jitter();
            let pause = self.runner.limits.pause(attempt, jitter);
            self.runner.clock.pause(pause);
            if self.reconnect().is_err() {
                continue;
            }
            if let Some(now) = &self.replaced {
                // A transaction's id means nothing on another timeline.
                let replaced = replaced(self.identity.as_deref(), now)
                    .of_kind(Kind::Unknown)
                    .with_state(crate::StateOfDatabase::Unknown);
                return Err(stopped(migration, turn.last(), replaced));
            }
            if let Ok(Some(is_committed)) = self.outcome_of(migration, turn, id) {
                return Ok(is_committed);
            }
        }
        Err(stopped(migration, turn.last(), unknown))
    }

    fn outcome_of(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        id: Option<&str>,
    ) -> Result<Option<bool>, S::Error> {
        if let (Some(outcome), Some(id)) = (&self.runner.statements.outcome, id) {
            let rows = self.session.query_with(outcome, &[Some(id)])?;
            match value(&rows) {
                Some("committed") => return Ok(Some(true)),
                Some("aborted") => return Ok(Some(false)),
                Some("in progress") => return Ok(None),
                Some(_) | None => {}
            }
        }
        // The record commits with the step: it decides.
        let journal = Journal::new(&self.runner.statements);
        let records = journal
            .records(&mut self.session, &[&migration.id], Others::Counted)?
            .records;
        let steps = journal.steps(&mut self.session, &migration.id)?;
        let has_steps = turn
            .iter()
            .all(|step| steps.get(&step_key(migration, step)) == Some(&StepState::Done));
        let of_this = records.iter().find(|record| record.id == migration.id);
        let has_record = of_this.is_some();
        // What runs again whenever it changes has a record of before.
        let is_this_text =
            of_this.is_some_and(|record| record.semantic == migration.checksums.semantic);
        Ok(Some(match migration.way {
            Sent::Up if steps.is_empty() => is_this_text,
            Sent::Up => has_steps,
            Sent::Down => !has_record || has_steps,
        }))
    }
}

/// An error with its place.
pub(crate) fn stopped(
    migration: &PlannedMigration,
    step: Option<&PlannedStep>,
    error: EngineError,
) -> EngineError {
    stopped_at(migration, step, 0, error)
}

fn stopped_at(
    migration: &PlannedMigration,
    step: Option<&PlannedStep>,
    offset: usize,
    error: EngineError,
) -> EngineError {
    let Some(step) = step else { return error };
    let offset = match step.text {
        StepText::Users(_) => offset,
        StepText::Authored(_) | StepText::Probe(..) | StepText::Backfill(..) => 0,
    };
    error.at(Place {
        migration: migration.id.clone(),
        step: step.id.clone(),
        file: Some((step.file.0.clone(), step.file.1 + offset)),
    })
}

/// The journal's key of a step: the way down has steps of its own.
pub(crate) fn step_key(migration: &PlannedMigration, step: &PlannedStep) -> String {
    match migration.way {
        Sent::Up => step.id.clone(),
        Sent::Down => format!("down {}", step.id),
    }
}

/// The transaction's id; no row means that the epoch is over.
fn passed<E>(rows: &TextRows) -> Result<Option<String>, Trouble<E>> {
    if rows.is_empty() {
        return Err(Trouble::Final(lost()));
    }
    Ok(value(rows).map(str::to_owned))
}

pub(crate) fn lost() -> EngineError {
    EngineError::new(
        Kind::LeaseLost,
        "another runner has taken over: this one stops before its next effect",
    )
}

/// Somebody said so.
pub(crate) fn asked() -> EngineError {
    EngineError::new(Kind::Stopped, "stopped, as it was asked to")
}

/// Another server answers than the one the plan was made on.
pub(crate) fn replaced(before: Option<&str>, now: &str) -> EngineError {
    EngineError::new(
        Kind::Connection,
        "another server answers now: there was a failover, and the last steps may not have reached it",
    )
    .with_details([
        format!("before: {}", before.unwrap_or("unknown")),
        format!("now: {now}"),
        "the next run goes on with what the journal there says".to_owned(),
    ])
}
