//! A backfill begins: how its table is walked is decided once and written down with everything a worker needs.

use std::collections::BTreeMap;

use segue_model::{
    Backfill, BackfillJournal, CatalogScope, Dialect, QualifiedName, RunnerStatements, Session,
};

use crate::backfill::journal::{Columns, State, written};
use crate::backfill::limits::BackfillLimits;
use crate::backfill::task::{Definition, Part, Shared, Task, positions};
use crate::error::{EngineError, Kind};
use crate::journal::value;
use crate::limits::{Clock, Limits};

/// What a backfill is begun or joined with.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) dialect: &'a dyn Dialect,
    pub(crate) journal: &'a BackfillJournal,
    pub(crate) statements: &'a RunnerStatements,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) locks: Limits,
    pub(crate) limits: &'a BackfillLimits,
    pub(crate) holder: &'a str,
    /// The epoch of the run's lease; none for a process that only helps or looks.
    pub(crate) epoch: Option<&'a str>,
}

/// A backfill as the journal has it.
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) definition: Definition,
    pub(crate) proof: Option<String>,
}

fn unread<E: segue_model::SessionError>(error: E) -> EngineError {
    EngineError::server("the journal of backfills could not be read", error)
}

fn unwritten<E: segue_model::SessionError>(error: E) -> EngineError {
    EngineError::server("the backfill could not be begun", error)
}

impl<'a> Means<'a> {
    /// The journal's tables, made where they are not there.
    pub(crate) fn install<S: Session>(self, session: &mut S) -> Result<(), EngineError> {
        let rows = session.query(&self.journal.is_installed).map_err(unread)?;
        if matches!(value(&rows), Some("t" | "true")) {
            return Ok(());
        }
        session.execute(&self.journal.install).map_err(|error| {
            EngineError::server("the journal of backfills could not be created", error)
        })
    }

    /// The backfill of a step.
    pub(crate) fn find<S: Session>(
        self,
        session: &mut S,
        (migration, step): (&str, &str),
    ) -> Result<Option<Found>, EngineError> {
        let rows = session
            .query_with(&self.journal.find, &[Some(migration), Some(step)])
            .map_err(unread)?;
        Columns::first(rows).map(found).transpose()
    }

    /// Removes what the journal says of a step's backfill.
    pub(crate) fn forget<S: Session>(
        self,
        session: &mut S,
        (migration, step): (&str, &str),
    ) -> Result<(), EngineError> {
        session
            .query_with(&self.journal.forget, &[Some(migration), Some(step)])
            .map(drop)
            .map_err(unwritten)
    }

    /// A backfill by its id.
    pub(crate) fn by_id<S: Session>(
        self,
        session: &mut S,
        id: &str,
    ) -> Result<Option<Found>, EngineError> {
        let rows = session
            .query_with(&self.journal.by_id, &[Some(id)])
            .map_err(unread)?;
        Columns::first(rows).map(found).transpose()
    }

    /// Writes a backfill down, with the place where each part of its table ends now.
    pub(crate) fn begin<S: Session>(
        self,
        session: &mut S,
        step: (&str, &str),
        backfill: &Backfill,
    ) -> Result<Found, EngineError> {
        let definition = self.define(session, backfill)?;
        let leaves = self.leaves(session, backfill)?;
        session.execute(&self.statements.begin).map_err(unwritten)?;
        let created = self.create(session, step, (&definition, &leaves));
        let ended = match &created {
            Ok(()) => session.execute(&self.statements.commit),
            Err(_) => session.execute(&self.statements.rollback),
        };
        created?;
        ended.map_err(unwritten)?;
        // Somebody may have begun it at the same moment: what is written is what counts.
        self.find(session, step)?.ok_or_else(|| {
            EngineError::new(
                Kind::Failed,
                "the backfill that was begun is not in the journal",
            )
        })
    }

    pub(crate) fn define<S: Session>(
        self,
        session: &mut S,
        backfill: &Backfill,
    ) -> Result<Definition, EngineError> {
        let scope = CatalogScope::Relations(std::iter::once(backfill.table.clone()).collect());
        session.execute(&self.statements.begin).map_err(unread)?;
        let catalog = session.catalog(&scope);
        let ended = session.execute(&self.statements.rollback);
        let catalog =
            catalog.map_err(|error| EngineError::server("the catalog could not be read", error))?;
        ended.map_err(unread)?;
        let version = session
            .query(&self.statements.server_version)
            .map_err(unread)?;
        let version = value(&version)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        let walk = self
            .dialect
            .walk(backfill, &catalog, version)
            .map_err(|error| EngineError::new(Kind::Refused, error.to_string()))?;
        let settings = session.query(&self.journal.settings).map_err(unread)?;
        Ok(Definition {
            backfill: backfill.clone(),
            walk,
            settings: settings
                .into_iter()
                .map(|row| {
                    let mut columns = Columns::of(row);
                    (columns.text(), columns.text())
                })
                .collect(),
        })
    }

