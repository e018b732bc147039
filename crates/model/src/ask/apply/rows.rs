//! Rows written: a table that may have rows is not empty any more. What is read is not looked at.

use crate::{DataChange, Ident, InsertColumns, Presence, QualifiedName, Rows};

use super::Effect;

impl Effect<'_> {
    pub(super) fn rows(&mut self, change: &DataChange) {
        match change {
            DataChange::Insert { table, columns, .. } => {
                let named: &[Ident] = match columns {
                    InsertColumns::Named(named) => named,
                    InsertColumns::Positional => &[],
                };
                self.fill(table, named);
            }
            DataChange::Merge { table, .. } | DataChange::CopyIn { table } => self.fill(table, &[]),
            DataChange::Update {
                table, assignments, ..
            } => {
                let named = assignments.iter().map(|assignment| &assignment.column);
                if self.is_writable(table) {
                    self.require_columns(table, named);
                }
            }
            DataChange::Delete { table, .. } => {
                self.is_writable(table);
            }
            // It leaves no rows, but the application goes on writing: what was unknown stays unknown.
            DataChange::Truncate { tables, .. } => {
                for table in tables {
                    self.is_writable(table);
                }
            }
            DataChange::CopyOut { .. }
            | DataChange::Select(_)
            | DataChange::SetSequenceValue(_) => {}
        }
    }

    /// True for a table; writes through views are not followed.
    fn is_writable(&mut self, table: &QualifiedName) -> bool {
        self.catalog.view(table).is_none() && self.require_table(table, Presence::Required)
    }

    /// Rows come in: into the table, its partitions, and the tables it is a partition of.
    fn fill(&mut self, table: &QualifiedName, columns: &[Ident]) {
        if !self.is_writable(table) {
            return;
        }
        self.require_columns(table, columns);
        let known = self
            .catalog
            .table(table)
            .is_some_and(|found| found.rows == Rows::Unknown);
        if known {
            return;
        }
        for partition in self.catalog.descendants(table) {
            self.catalog.edit_table(&partition, |partition| {
                if partition.partition_of.is_some() {
                    partition.rows = Rows::Unknown;
                }
            });
        }
        self.fill_upwards(table);
    }
}
