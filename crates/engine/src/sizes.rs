//! How large the tables are now, for estimates.

use std::collections::BTreeMap;

use segue_model::{Backfill, QualifiedName, Session, TableSize, Walk};

use crate::error::{EngineError, Kind};
use crate::journal::value;
use crate::up::Runner;

impl<S: Session + Send> Runner<'_, S> {
    /// The sizes of all tables; none where the database keeps none.
    ///
    /// # Errors
    /// What the server said.
    pub fn measured(&mut self) -> Result<Option<BTreeMap<QualifiedName, TableSize>>, EngineError> {
        if self.statements.table_sizes.is_none() {
            return Ok(None);
        }
        let mut session = self.open()?;
        self.sizes(&mut session).map(Some)
    }

    /// How the table of a backfill would be walked now.
    ///
    /// # Errors
    /// [`Kind::Refused`] when there is no way that does every row; what the server said.
    pub fn walked(&mut self, backfill: &Backfill) -> Result<Walk, EngineError> {
        let mut session = self.open()?;
        let names = std::iter::once(backfill.table.clone()).collect();
        let catalog = self.looked_at(&mut session, names)?;
        let version = session
            .query(&self.statements.server_version)
            .map_err(|error| {
                EngineError::server("the server's version could not be read", error)
            })?;
        let version = value(&version)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        self.dialect
            .walk(backfill, &catalog, version)
            .map_err(|error| EngineError::new(Kind::Refused, error.to_string()))
    }

    pub(crate) fn sizes(
        &self,
        session: &mut S,
    ) -> Result<BTreeMap<QualifiedName, TableSize>, EngineError> {
        let Some(statement) = &self.statements.table_sizes else {
            return Ok(BTreeMap::new());
        };
        let rows = session.query(statement).map_err(|error| {
            EngineError::server("the sizes of the tables could not be read", error)
        })?;
        let sizes = rows.into_iter().filter_map(|row| {
            let mut values = row.into_iter().flatten();
            let name = QualifiedName::new(values.next()?, values.next()?);
            let size = TableSize {
                rows: values.next()?.parse().ok()?,
                bytes: values.next().and_then(|bytes| bytes.parse().ok()),
            };
            Some((name, size))
        });
        Ok(sizes.collect())
    }
}
