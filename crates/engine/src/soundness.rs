//! Around a turn that touches data: a copy before it, and before its commit the references and what is stored.
//!
//! A dialect whose server does all of that by itself has no statements for it.

use segue_model::{Change, Failure, Session, SessionError, Work, WorkKind};

use crate::error::{EngineError, Kind};
use crate::limits::Event;
use crate::prepare::{PlannedMigration, PlannedStep};
use crate::run::Running;
use crate::turn::{Trouble, stopped};
use crate::up::Copies;

/// More rows than there are: references that cannot be followed at all.
const UNTOLD: u64 = u64::MAX;

impl<S: Session + Send> Running<'_, '_, S> {
    /// Before the commit: no new row refers to one that is not there, and what is stored is sound.
    pub(crate) fn sound(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        dangling: u64,
    ) -> Result<(), Trouble<S::Error>> {
        let last = turn.len().saturating_sub(1);
        if turn.iter().any(touches_tables)
            && let Some(found) = self
                .dangling()
                .map_err(|error| Trouble::Server(error, last))?
            && found.0 > dangling
        {
            return Err(Trouble::Dangling(found.0, found.1));
        }
        let (Some(integrity), true) = (
            self.runner.statements.integrity.clone(),
            turn.iter().any(is_grave),
        ) else {
            return Ok(());
        };
        let faults = self
            .session
            .query(&integrity)
            .map_err(|error| Trouble::Server(error, last))?;
        if faults.is_empty() {
            return Ok(());
        }
        let error = EngineError::new(
            Kind::NotVerified,
            "the database is not sound after this step: it was rolled back",
        )
        .with_details(faults.into_iter().flatten().flatten())
        .with_details([
            "if the same is found without this migration, the file was damaged before".to_owned(),
        ]);
        Err(Trouble::Final(stopped(migration, turn.last(), error)))
    }

    /// How many rows refer to one that is not there, and some of them; [`UNTOLD`] and why, when that cannot be told.
    fn dangling(&mut self) -> Result<Option<(u64, String)>, S::Error> {
        let Some(ask) = &self.runner.statements.dangling else {
            return Ok(None);
        };
        let rows = match self.session.query(ask) {
            // A reference to columns that are no key: nobody can say which row it leads to.
            Err(error) if error.failure() == Failure::Refused => {
                return Ok(Some((UNTOLD, error.to_string())));
            }
            asked => asked?,
        };
        let mut values = rows.into_iter().flatten();
        let count = values.next().flatten();
        let sample = values.next().flatten().unwrap_or_default();
        Ok(count
            .and_then(|text| text.parse().ok())
            .map(|count| (count, sample)))
    }

    /// After the rollback: as many rows dangled before. Those are not this migration's, and it may leave them.
    pub(crate) fn dangled_before(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
        (count, sample): (u64, &str),
    ) -> Result<u64, EngineError> {
        let before = self.dangling().map_err(|error| {
            let what = "the references could not be checked";
            stopped(migration, turn.last(), EngineError::server(what, error))
        })?;
        let before = before.map_or(0, |(before, _)| before);
        if before >= count {
            return Ok(count);
        }
        let numbers = format!("{count} rows after the step, {before} before it");
        let error = EngineError::new(
            Kind::NotVerified,
            "rows would refer to rows that are not there: the step was rolled back",
        )
        .with_details(sample.lines().map(str::to_owned))
        .with_details((count != UNTOLD).then_some(numbers));
        Err(stopped(migration, turn.last(), error))
    }

    /// Before what destroys or rebuilds: a copy of the database, where the dialect makes one.
    pub(crate) fn copy_before(
        &mut self,
        migration: &PlannedMigration,
        turn: &[PlannedStep],
    ) -> Result<(), EngineError> {
        if self.runner.copies == Copies::NotMade {
            return Ok(());
        }
        let mut is_needed = false;
        for loss in turn.iter().flat_map(|step| &step.losses) {
            is_needed |= self.runner.loss(&mut self.session, loss)?.is_some();
        }
        if !is_needed {
            return Ok(());
        }
        let mut attempt = 1;
        let place = loop {
            match self.session.copy(&migration.id) {
                Ok(place) => break place,
                Err(error) if error.failure() == Failure::LockTimeout => {
                    self.after_failure(migration, (error, turn.first()), attempt)?;
                    attempt += 1;
                }
                Err(error) => {
                    let what =
                        "the database could not be copied before a step that destroys or rebuilds";
                    let error = EngineError::server(what, error);
                    return Err(stopped(migration, turn.first(), error));
                }
            }
        };
        let Some(place) = place else { return Ok(()) };
        let said = format!("copied the database to {place}");
        let line = [
            Some(self.runner.holder.as_str()),
            Some(said.as_str()),
            Some(migration.id.as_str()),
        ];
        // The log is for people: the copy is there whether or not it can be written.
        let _ = self
            .session
            .query_with(&self.runner.statements.record_event, &line);
        self.runner.observer.on(&Event::Copied { place });
        Ok(())
    }
}

/// True for a step after which references may lead nowhere.
fn touches_tables(step: &PlannedStep) -> bool {
    step.changes.iter().any(|change| match change {
        Change::Table(..)
        | Change::Column(..)
        | Change::Constraint(..)
        | Change::Partition(..)
        | Change::Trigger(..)
        | Change::Data(_)
        | Change::Program(_)
        | Change::Other(_)
        | Change::Opaque(_) => true,
        Change::Index(_)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Namespace(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(_)
        | Change::Comment(..)
        | Change::Maintenance(_)
        | Change::Session(_)
        | Change::Transaction(_) => false,
    })
}

/// True for a step that destroys or rewrites.
fn is_grave(step: &PlannedStep) -> bool {
    let rewrites = |work: &Work| matches!(work.kind, WorkKind::Rewrite);
    !step.losses.is_empty() || step.impact.work.iter().any(rewrites)
}
