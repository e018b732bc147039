//! What goes out together.

use segue_model::{
    Birth, Change, Dialect, Form, Migration, QualifiedName, Replay, Session, TableChange,
};

use crate::error::EngineError;
use crate::journal::Journal;
use crate::up::Runner;

impl<S: Session + Send> Runner<'_, S> {
    /// What goes out together is one release: a table that it creates belongs to no running code. A run that was killed is
    /// gone on with, so that its tables count as well.
    pub(crate) fn same_release(
        &self,
        session: &mut S,
        migrations: &[Migration],
        replay: &mut Replay,
    ) -> Result<(), EngineError> {
        let unread = |error| EngineError::server("the journal could not be read", error);
        let journal = Journal::new(&self.statements);
        let first = replay.catalog.now.migration + 1;
        replay.catalog.release = Some(first);
        if !journal.is_installed(session).map_err(unread)? {
            return Ok(());
        }
        let born = Birth {
            migration: first,
            ..Birth::default()
        };
        let unsettled = session.query(&self.statements.unsettled).map_err(unread)?;
        for id in unsettled.into_iter().flatten().flatten() {
            let Some(migration) = migrations.iter().find(|one| one.id == id) else {
                continue;
            };
            for name in created(migration, self.dialect, replay.server.version) {
                replay.catalog.edit_table(&name, |table| table.born = born);
            }
        }
        Ok(())
    }
}

/// The tables that a migration creates.
fn created(migration: &Migration, dialect: &dyn Dialect, version: u16) -> Vec<QualifiedName> {
    let Form::Sql { up, .. } = &migration.form else {
        return Vec::new();
    };
    up.iter()
        .flat_map(|section| dialect.read(section.text(), version))
        .flat_map(|statement| statement.changes)
        .filter_map(|change| {
            if let Change::Table(target, TableChange::Create(_)) = change {
                Some(target.name)
            } else {
                None
            }
        })
        .collect()
}
