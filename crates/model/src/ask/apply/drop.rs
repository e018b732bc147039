//! What goes when something is dropped: its own parts, and what depends on it.
//!
//! A drop under RESTRICT that something depends on is not reported here: a list of tables is dropped as one statement,
//! and this file sees one at a time. Works through a list, never by recursion: chains of views may be long.

use crate::{
    ConstraintKind, ForeignKey, Ident, KeyColumns, Link, PublicationScope, QualifiedName, Reaction,
    Relation, ReplicaIdentity, Table, TableConstraint,
};

use super::Effect;
use super::mention::{constraint_mentions, index_mentions, is_generated_from};

impl Effect<'_> {
    /// Drops a relation of any kind, with its parts, and with CASCADE all that depends on it.
    pub(super) fn drop_relation(&mut self, name: &QualifiedName, reaction: Reaction) {
        let mut doomed = vec![name.clone()];
        while let Some(name) = doomed.pop() {
            match self.catalog.relation(&name) {
                Some(Relation::Table(_)) => doomed.extend(self.drop_table_alone(&name, reaction)),
                Some(Relation::View(_)) => doomed.extend(self.drop_view_alone(&name, reaction)),
                Some(Relation::Index(_)) => self.remove_index(&name),
                Some(Relation::Sequence(_)) => {
                    self.catalog.remove_relation(&name);
                }
                None => {}
            }
        }
    }

    fn drop_view_alone(&mut self, name: &QualifiedName, reaction: Reaction) -> Vec<QualifiedName> {
        self.drop_indexes_of(name);
        self.catalog.remove_relation(name);
        match reaction {
            Reaction::Restrict => Vec::new(),
            Reaction::Cascade => self.dependents(&Link::Reads(name.clone())),
        }
    }

    fn drop_indexes_of(&mut self, relation: &QualifiedName) {
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(relation)
            .map(|(name, _)| name)
            .collect();
        for index in indexes {
            self.catalog.remove_relation(&index);
        }
    }

    /// Takes a table out; gives back what goes along and still has to be dropped.
    fn drop_table_alone(&mut self, name: &QualifiedName, reaction: Reaction) -> Vec<QualifiedName> {
        self.drop_indexes_of(name);
        self.catalog.remove_relation(name);
        let mut along = self.dependents(&Link::OwnedBy(name.clone()));
        for child in self.dependents(&Link::Descends(name.clone())) {
            let is_partition = self
                .catalog
                .table(&child)
                .is_some_and(|child| child.partition_of.is_some());
            if is_partition || reaction == Reaction::Cascade {
                along.push(child);
            } else {
                self.catalog
                    .edit_table(&child, |child| child.inherits.retain(|of| of != name));
            }
        }
        self.drop_references(name, |_| true);
        if reaction == Reaction::Cascade {
            along.extend(self.dependents(&Link::Reads(name.clone())));
            self.drop_columns_of_type(name);
        }
        self.forget_table(name);
        along
    }

    fn forget_table(&mut self, name: &QualifiedName) {
        self.catalog
            .statistics
            .retain(|_, statistics| &statistics.table != name);
        for publication in self.catalog.publications.values_mut() {
            if let PublicationScope::Tables(tables) = &mut publication.scope {
                tables.remove(name);
            }
        }
    }

    /// Foreign keys that point at this table go, where they fit.
    fn drop_references(&mut self, to: &QualifiedName, fits: impl Fn(&ForeignKey) -> bool) {
        for table in self.dependents(&Link::References(to.clone())) {
            self.catalog.edit_table(&table, |table| {
                table.constraints.retain(|constraint| {
                    !matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if &key.references == to && fits(key))
                });
            });
        }
    }

    /// The foreign keys that need this unique or primary key go.
    pub(super) fn drop_references_by(&mut self, table: &QualifiedName, key: &TableConstraint) {
        let (ConstraintKind::Unique(KeyColumns::Build { columns, .. })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. })) = &key.kind
        else {
            return;
        };
        let is_primary = matches!(&key.kind, ConstraintKind::PrimaryKey(_));
        self.drop_references(table, |reference| {
            let named = &reference.referenced_columns;
            if named.is_empty() {
                is_primary
            } else {
                named.len() == columns.len() && named.iter().all(|name| columns.contains(name))
            }
        });
    }

    /// Columns of this type go, with CASCADE.
    pub(super) fn drop_columns_of_type(&mut self, of_type: &QualifiedName) {
        for table in self.dependents(&Link::HasType(of_type.clone())) {
            let columns: Vec<Ident> = self
                .catalog
                .table(&table)
                .into_iter()
                .flat_map(|table| &table.columns)
                .filter(|column| column.data_type.user_type() == Some(of_type))
                .map(|column| column.name.clone())
                .collect();
            for column in columns {
                self.drop_column_alone(&table, &column, Reaction::Cascade);
            }
        }
    }

    /// Takes an index out, with the parts of it that belong to partitions, and their constraints.
    pub(super) fn remove_index(&mut self, name: &QualifiedName) {
        let mut doomed = vec![name.clone()];
        while let Some(name) = doomed.pop() {
            doomed.extend(self.child_indexes(&name));
            let Some(Relation::Index(index)) = self.catalog.remove_relation(&name) else {
                continue;
            };
            let index_name = &name.name;
            self.edit_view(&index.definition.table, |view| {
                view.indexes.retain(|own| own != index_name);
            });
            self.catalog.edit_table(&index.definition.table, |table| {
                forget_index(table, index_name, index.constraint.as_ref());
            });
        }
    }

    /// Drops a column of one table with all that cannot be without it.
    pub(super) fn drop_column_alone(
        &mut self,
        table: &QualifiedName,
        column: &Ident,
        reaction: Reaction,
    ) {
        self.drop_what_uses(table, column);
        let sequences = self.dependents(&Link::OwnedBy(table.clone()));
        for sequence in sequences {
            let goes = self.catalog.sequence(&sequence).is_some_and(|sequence| {
                sequence
                    .owned_by
                    .as_ref()
                    .is_some_and(|(_, by)| by == column)
            });
            if goes {
                self.catalog.remove_relation(&sequence);
            }
        }
        match reaction {
            Reaction::Restrict => {}
            Reaction::Cascade => self.drop_what_needs(table, column),
        }
        self.catalog.edit_table(table, |table| {
            table.columns.retain(|own| &own.name != column);
            table.settings.comments.remove(column.as_str());
        });
    }

    /// Indexes, constraints and statistics go with any of their columns. Source: PostgreSQL 17 manual, ALTER TABLE.
    fn drop_what_uses(&mut self, table: &QualifiedName, column: &Ident) {
        let constraints: Vec<TableConstraint> = self
            .catalog
            .table(table)
            .into_iter()
            .flat_map(|table| &table.constraints)
            .filter(|constraint| constraint_mentions(&constraint.kind, column))
            .cloned()
            .collect();
        for constraint in constraints {
            self.remove_constraint(table, &constraint);
        }
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(table)
            .filter(|(_, index)| index_mentions(&index.definition, column))
            .map(|(name, _)| name)
            .collect();
        for index in indexes {
            self.remove_index(&index);
        }
        self.catalog
            .statistics
            .retain(|_, own| &own.table != table || !own.columns.contains(column));
    }

    /// Views, generated columns, triggers, policies and publications that need the column.
    fn drop_what_needs(&mut self, table: &QualifiedName, column: &Ident) {
        let views: Vec<QualifiedName> =
            self.catalog.views_reading(table, column).cloned().collect();
        for view in views {
            self.drop_relation(&view, Reaction::Cascade);
        }
        let generated: Vec<Ident> = self
            .catalog
            .table(table)
            .into_iter()
            .flat_map(|table| &table.columns)
            .filter(|own| &own.name != column && is_generated_from(own, column))
            .map(|own| own.name.clone())
            .collect();
        for own in generated {
            self.drop_column_alone(table, &own, Reaction::Restrict);
        }
        self.catalog.edit_table(table, |table| {
            table.triggers.retain(|trigger| {
                !trigger.definition.update_of.contains(column)
                    && !trigger.definition.when_columns.contains(column)
            });
            table
                .policies
                .retain(|policy| !policy.columns.contains(column));
        });
        for publication in self.catalog.publications.values_mut() {
            if let PublicationScope::Tables(tables) = &mut publication.scope {
                tables.retain(|name, columns| name != table || !columns.contains(column));
            }
        }
    }
}

/// A table without one of its indexes, and without the constraint it served.
fn forget_index(table: &mut Table, index: &Ident, constraint: Option<&Ident>) {
    table.indexes.retain(|own| own != index);
    if let Some(name) = constraint {
        table.constraints.retain(|own| &own.name != name);
    }
    if table.settings.cluster_on.as_ref() == Some(index) {
        table.settings.cluster_on = None;
    }
    if table.settings.replica_identity == Some(ReplicaIdentity::Index(index.clone())) {
        table.settings.replica_identity = None;
    }
}
