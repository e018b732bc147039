//! Tables as a whole: dropped, renamed, moved, and what can be set on them.

use std::collections::BTreeMap;

use crate::{
    ConstraintKind, Ident, Parameter, Presence, QualifiedName, Relation, RowSecurity, Table,
    TableChange, Target, TriggerState,
};

use super::Effect;

impl Effect<'_> {
    pub(super) fn table(&mut self, target: &Target, change: &TableChange) {
        let name = &target.name;
        match change {
            TableChange::Create(definition) => self.create_table(target, definition),
            TableChange::Drop { reaction } => match self.catalog.relation(name) {
                Some(Relation::Table(_)) => self.drop_relation(name, *reaction),
                Some(Relation::Index(_) | Relation::View(_) | Relation::Sequence(_)) => {
                    self.unfit(name, format!("{name} is not a table"));
                }
                None => self.missing("table", name, target.presence),
            },
            TableChange::Rename(to) => self.move_any(target, &name.sibling(to.clone())),
            TableChange::SetNamespace(namespace) => {
                let to = QualifiedName {
                    namespace: namespace.clone(),
                    name: name.name.clone(),
                };
                self.move_any(target, &to);
            }
            TableChange::Inherit(parent) => self.inherit_from(target, parent),
            TableChange::NoInherit(parent) => {
                self.set(target, |table| table.inherits.retain(|of| of != parent));
            }
            TableChange::OfType(of_type) => {
                self.set(target, |table| table.of_type.clone_from(of_type));
            }
            TableChange::SetOwner(_)
            | TableChange::SetParameters(_)
            | TableChange::SetTablespace(_)
            | TableChange::SetPersistence(_)
            | TableChange::SetAccessMethod(_)
            | TableChange::SetCluster(_)
            | TableChange::SetReplicaIdentity(_)
            | TableChange::SetRowSecurity(_)
            | TableChange::SetTrigger { .. }
            | TableChange::SetRule { .. } => self.set_of_table(target, change),
        }
    }

    /// `ALTER TABLE` also renames and moves what is no table.
    fn move_any(&mut self, target: &Target, to: &QualifiedName) {
        let there = match self.catalog.relation(&target.name) {
            Some(_) => true,
            None => self.require_table(&target.name, target.presence),
        };
        if there {
            self.move_relation(&target.name, to);
        }
    }

    /// Changes a table; owner and options of what is no table are not kept.
    fn set(&mut self, target: &Target, change: impl FnOnce(&mut Table)) {
        let other = matches!(
            self.catalog.relation(&target.name),
            Some(Relation::Index(_) | Relation::View(_) | Relation::Sequence(_))
        );
        if !other && self.require_table(&target.name, target.presence) {
            self.catalog.edit_table(&target.name, change);
        }
    }

    fn set_of_table(&mut self, target: &Target, change: &TableChange) {
        match change {
            TableChange::SetOwner(owner) => {
                self.set(target, |table| table.settings.owner = Some(owner.clone()));
            }
            TableChange::SetParameters(parameters) => self.set(target, |table| {
                set_options(&mut table.settings.parameters, parameters);
            }),
            TableChange::SetTablespace(tablespace) => self.set(target, |table| {
                table.settings.tablespace = Some(tablespace.clone());
            }),
            TableChange::SetPersistence(persistence) => {
                self.set(target, |table| table.persistence = *persistence);
            }
            TableChange::SetAccessMethod(method) => self.set(target, |table| {
                table.settings.access_method = Some(method.clone());
            }),
            TableChange::SetCluster(index) => {
                if let Some(index) = index {
                    self.require_own_index(&target.name, index);
                }
                self.set(target, |table| table.settings.cluster_on.clone_from(index));
            }
            TableChange::SetReplicaIdentity(identity) => {
                if let crate::ReplicaIdentity::Index(index) = identity {
                    self.require_own_index(&target.name, index);
                }
                self.set(target, |table| {
                    table.settings.replica_identity = Some(identity.clone())
                        .filter(|identity| *identity != crate::ReplicaIdentity::Default);
                });
            }
            TableChange::SetRowSecurity(security) => {
                self.set(target, |table| {
                    let own = &mut table.settings.row_security;
                    *own = switched(*own, *security);
                });
            }
            TableChange::SetTrigger { trigger, state } => {
                self.switch_triggers(target, trigger.as_ref(), *state);
            }
            TableChange::SetRule { rule, .. } => {
                self.set(target, |_| {});
                self.require_rule(&target.name, rule, Presence::Required);
            }
            TableChange::Create(_)
            | TableChange::Drop { .. }
            | TableChange::Rename(_)
            | TableChange::SetNamespace(_)
            | TableChange::Inherit(_)
            | TableChange::NoInherit(_)
            | TableChange::OfType(_) => {}
        }
    }

    fn require_own_index(&mut self, table: &QualifiedName, index: &Ident) {
        let own = self
            .catalog
            .table(table)
            .is_some_and(|table| table.indexes.contains(index));
        if !own && !self.is_assumed(table) {
            self.missing_part("index", index, table);
        }
    }

    fn switch_triggers(&mut self, target: &Target, trigger: Option<&Ident>, state: TriggerState) {
        self.set(target, |_| {});
        if let Some(name) = trigger
            && !self.require_trigger(&target.name, name, Presence::Required)
        {
            return;
        }
        self.catalog.edit_table(&target.name, |table| {
            for own in &mut table.triggers {
                if trigger.is_none_or(|name| name == &own.definition.name) {
                    own.state = state;
                }
            }
        });
    }

    fn inherit_from(&mut self, target: &Target, parent: &QualifiedName) {
        let name = &target.name;
        if !self.require_table(name, target.presence)
            || !self.require_table(parent, Presence::Required)
            || self.is_own_ancestor(name, parent)
        {
            return;
        }
        let inherited: Vec<_> = self
            .catalog
            .table(parent)
            .into_iter()
            .flat_map(|table| &table.constraints)
            .filter(|constraint| matches!(constraint.kind, ConstraintKind::Check(_)))
            .map(|constraint| constraint.name.clone())
            .collect();
        for constraint in inherited {
            let has_it = self
                .catalog
                .table(name)
                .is_some_and(|table| table.constraint(&constraint).is_some());
            if !has_it && !self.is_assumed(name) {
                self.missing_part("constraint", &constraint, name);
            }
        }
        self.catalog.edit_table(name, |table| {
            if !table.inherits.contains(parent) {
                table.inherits.push(parent.clone());
            }
        });
    }
}

/// Sets options, or resets those without a value.
pub(super) fn set_options(options: &mut BTreeMap<Ident, String>, changes: &[Parameter]) {
    for change in changes {
        match &change.value {
            Some(value) => {
                options.insert(change.name.clone(), value.clone());
            }
            None => {
                options.remove(&change.name);
            }
        }
    }
}

/// Row security after a switch: off (none), on, or on for the owner too.
fn switched(own: Option<RowSecurity>, switch: RowSecurity) -> Option<RowSecurity> {
    match (switch, own) {
        (RowSecurity::Disable, _) => None,
        (RowSecurity::Enable, Some(RowSecurity::Force)) | (RowSecurity::Force, _) => {
            Some(RowSecurity::Force)
        }
        (RowSecurity::Enable, _) => Some(RowSecurity::Enable),
        (RowSecurity::NoForce, own) => own.map(|_| RowSecurity::Enable),
    }
}
