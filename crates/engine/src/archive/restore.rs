//! What is kept comes back to its place, the way `down` would bring it back, when nothing stands there.

use segue_model::{PhaseKind, QualifiedName, Session, StepTransaction};

use super::{Kept, KeptStage, KeptWhat, own_plan};
use crate::error::{EngineError, Kind};
use crate::journal::Journal;
use crate::prepare::{PlannedMigration, PlannedStep};
use crate::secret::is_masked;
use crate::up::{Outcome, Runner};

impl<S: Session + Send> Runner<'_, S> {
    /// Brings something back. It may be killed at any moment and called again.
    ///
    /// # Errors
    /// [`Kind::Refused`] when something stands in its place, or nobody knows what it was; as [`Runner::up`] otherwise.
    pub fn restore_kept(&mut self, kept: &Kept) -> Result<Outcome, EngineError> {
        self.with_lease(|runner, session| {
            let plan = runner.restoring(session, kept)?;
            let plans = vec![plan];
            runner.forewarn(session, &plans)?;
            runner.resumes = true;
            Ok((plans, 0))
        })
    }

    /// What a restore was begun with and did not end: by the name a person types.
    ///
    /// # Errors
    /// What the server said.
    pub fn restore_begun(&mut self, typed: &str) -> Result<Option<Kept>, EngineError> {
        let mut session = self.open()?;
        let found = self
            .sources(&mut session)?
            .into_iter()
            .map(|(place, one)| Kept {
                place,
                what: one.what,
                migration: Some(one.record.id),
                since: Some(one.record.at),
                age_s: None,
                rows: 0,
                bytes: 0,
                stage: KeptStage::Dropped,
            });
        for kept in found.filter(|kept| kept.is_named(typed)) {
            if self
                .begun_with(&mut session, &id_of(&kept.place))?
                .is_some()
            {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    fn begun_with(
        &self,
        session: &mut S,
        id: &str,
    ) -> Result<Option<Vec<PlannedStep>>, EngineError> {
        let plan = Journal::new(&self.statements)
            .recorded_plan(session, id)
            .map_err(|error| EngineError::server("the journal could not be read", error))?;
        Ok(plan.and_then(|json| serde_json::from_str(&json).ok()))
    }

    fn restoring(&self, session: &mut S, kept: &Kept) -> Result<PlannedMigration, EngineError> {
        let name = || (id_of(&kept.place), &kept.place);
        if let Some(steps) = self.begun_with(session, &id_of(&kept.place))? {
            return Ok(own_plan(name(), steps, Vec::new()));
        }
        let Some(source) = self.sources(session)?.remove(&kept.place) else {
            return Err(EngineError::new(
                Kind::Refused,
                format!(
                    "the journal does not know what {} was: nobody can tell where it belongs",
                    kept.place
                ),
            )
            .with_details([
                "a table goes back by hand: ALTER TABLE … SET SCHEMA, with the namespace it had"
                    .to_owned(),
            ])
            .with_next("segue archive list"));
        };
        if source.stage == KeptStage::UnderWay {
            return Err(EngineError::new(
                Kind::Refused,
                format!(
                    "{} is on its way: nothing of it is lost, and going back is what `segue down` is for",
                    source.record.id
                ),
            )
            .with_next("segue status"));
        }
        self.is_free(session, &source.what)?;
        let steps = self.back(&source.steps, source.number).ok_or_else(|| {
            EngineError::new(
                Kind::Refused,
                format!(
                    "{} has no exact way back: copy what you need from it by hand",
                    kept.place
                ),
            )
            .with_next("segue archive list")
        })?;
        if is_masked(&steps) {
            return Err(EngineError::new(
                Kind::Refused,
                format!(
                    "{} cannot be brought back alone: its definition carries a secret, which only the migration's file has",
                    kept.place
                ),
            )
            .with_next("segue down"));
        }
        Ok(own_plan(name(), steps, Vec::new()))
    }

    /// The contract steps of the statement that took it away, undone; numbered anew.
    fn back(&self, steps: &[PlannedStep], number: usize) -> Option<Vec<PlannedStep>> {
        let statement = |step: &PlannedStep| {
            let id = step.id.split('.').next().unwrap_or_default();
            (step.phase == PhaseKind::Contract).then(|| id.to_owned())
        };
        let wanted = statement(steps.get(number)?)?;
        let undone: Option<Vec<Vec<PlannedStep>>> = steps
            .chunk_by(|_, next| next.transaction == StepTransaction::WithPrevious)
            .filter(|turn| {
                turn.first()
                    .is_some_and(|step| statement(step).as_ref() == Some(&wanted))
            })
            .rev()
            .map(|turn| self.undone(turn))
            .collect();
        let mut undone: Vec<PlannedStep> = undone?.into_iter().flatten().collect();
        for (number, step) in (1..).zip(&mut undone) {
            step.id = number.to_string();
        }
        (!undone.is_empty()).then_some(undone)
    }

    /// Refuses when something stands where it belongs.
    fn is_free(&self, session: &mut S, what: &KeptWhat) -> Result<(), EngineError> {
        let (table, column) = match what {
            KeptWhat::Table(table) => (table, None),
            KeptWhat::Column(table, column) => (table, Some(column)),
            KeptWhat::Unknown(_) => return Ok(()),
        };
        let catalog = self.looked_at(session, std::iter::once(table.clone()).collect())?;
        let is_there = catalog.relation(table).is_some();
        match (column, is_there, catalog.table(table)) {
            (None, false, _) => Ok(()),
            (None, true, _) => Err(taken(
                format!("{table} stands where the kept one belongs"),
                format!("rename or drop {table}, then run the same command again"),
            )),
            (Some(column), _, Some(found)) if found.column(column).is_some() => Err(taken(
                format!("{table} has a column {column}: it stands where the kept one belongs"),
                format!("rename or drop {table}.{column}, then run the same command again"),
            )),
            (Some(_), _, Some(_)) => Ok(()),
            (Some(column), _, None) => Err(taken(
                format!("{table} is not there: {column} has no rows to come back to"),
                format!("bring {table} back first: segue archive restore {table}"),
            )),
        }
    }
}

fn taken(what: String, next: String) -> EngineError {
    EngineError::new(Kind::Refused, what).with_next(next)
}

/// The name under which a restore stands in the journal until it is done.
fn id_of(place: &QualifiedName) -> String {
    format!("archive restore {}", place.name)
}
