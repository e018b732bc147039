//! What is attached to a table: triggers, rules and policies. On a view they are not followed.

use crate::{
    Ident, Policy, PolicyChange, Presence, QualifiedName, RuleChange, Table, Trigger,
    TriggerChange, TriggerDefinition, TriggerState,
};

use super::Effect;

impl Effect<'_> {
    pub(super) fn trigger(&mut self, table: &QualifiedName, change: &TriggerChange) {
        match change {
            TriggerChange::Create(definition) => {
                if self.can_carry(table, Presence::Required) {
                    let taken = self.has(table, |table| has_trigger(table, &definition.name));
                    if taken {
                        self.exists("trigger", &definition.name, Presence::Required);
                    } else {
                        self.put_trigger(table, definition);
                    }
                }
            }
            TriggerChange::Replace(definition) => {
                if self.can_carry(table, Presence::Required) {
                    self.put_trigger(table, definition);
                }
            }
            TriggerChange::Drop { name, presence, .. } => {
                if self.can_carry(table, *presence) && self.require_trigger(table, name, *presence)
                {
                    self.catalog.edit_table(table, |table| {
                        table.triggers.retain(|own| &own.definition.name != name);
                    });
                }
            }
            TriggerChange::Sync(sync) => {
                self.trigger(table, &TriggerChange::Create(sync.definition()));
            }
            TriggerChange::DropSync(sync) => self.trigger(
                table,
                &TriggerChange::Drop {
                    name: sync.name.clone(),
                    presence: Presence::Required,
                    reaction: crate::Reaction::Restrict,
                },
            ),
            TriggerChange::Rename { from, to } => {
                if self.can_carry(table, Presence::Required)
                    && self.require_trigger(table, from, Presence::Required)
                {
                    self.catalog.edit_table(table, |table| {
                        for own in &mut table.triggers {
                            if &own.definition.name == from {
                                own.definition.name.clone_from(to);
                            }
                        }
                    });
                }
            }
        }
    }

    fn can_carry(&mut self, table: &QualifiedName, presence: Presence) -> bool {
        self.catalog.view(table).is_none() && self.require_table(table, presence)
    }

    fn has(&self, table: &QualifiedName, what: impl Fn(&Table) -> bool) -> bool {
        self.catalog.table(table).is_some_and(what)
    }

    fn put_trigger(&mut self, table: &QualifiedName, definition: &TriggerDefinition) {
        self.catalog.edit_table(table, |table| {
            let own = table
                .triggers
                .iter_mut()
                .find(|own| own.definition.name == definition.name);
            match own {
                Some(own) => own.definition = definition.clone(),
                None => table.triggers.push(Trigger {
                    definition: definition.clone(),
                    state: TriggerState::Enable,
                }),
            }
        });
    }

    pub(super) fn require_trigger(
        &mut self,
        table: &QualifiedName,
        name: &Ident,
        presence: Presence,
    ) -> bool {
        let there = self.has(table, |table| has_trigger(table, name));
        self.require_part(table, ("trigger", name), (there, presence))
    }

    pub(super) fn require_rule(
        &mut self,
        table: &QualifiedName,
        name: &Ident,
        presence: Presence,
    ) -> bool {
        let there = self.has(table, |table| table.rules.contains(name));
        self.require_part(table, ("rule", name), (there, presence))
    }

    fn require_policy(&mut self, table: &QualifiedName, name: &Ident, presence: Presence) -> bool {
        let there = self.has(table, |table| has_policy(table, name));
        self.require_part(table, ("policy", name), (there, presence))
    }

    fn require_part(
        &mut self,
        table: &QualifiedName,
        (what, name): (&str, &Ident),
        (there, presence): (bool, Presence),
    ) -> bool {
        if !there && presence == Presence::Required && !self.is_assumed(table) {
            self.missing_part(what, name, table);
        }
        there
    }

    pub(super) fn rule(&mut self, table: &QualifiedName, change: &RuleChange) {
        match change {
            RuleChange::Create(name) => {
                if self.can_carry(table, Presence::Required) {
                    self.catalog.edit_table(table, |table| {
                        if !table.rules.contains(name) {
                            table.rules.push(name.clone());
                        }
                    });
                }
            }
            RuleChange::Drop { name, presence, .. } => {
                if self.can_carry(table, *presence) && self.require_rule(table, name, *presence) {
                    self.catalog
                        .edit_table(table, |table| table.rules.retain(|own| own != name));
                }
            }
            RuleChange::Rename { from, to } => {
                if self.can_carry(table, Presence::Required)
                    && self.require_rule(table, from, Presence::Required)
                {
                    self.catalog.edit_table(table, |table| {
                        super::mention::rename_in(&mut table.rules, from, to);
                    });
                }
            }
        }
    }

    pub(super) fn policy(&mut self, table: &QualifiedName, change: &PolicyChange) {
        match change {
            PolicyChange::Create { name, columns } => {
                if !self.can_carry(table, Presence::Required) {
                    return;
                }
                if self.has(table, |table| has_policy(table, name)) {
                    self.exists("policy", name, Presence::Required);
                    return;
                }
                let policy = Policy {
                    name: name.clone(),
                    columns: columns.clone(),
                };
                self.catalog
                    .edit_table(table, |table| table.policies.push(policy));
            }
            PolicyChange::Alter { name } => {
                if self.can_carry(table, Presence::Required) {
                    self.require_policy(table, name, Presence::Required);
                }
            }
            PolicyChange::Drop { name, presence } => {
                if self.can_carry(table, *presence) && self.require_policy(table, name, *presence) {
                    self.catalog.edit_table(table, |table| {
                        table.policies.retain(|own| &own.name != name);
                    });
                }
            }
            PolicyChange::Rename { from, to } => {
                if self.can_carry(table, Presence::Required)
                    && self.require_policy(table, from, Presence::Required)
                {
                    self.catalog.edit_table(table, |table| {
                        for own in table.policies.iter_mut().filter(|own| &own.name == from) {
                            own.name.clone_from(to);
                        }
                    });
                }
            }
        }
    }
}

fn has_trigger(table: &Table, name: &Ident) -> bool {
    table
        .triggers
        .iter()
        .any(|own| &own.definition.name == name)
}

fn has_policy(table: &Table, name: &Ident) -> bool {
    table.policies.iter().any(|own| &own.name == name)
}
