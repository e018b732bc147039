//! Routines. A DROP does not say which of several arguments lists it means: then all stay.

use crate::{Link, Presence, QualifiedName, Reaction, Routine, RoutineChange, RoutineDefinition};

use super::Effect;

impl Effect<'_> {
    pub(super) fn routine(&mut self, name: &QualifiedName, change: &RoutineChange) {
        match change {
            RoutineChange::Create(definition) => self.create_routine(name, definition, Fresh::Must),
            RoutineChange::Replace(definition) => self.create_routine(name, definition, Fresh::May),
            RoutineChange::Drop { presence, reaction } => {
                self.drop_routine(name, (*presence, *reaction));
            }
            RoutineChange::Rename(to) => self.move_routine(name, &name.sibling(to.clone())),
            RoutineChange::SetNamespace(namespace) => {
                let to = QualifiedName {
                    namespace: namespace.clone(),
                    name: name.name.clone(),
                };
                self.move_routine(name, &to);
            }
            RoutineChange::SetOwner(_) | RoutineChange::Alter => {
                self.require_routine(name, Presence::Required);
            }
        }
    }

    /// An extension may have brought a routine that we have not seen created.
    fn require_routine(&mut self, name: &QualifiedName, presence: Presence) -> bool {
        let there = self.catalog.routines.contains_key(name);
        if !there && self.catalog.extensions.is_empty() {
            self.missing("routine", name, presence);
        }
        there
    }

    fn create_routine(&mut self, name: &QualifiedName, definition: &RoutineDefinition, may: Fresh) {
        let now = self.catalog.now;
        let routines = self.catalog.routines.entry(name.clone()).or_default();
        let alone = routines.len() == 1;
        let same = routines
            .iter_mut()
            .find(|routine| routine.definition.arguments == definition.arguments);
        match (same, may) {
            (Some(routine), Fresh::May) => routine.definition = definition.clone(),
            (Some(_), Fresh::Must) => {
                if alone {
                    self.exists("routine", name, Presence::Required);
                }
            }
            (None, Fresh::May | Fresh::Must) => routines.push(Routine {
                definition: definition.clone(),
                born: now,
            }),
        }
    }

    fn drop_routine(&mut self, name: &QualifiedName, (presence, reaction): (Presence, Reaction)) {
        if !self.require_routine(name, presence) {
            return;
        }
        let alone = self
            .catalog
            .routines
            .get(name)
            .is_some_and(|routines| routines.len() == 1);
        if !alone {
            return;
        }
        self.catalog.routines.remove(name);
        match reaction {
            Reaction::Restrict => {}
            Reaction::Cascade => {
                for table in self.dependents(&Link::Calls(name.clone())) {
                    self.catalog.edit_table(&table, |table| {
                        table
                            .triggers
                            .retain(|trigger| &trigger.definition.function != name);
                    });
                }
            }
        }
    }

    pub(super) fn move_routine(&mut self, from: &QualifiedName, to: &QualifiedName) {
        if from == to || !self.require_routine(from, Presence::Required) {
            return;
        }
        if let Some(routines) = self.catalog.routines.remove(from) {
            self.catalog
                .routines
                .entry(to.clone())
                .or_default()
                .extend(routines);
        }
        for table in self.dependents(&Link::Calls(from.clone())) {
            self.catalog.edit_table(&table, |table| {
                for trigger in &mut table.triggers {
                    if &trigger.definition.function == from {
                        trigger.definition.function.clone_from(to);
                    }
                }
            });
        }
    }
}

/// Whether a routine has to be new.
#[derive(Clone, Copy)]
enum Fresh {
    /// CREATE.
    Must,
    /// CREATE OR REPLACE.
    May,
}
