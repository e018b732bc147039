//! Namespaces, extended statistics, publications, extensions, comments, and who owns what.

use std::collections::BTreeMap;

use crate::{
    CommentTarget, ExtensionChange, Ident, NamespaceChange, ObjectKind, Presence, PrivilegeChange,
    Publication, PublicationChange, PublicationScope, PublishedTable, QualifiedName, Reaction,
    Relation, StatisticsChange, StatisticsObject,
};

use super::Effect;

impl Effect<'_> {
    /// A namespace of the dialect's own is not listed, so one that is not there is never reported.
    pub(super) fn namespace(&mut self, name: &Ident, change: &NamespaceChange) {
        match change {
            NamespaceChange::Create(presence) => {
                if !self.catalog.namespaces.insert(name.clone()) {
                    self.exists("namespace", name, *presence);
                }
            }
            NamespaceChange::Drop { reaction, .. } => {
                self.catalog.namespaces.remove(name);
                match reaction {
                    Reaction::Restrict => {}
                    Reaction::Cascade => self.empty_namespace(name),
                }
            }
            NamespaceChange::Rename(to) => {
                if self.catalog.namespaces.remove(name) {
                    self.catalog.namespaces.insert(to.clone());
                }
                self.move_members(name, to);
            }
            NamespaceChange::SetOwner(_) => {}
        }
    }

    fn members(&self, namespace: &Ident) -> Vec<QualifiedName> {
        self.catalog
            .relations()
            .map(|(name, _)| name)
            .filter(|name| &name.namespace == namespace)
            .cloned()
            .collect()
    }

    fn empty_namespace(&mut self, namespace: &Ident) {
        for member in self.members(namespace) {
            self.drop_relation(&member, Reaction::Cascade);
        }
        let types: Vec<QualifiedName> = names_in(&self.catalog.types, namespace);
        for member in types {
            self.drop_type(&member, (Presence::Lenient, Reaction::Cascade));
        }
        let routines: Vec<QualifiedName> = names_in(&self.catalog.routines, namespace);
        for member in routines {
            self.catalog.routines.remove(&member);
        }
        self.catalog
            .statistics
            .retain(|name, _| &name.namespace != namespace);
    }

    fn move_members(&mut self, from: &Ident, to: &Ident) {
        let moved = |name: &QualifiedName| QualifiedName {
            namespace: to.clone(),
            name: name.name.clone(),
        };
        for member in self.members(from) {
            let is_part = match self.catalog.relation(&member) {
                Some(Relation::Index(_)) | None => true,
                Some(Relation::Sequence(sequence)) => sequence.owned_by.is_some(),
                Some(Relation::Table(_) | Relation::View(_)) => false,
            };
            // Indexes and owned sequences follow their table.
            if !is_part {
                self.move_relation(&member, &moved(&member));
            }
        }
        for member in names_in(&self.catalog.types, from) {
            self.move_type(&member, &moved(&member));
        }
        for member in names_in(&self.catalog.routines, from) {
            self.move_routine(&member, &moved(&member));
        }
        for member in names_in(&self.catalog.statistics, from) {
            if let Some(statistics) = self.catalog.statistics.remove(&member) {
                self.catalog.statistics.insert(moved(&member), statistics);
            }
        }
    }

    pub(super) fn statistics(&mut self, name: &QualifiedName, change: &StatisticsChange) {
        match change {
            StatisticsChange::Create {
                table,
                columns,
                presence,
            } => {
                if self.catalog.statistics.contains_key(name) {
                    self.exists("statistics", name, *presence);
                    return;
                }
                if self.catalog.view(table).is_none() {
                    self.require_table(table, Presence::Required);
                }
                let statistics = StatisticsObject {
                    table: table.clone(),
                    columns: columns.clone(),
                };
                self.catalog.statistics.insert(name.clone(), statistics);
            }
            StatisticsChange::Drop { presence } => {
                if self.catalog.statistics.remove(name).is_none() {
                    self.missing("statistics", name, *presence);
                }
            }
            StatisticsChange::Alter => {}
        }
    }

    pub(super) fn publication(&mut self, name: &Ident, change: &PublicationChange) {
        match change {
            PublicationChange::Create(tables) => {
                self.create_publication(name, PublicationScope::Tables(BTreeMap::new()));
                self.publish(name, tables);
            }
            PublicationChange::CreateForAll => {
                self.create_publication(name, PublicationScope::All);
            }
            PublicationChange::Add(tables) => self.publish(name, tables),
            PublicationChange::Set(tables) => {
                self.edit_published(name, BTreeMap::clear);
                self.publish(name, tables);
            }
            PublicationChange::Remove(tables) => self.edit_published(name, |published| {
                for table in tables {
                    published.remove(table);
                }
            }),
            PublicationChange::Drop { presence } => {
                if self.catalog.publications.remove(name).is_none() {
                    self.missing("publication", name, *presence);
                }
            }
            PublicationChange::Alter => {}
        }
    }

    fn create_publication(&mut self, name: &Ident, scope: PublicationScope) {
        if self.catalog.publications.contains_key(name) {
            self.exists("publication", name, Presence::Required);
            return;
        }
        self.catalog
            .publications
            .insert(name.clone(), Publication { scope });
    }

    fn edit_published(
        &mut self,
        name: &Ident,
        change: impl FnOnce(&mut BTreeMap<QualifiedName, Vec<Ident>>),
    ) {
        if !self.catalog.publications.contains_key(name) {
            self.missing("publication", name, Presence::Required);
            self.create_publication(name, PublicationScope::Tables(BTreeMap::new()));
        }
        if let Some(Publication {
            scope: PublicationScope::Tables(tables),
        }) = self.catalog.publications.get_mut(name)
        {
            change(tables);
        }
    }

    fn publish(&mut self, name: &Ident, tables: &[PublishedTable]) {
        for published in tables {
            self.require_table(&published.table, Presence::Required);
        }
        self.edit_published(name, |all| {
            for published in tables {
                all.insert(published.table.clone(), published.columns.clone());
            }
        });
    }

    pub(super) fn extension(&mut self, name: &Ident, change: &ExtensionChange) {
        match change {
            ExtensionChange::Create(presence) => {
                if !self.catalog.extensions.insert(name.clone()) {
                    self.exists("extension", name, *presence);
                }
            }
            ExtensionChange::Drop { presence, .. } => {
                if !self.catalog.extensions.remove(name) {
                    self.missing("extension", name, *presence);
                }
            }
            ExtensionChange::Update | ExtensionChange::Alter => {}
        }
    }

    /// Comments of tables and columns are kept, those of other objects are not.
    pub(super) fn comment(&mut self, target: &CommentTarget, text: Option<&String>) {
        let Some((table, key)) = comment_key(target) else {
            return;
        };
        if self.catalog.view(table).is_some() || !self.require_table(table, Presence::Required) {
            return;
        }
        if let Some(column) = &target.part {
            self.require_columns(table, [column]);
        }
        self.catalog.edit_table(table, |table| {
            match text {
                Some(text) => table.settings.comments.insert(key, text.clone()),
                None => table.settings.comments.remove(&key),
            };
        });
    }

    pub(super) fn privilege(&mut self, change: &PrivilegeChange) {
        match change {
            PrivilegeChange::ReassignOwned { from, to } => {
                for table in self.owned_by(from) {
                    self.catalog
                        .edit_table(&table, |table| table.settings.owner = Some(to.clone()));
                }
            }
            PrivilegeChange::DropOwned { roles, reaction } => {
                for table in self.owned_by(roles) {
                    self.drop_relation(&table, *reaction);
                }
            }
            PrivilegeChange::Grant { .. }
            | PrivilegeChange::Revoke { .. }
            | PrivilegeChange::Default => {}
        }
    }

    /// The tables of which a statement said that one of these roles owns them.
    fn owned_by(&self, roles: &[Ident]) -> Vec<QualifiedName> {
        self.catalog
            .relations()
            .filter(|(_, relation)| match relation {
                Relation::Table(table) => table
                    .settings
                    .owner
                    .as_ref()
                    .is_some_and(|owner| roles.contains(owner)),
                Relation::Index(_) | Relation::View(_) | Relation::Sequence(_) => false,
            })
            .map(|(name, _)| name.clone())
            .collect()
    }
}

fn names_in<T>(map: &BTreeMap<QualifiedName, T>, namespace: &Ident) -> Vec<QualifiedName> {
    map.keys()
        .filter(|name| &name.namespace == namespace)
        .cloned()
        .collect()
}

/// Where the catalog keeps this comment: the table, and the column's name or nothing.
pub(in crate::ask) fn comment_key(target: &CommentTarget) -> Option<(&QualifiedName, String)> {
    let table = target.name.as_ref()?;
    match (target.kind, &target.part) {
        (ObjectKind::Table, None) => Some((table, String::new())),
        (ObjectKind::Column, Some(column)) => Some((table, column.as_str().to_owned())),
        (
            ObjectKind::Table
            | ObjectKind::Column
            | ObjectKind::Index
            | ObjectKind::Sequence
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Type
            | ObjectKind::Routine
            | ObjectKind::Namespace
            | ObjectKind::Constraint
            | ObjectKind::OnTable
            | ObjectKind::Other,
            _,
        ) => None,
    }
}