    pub(crate) fn leaves<S: Session>(
        self,
        session: &mut S,
        backfill: &Backfill,
    ) -> Result<Vec<QualifiedName>, EngineError> {
        let table = &backfill.table;
        let rows = session
            .query_with(
                &self.journal.leaves,
                &[Some(table.namespace.as_str()), Some(table.name.as_str())],
            )
            .map_err(unread)?;
        let mut leaves = Vec::with_capacity(rows.len());
        for row in rows {
            let mut columns = Columns::of(row);
            let name = QualifiedName::new(columns.text(), columns.text());
            if columns.text() != "true" {
                return Err(EngineError::new(
                    Kind::Refused,
                    format!(
                        "{table} cannot be changed in batches: rows of it are in {name}, which is foreign or inherits without being a partition"
                    ),
                ));
            }
            leaves.push(name);
        }
        Ok(leaves)
    }

    fn create<S: Session>(
        self,
        session: &mut S,
        (migration, step): (&str, &str),
        (definition, leaves): (&Definition, &[QualifiedName]),
    ) -> Result<(), EngineError> {
        let json = serde_json::to_string(definition).map_err(|error| {
            EngineError::new(
                Kind::Failed,
                format!("the backfill cannot be written down: {error}"),
            )
        })?;
        let mut parts = Vec::with_capacity(leaves.len());
        let mut expected = 0_u64;
        for name in leaves {
            let (part, rows) = self.part(session, name, definition)?;
            expected = expected.saturating_add(rows);
            parts.push(part);
        }
        let expected = expected.to_string();
        let table = definition.backfill.table.to_string();
        let created = session
            .query_with(
                &self.journal.create,
                &[
                    Some(migration),
                    Some(step),
                    Some(&table),
                    Some(&json),
                    Some(&expected),
                ],
            )
            .map_err(unwritten)?;
        let Some(id) = value(&created) else {
            return Ok(());
        };
        for (number, part) in parts.iter().enumerate() {
            put_part(self.journal, session, (id, &number.to_string()), part).map_err(unwritten)?;
        }
        Ok(())
    }

    /// A part, and about how many rows it has.
    pub(crate) fn part<S: Session>(
        self,
        session: &mut S,
        name: &QualifiedName,
        definition: &Definition,
    ) -> Result<(Part, u64), EngineError> {
        let part = self.walked(name, definition)?;
        let rows = session.query(&part.statements.statistics).map_err(unread)?;
        let rows = Columns::first(rows).map_or(0, |mut columns| {
            let _pages = columns.text();
            columns.number()
        });
        Ok((part, rows))
    }

    fn walked(self, name: &QualifiedName, definition: &Definition) -> Result<Part, EngineError> {
        let statements = self
            .dialect
            .backfill(&definition.backfill, name, &definition.walk)
            .ok_or_else(|| {
                EngineError::new(
                    Kind::Request,
                    format!("{} has no backfills", self.dialect.name()),
                )
            })?;
        Ok(Part {
            name: name.clone(),
            statements,
        })
    }

    /// What the workers of a backfill share.
    pub(crate) fn task<S: Session>(
        self,
        session: &mut S,
        found: &Found,
    ) -> Result<Task<'a>, EngineError> {
        let rows = session
            .query_with(&self.journal.parts, &[Some(&found.id)])
            .map_err(unread)?;
        let mut parts = BTreeMap::new();
        for row in rows {
            let mut columns = Columns::of(row);
            let number = columns.text();
            let name = QualifiedName::new(columns.text(), columns.text());
            parts.insert(number, self.walked(&name, &found.definition)?);
        }
        Ok(Task {
            journal: self.journal,
            statements: self.statements,
            clock: self.clock,
            locks: self.locks,
            limits: self.limits,
            holder: self.holder,
            epoch: self.epoch,
            id: found.id.clone(),
            definition: found.definition.clone(),
            parts,
            shared: Shared::default(),
        })
    }
}

fn found(mut columns: Columns) -> Result<Found, EngineError> {
    let (id, state) = (columns.text(), State::of(&columns.text()));
    let (_pass, definition) = (columns.text(), columns.text());
    let definition = serde_json::from_str(&definition).map_err(|error| {
        EngineError::new(
            Kind::Failed,
            format!("backfill {id} was written down by another version of Segue: {error}"),
        )
    })?;
    Ok(Found {
        id,
        state,
        definition,
        proof: columns.maybe(),
    })
}

/// Writes a part down with the place where it ends now; its frontier is at the beginning.
pub(crate) fn put_part<S: Session>(
    journal: &BackfillJournal,
    session: &mut S,
    (id, number): (&str, &str),
    part: &Part,
) -> Result<(), S::Error> {
    let rows = session.query(&part.statements.end)?;
    let end = written(&positions(rows).into_iter().next());
    session
        .query_with(
            &journal.put_part,
            &[
                Some(id),
                Some(number),
                Some(part.name.namespace.as_str()),
                Some(part.name.name.as_str()),
                end.as_deref(),
            ],
        )
        .map(drop)
}
