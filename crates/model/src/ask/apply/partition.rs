//! Partitions: what a table takes over when it becomes one, and keeps when it stops being one.

use crate::{
    Ident, PartitionBound, PartitionChange, Presence, QualifiedName, Relation, Rows,
    TableConstraint, Target,
};

use super::Effect;
use super::create::is_inherited;

impl Effect<'_> {
    pub(super) fn partition(&mut self, target: &Target, change: &PartitionChange) {
        if !self.require_table(&target.name, target.presence) {
            return;
        }
        match change {
            PartitionChange::Attach { child, bound } => self.attach(&target.name, child, bound),
            PartitionChange::Detach { child, .. } | PartitionChange::FinishDetach { child } => {
                self.detach(&target.name, child);
            }
        }
    }

    fn attach(&mut self, parent: &QualifiedName, child: &QualifiedName, bound: &PartitionBound) {
        if !self.require_table(child, Presence::Required) || self.is_own_ancestor(child, parent) {
            return;
        }
        if let Some((of, _)) = self
            .catalog
            .table(child)
            .and_then(|child| child.partition_of.as_ref())
        {
            let why = format!("{child} is a partition of {of} already");
            self.unfit(child, why);
            return;
        }
        self.require_parent_columns(parent, child);
        self.catalog.edit_table(child, |table| {
            table.partition_of = Some((parent.clone(), bound.clone()));
        });
        self.take_part_in(child, parent);
        let filled = self
            .catalog
            .table(child)
            .is_some_and(|child| child.rows == Rows::Unknown);
        if filled {
            self.fill_upwards(child);
        }
    }

    fn require_parent_columns(&mut self, parent: &QualifiedName, child: &QualifiedName) {
        if self.is_assumed(parent) || self.is_assumed(child) {
            return;
        }
        let wanted: Vec<Ident> = self
            .catalog
            .table(parent)
            .into_iter()
            .flat_map(|table| &table.columns)
            .map(|column| column.name.clone())
            .collect();
        self.require_columns(child, &wanted);
    }

    /// A new partition gets what its parent has: CHECKs, foreign keys, and a part of every index.
    pub(super) fn take_part_in(&mut self, child: &QualifiedName, parent: &QualifiedName) {
        let Some(table) = self.catalog.table(parent) else {
            return;
        };
        let born = self.catalog.now;
        let inherited: Vec<TableConstraint> = table
            .constraints
            .iter()
            .filter(|constraint| is_inherited(&constraint.kind))
            .map(|constraint| TableConstraint {
                born,
                ..constraint.clone()
            })
            .collect();
        let references: Vec<TableConstraint> = table
            .foreign_keys()
            .map(|(constraint, _)| TableConstraint {
                born,
                ..constraint.clone()
            })
            .collect();
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(parent)
            .map(|(name, _)| name)
            .collect();
        let below: Vec<QualifiedName> = std::iter::once(child.clone())
            .chain(self.catalog.descendants(child))
            .collect();
        for table in &below {
            self.catalog.edit_table(table, |table| {
                for constraint in &inherited {
                    if table.constraint(&constraint.name).is_none() {
                        table.constraints.push(constraint.clone());
                    }
                }
            });
            for reference in &references {
                self.put_foreign_key(table, reference);
            }
        }
        for index in indexes {
            if let Some(own) = self.index_partition(child, &index) {
                self.spread_index(&own);
            }
        }
    }

    /// A partition that becomes a table of its own keeps its columns, constraints and indexes.
    fn detach(&mut self, parent: &QualifiedName, child: &QualifiedName) {
        if !self.require_table(child, Presence::Required) {
            return;
        }
        let of = self
            .catalog
            .table(child)
            .and_then(|child| child.partition_of.as_ref())
            .map(|(of, _)| of.clone());
        if of.as_ref() != Some(parent) {
            if !self.is_assumed(child) && !self.is_assumed(parent) {
                let why = format!("{child} is not a partition of {parent}");
                self.unfit(child, why);
            }
            return;
        }
        self.catalog
            .edit_table(child, |table| table.partition_of = None);
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(child)
            .map(|(name, _)| name)
            .collect();
        for index in indexes {
            self.catalog.edit(&index, |relation| {
                if let Relation::Index(index) = relation {
                    index.parent = None;
                }
            });
        }
    }

    /// Rows of a partition are rows of the tables it belongs to.
    pub(super) fn fill_upwards(&mut self, table: &QualifiedName) {
        let mut next = Some(table.clone());
        while let Some(name) = next.take() {
            next = self
                .catalog
                .edit_table(&name, |table| {
                    table.rows = Rows::Unknown;
                    table
                        .partition_of
                        .as_ref()
                        .map(|(parent, _)| parent.clone())
                })
                .flatten();
        }
    }
}
