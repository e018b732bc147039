//! Migrations that the database had before Segue came.

use segue_model::{Migration, Session};

use crate::choose::no_such;
use crate::error::{EngineError, Kind};
use crate::journal::{Entry, Journal, Others, RecordState};
use crate::up::Runner;

impl<S: Session + Send> Runner<'_, S> {
    /// Records migrations as done that were there before Segue. Runs none.
    ///
    /// # Errors
    /// [`Kind::Request`] when the journal has records already or there is no such migration.
    pub fn baseline(
        &mut self,
        migrations: &[Migration],
        last: &str,
    ) -> Result<Vec<String>, EngineError> {
        let Some(place) = migrations.iter().position(|one| one.id == last) else {
            return Err(no_such(last));
        };
        let mut session = self.open()?;
        self.install(&mut session)?;
        let there = self.overview_in(&mut session, migrations, Others::Counted)?;
        if there.missing > 0 || there.lines.iter().any(|line| line.record.is_some()) {
            return Err(EngineError::new(
                Kind::Request,
                "the journal has records already: a baseline is for a database Segue has never run on",
            ));
        }
        let statements = self.statements.clone();
        let journal = Journal::new(&statements);
        let record = |session: &mut S| -> Result<Vec<String>, S::Error> {
            session.execute(&statements.begin)?;
            let mut ids = Vec::new();
            for migration in migrations.iter().take(place + 1) {
                let sums = crate::checksum::checksums(migration, self.dialect)
                    .for_the_journal(migration, self.dialect);
                let entry = Entry {
                    id: &migration.id,
                    path: &migration.path,
                    name: &migration.name,
                    state: RecordState::Baseline,
                    checksums: &sums,
                    hash: "",
                    took_ms: 0,
                    plan: None,
                };
                journal.record(session, &entry)?;
                ids.push(migration.id.clone());
            }
            session.execute(&statements.settle)?;
            session.execute(&statements.commit)?;
            Ok(ids)
        };
        record(&mut session)
            .map_err(|error| EngineError::server("the baseline could not be recorded", error))
    }
}
