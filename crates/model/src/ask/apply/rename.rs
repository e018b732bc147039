//! New names: a relation's, wherever others mention it, and a column's.

use crate::{
    ChosenName, Column, ConstraintKind, Ident, Link, PublicationScope, QualifiedName, Relation,
    ReplicaIdentity, TypeName, View,
};

use super::Effect;
use super::mention::{rename_in, rename_in_index, rename_in_table};

impl Effect<'_> {
    /// Moves a relation of any kind to another name, in its namespace or another, and everyone follows.
    ///
    /// Reports when the new name is taken.
    pub(super) fn move_relation(&mut self, from: &QualifiedName, to: &QualifiedName) {
        if from == to {
            return;
        }
        if self.catalog.relation(to).is_some() {
            self.exists("relation", to, crate::Presence::Required);
            return;
        }
        match self.catalog.relation(from) {
            Some(Relation::Table(_)) => self.move_table(from, to),
            Some(Relation::View(_)) => self.move_view(from, to),
            Some(Relation::Index(_)) => self.move_index(from, to),
            Some(Relation::Sequence(_)) => self.put(from, to),
            None => {}
        }
    }

    fn put(&mut self, from: &QualifiedName, to: &QualifiedName) {
        if let Some(relation) = self.catalog.remove_relation(from) {
            self.catalog.insert_relation(to.clone(), relation);
        }
    }

    fn move_table(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let references = self.dependents(&Link::References(from.clone()));
        let children = self.dependents(&Link::Descends(from.clone()));
        let typed = self.dependents(&Link::HasType(from.clone()));
        let sequences = self.dependents(&Link::OwnedBy(from.clone()));
        self.move_indexes(from, to);
        for table in references {
            self.catalog.edit_table(&table, |table| {
                for constraint in &mut table.constraints {
                    if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                        && &key.references == from
                    {
                        key.references.clone_from(to);
                    }
                }
            });
        }
        for table in children {
            self.catalog.edit_table(&table, |table| {
                for parent in table.inherits.iter_mut().filter(|parent| *parent == from) {
                    parent.clone_from(to);
                }
                if let Some((parent, _)) = &mut table.partition_of
                    && parent == from
                {
                    parent.clone_from(to);
                }
            });
        }
        for table in typed {
            self.catalog.edit_table(&table, |table| {
                retype_columns(&mut table.columns, from, to);
            });
        }
        for sequence in sequences {
            self.own_by(&sequence, from, to);
        }
        self.move_reads(from, to);
        self.put(from, to);
        for statistics in self.catalog.statistics.values_mut() {
            if &statistics.table == from {
                statistics.table.clone_from(to);
            }
        }
        for publication in self.catalog.publications.values_mut() {
            if let PublicationScope::Tables(tables) = &mut publication.scope
                && let Some(columns) = tables.remove(from)
            {
                tables.insert(to.clone(), columns);
            }
        }
    }

    /// The owned sequence follows its table into another namespace.
    fn own_by(&mut self, sequence: &QualifiedName, from: &QualifiedName, to: &QualifiedName) {
        self.catalog.edit(sequence, |relation| {
            if let Relation::Sequence(sequence) = relation
                && let Some((table, _)) = &mut sequence.owned_by
            {
                table.clone_from(to);
            }
        });
        if from.namespace != to.namespace {
            self.put(sequence, &to.sibling(sequence.name.clone()));
        }
    }

    fn move_indexes(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(from)
            .map(|(name, _)| name)
            .collect();
        for index in indexes {
            self.catalog.edit(&index, |relation| {
                if let Relation::Index(index) = relation {
                    index.definition.table.clone_from(to);
                }
            });
            let moved = to.sibling(index.name.clone());
            if moved != index {
                self.repoint_children(&index, &moved);
                self.put(&index, &moved);
            }
        }
    }

    fn move_reads(&mut self, from: &QualifiedName, to: &QualifiedName) {
        for view in self.dependents(&Link::Reads(from.clone())) {
            self.edit_view(&view, |view| {
                let query = &mut view.definition.query;
                let outputs = query
                    .output
                    .iter_mut()
                    .filter_map(|output| output.source.as_mut());
                for used in query.columns.iter_mut().chain(outputs) {
                    if used.relation.as_ref() == Some(from) {
                        used.relation = Some(to.clone());
                    }
                }
                for relation in query.relations.iter_mut().filter(|name| *name == from) {
                    relation.clone_from(to);
                }
            });
        }
    }

    fn move_view(&mut self, from: &QualifiedName, to: &QualifiedName) {
        self.move_indexes(from, to);
        self.move_reads(from, to);
        self.put(from, to);
    }

    /// An index takes its constraint along.
    fn move_index(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let Some(index) = self.catalog.index(from) else {
            return;
        };
        let table = index.definition.table.clone();
        let constraint = index.constraint.clone();
        self.repoint_children(from, to);
        self.put(from, to);
        self.catalog.edit(to, |relation| {
            if let Relation::Index(index) = relation {
                index.definition.name = ChosenName::Given(to.name.clone());
                index.constraint = constraint.as_ref().map(|_| to.name.clone());
            }
        });
        self.edit_view(&table, |view| {
            rename_in(&mut view.indexes, &from.name, &to.name);
        });
        self.catalog.edit_table(&table, |table| {
            rename_in(&mut table.indexes, &from.name, &to.name);
            if table.settings.cluster_on.as_ref() == Some(&from.name) {
                table.settings.cluster_on = Some(to.name.clone());
            }
            if table.settings.replica_identity == Some(ReplicaIdentity::Index(from.name.clone())) {
                table.settings.replica_identity = Some(ReplicaIdentity::Index(to.name.clone()));
            }
            if let Some(name) = &constraint
                && let Some(constraint) = table.constraint_mut(name)
            {
                constraint.name = to.name.clone();
                constraint.index = Some(to.name.clone());
            }
        });
    }

    /// The indexes of partitions that belong to this one learn its new name.
    fn repoint_children(&mut self, from: &QualifiedName, to: &QualifiedName) {
        for child in self.child_indexes(from) {
            self.catalog.edit(&child, |relation| {
                if let Relation::Index(index) = relation {
                    index.parent = Some(to.clone());
                }
            });
        }
    }

    /// A column gets another name, in its table, what descends from it, and all that mentions it.
    pub(super) fn rename_column(&mut self, table: &QualifiedName, from: &Ident, to: &Ident) {
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(table)
            .map(|(name, _)| name)
            .collect();
        for index in indexes {
            self.catalog.edit(&index, |relation| {
                if let Relation::Index(index) = relation {
                    rename_in_index(&mut index.definition, from, to);
                }
            });
        }
        self.catalog
            .edit_table(table, |table| rename_in_table(table, from, to));
        for other in self.dependents(&Link::References(table.clone())) {
            self.catalog.edit_table(&other, |other| {
                for constraint in &mut other.constraints {
                    if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                        && &key.references == table
                    {
                        rename_in(&mut key.referenced_columns, from, to);
                    }
                }
            });
        }
        for sequence in self.dependents(&Link::OwnedBy(table.clone())) {
            self.catalog.edit(&sequence, |relation| {
                if let Relation::Sequence(sequence) = relation
                    && let Some((_, column)) = &mut sequence.owned_by
                    && column == from
                {
                    column.clone_from(to);
                }
            });
        }
        self.rename_in_views(table, from, to);
        for statistics in self.catalog.statistics.values_mut() {
            if &statistics.table == table {
                rename_in(&mut statistics.columns, from, to);
            }
        }
        for publication in self.catalog.publications.values_mut() {
            if let PublicationScope::Tables(tables) = &mut publication.scope
                && let Some(columns) = tables.get_mut(table)
            {
                rename_in(columns, from, to);
            }
        }
    }

    /// Views go on reading the column under its new name; their own columns keep their names.
    pub(super) fn rename_in_views(&mut self, relation: &QualifiedName, from: &Ident, to: &Ident) {
        for view in self.dependents(&Link::Reads(relation.clone())) {
            self.edit_view(&view, |view| {
                let query = &mut view.definition.query;
                let alone = query.relations.len() == 1;
                let outputs = query
                    .output
                    .iter_mut()
                    .filter_map(|output| output.source.as_mut());
                for used in query.columns.iter_mut().chain(outputs) {
                    let fits = match &used.relation {
                        Some(of) => of == relation,
                        None => alone,
                    };
                    if fits && &used.column == from {
                        used.column.clone_from(to);
                    }
                }
            });
        }
    }

    /// Who has this link, copied so that the catalog can be changed meanwhile.
    pub(super) fn dependents(&self, link: &Link) -> Vec<QualifiedName> {
        self.catalog.linked(link).cloned().collect()
    }

    /// Changes a view in place.
    pub(super) fn edit_view(&mut self, name: &QualifiedName, change: impl FnOnce(&mut View)) {
        if self.catalog.view(name).is_none() {
            return;
        }
        self.catalog.edit(name, |relation| {
            if let Relation::View(view) = relation {
                change(view);
            }
        });
    }
}

/// A user's type has another name: in the columns that have it.
pub(super) fn retype_columns(columns: &mut [Column], from: &QualifiedName, to: &QualifiedName) {
    for column in columns {
        if let TypeName::User(name) = &mut column.data_type.name
            && name == from
        {
            name.clone_from(to);
        }
    }
}
