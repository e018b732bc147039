//! Indexes, and the indexes of partitions that belong to one of the partitioned table.

use std::collections::BTreeMap;

use crate::{
    ChosenName, ConstraintKind, Ident, Index, IndexChange, IndexDefinition, IndexKeyPart,
    IndexState, Link, Parameter, Presence, QualifiedName, Relation, Scope, TableConstraint,
};

use super::Effect;
use super::naming::{IndexLabel, free_relation_name, index_name};

impl Effect<'_> {
    pub(super) fn index(&mut self, change: &IndexChange) {
        match change {
            IndexChange::Create {
                index, presence, ..
            } => self.create_index(index, *presence),
            IndexChange::Drop { name, presence, .. } => self.drop_named_index(name, *presence),
            IndexChange::Rename {
                from, to, presence, ..
            } => {
                if self.require_index(from, *presence) {
                    self.move_relation(from, &from.sibling(to.clone()));
                }
            }
            IndexChange::SetParameters { name, parameters } => {
                self.edit_index(name, |index| {
                    set_parameters(&mut index.definition.parameters, parameters);
                });
            }
            IndexChange::SetTablespace { name, tablespace } => {
                self.edit_index(name, |index| {
                    index.definition.tablespace = Some(tablespace.clone());
                });
            }
            IndexChange::AttachPartition { parent, child } => self.attach_index(parent, child),
            IndexChange::Rebuild { name, .. } => {
                self.edit_index(name, |index| {
                    if index.definition.scope == Scope::WithDescendants {
                        index.state = IndexState::Valid;
                    }
                });
            }
            IndexChange::SetStatistics(name) | IndexChange::DependsOnExtension(name) => {
                self.require_index(name, Presence::Required);
            }
        }
    }

    /// True when the relation is there. A table may have been renamed as if it were an index: any kind will do.
    fn require_index(&mut self, name: &QualifiedName, presence: Presence) -> bool {
        if self.catalog.relation(name).is_some() {
            return true;
        }
        if !self.may_be_of_assumed(name) {
            self.missing("index", name, presence);
        }
        false
    }

    fn edit_index(&mut self, name: &QualifiedName, change: impl FnOnce(&mut Index)) {
        if !self.require_index(name, Presence::Required) {
            return;
        }
        self.catalog.edit(name, |relation| {
            if let Relation::Index(index) = relation {
                change(index);
            }
        });
    }

    fn create_index(&mut self, index: &IndexDefinition, presence: Presence) {
        if let ChosenName::Given(name) = &index.name {
            let name = index.table.sibling(name.clone());
            if self.catalog.relation(&name).is_some() {
                self.exists("relation", &name, presence);
                return;
            }
        }
        if self.catalog.view(&index.table).is_none() {
            if !self.require_table(&index.table, Presence::Required) {
                return;
            }
            let columns = index.keys.iter().filter_map(|key| match &key.part {
                IndexKeyPart::Column(column) => Some(column),
                IndexKeyPart::Expression(_) => None,
            });
            self.require_columns(&index.table, columns.chain(&index.include));
        }
        self.build_index(index.clone(), None);
    }

    /// Builds an index, for a constraint or for its own sake, and those of the partitions.
    pub(super) fn build_index(
        &mut self,
        index: IndexDefinition,
        constraint: Option<Ident>,
    ) -> QualifiedName {
        let alone = index.scope == Scope::Only && self.has_partitions(&index.table);
        let state = if alone {
            IndexState::Invalid
        } else {
            IndexState::Valid
        };
        let name = self.put_index(index, constraint, None, state);
        if !alone {
            self.spread_index(&name);
        }
        name
    }

    fn has_partitions(&self, table: &QualifiedName) -> bool {
        self.catalog
            .table(table)
            .is_some_and(|table| table.partitioning.is_some())
            && self
                .catalog
                .linked(&Link::Descends(table.clone()))
                .next()
                .is_some()
    }

    fn put_index(
        &mut self,
        mut definition: IndexDefinition,
        constraint: Option<Ident>,
        parent: Option<QualifiedName>,
        state: IndexState,
    ) -> QualifiedName {
        let table = definition.table.clone();
        let name = match &definition.name {
            ChosenName::Given(name) => name.clone(),
            ChosenName::Generated(base) => free_relation_name(self.catalog, &table, base),
        };
        definition.name = ChosenName::Given(name.clone());
        let index = Index {
            definition,
            state,
            constraint,
            parent,
            born: self.catalog.now,
        };
        let qualified = table.sibling(name.clone());
        self.catalog
            .insert_relation(qualified.clone(), Relation::Index(Box::new(index)));
        self.edit_view(&table, |view| view.indexes.push(name.clone()));
        self.catalog
            .edit_table(&table, |table| table.indexes.push(name));
        qualified
    }

    /// Gives every partition below the index's table its part of the index.
    pub(super) fn spread_index(&mut self, index: &QualifiedName) {
        let Some(root) = self.catalog.index(index) else {
            return;
        };
        let table = root.definition.table.clone();
        let mut index_of = BTreeMap::from([(table.clone(), index.clone())]);
        for partition in self.catalog.descendants(&table) {
            let parent_index = self
                .catalog
                .table(&partition)
                .and_then(|table| table.partition_of.as_ref())
                .and_then(|(parent, _)| index_of.get(parent))
                .cloned();
            if let Some(parent_index) = parent_index
                && let Some(own) = self.index_partition(&partition, &parent_index)
            {
                index_of.insert(partition, own);
            }
        }
    }

    /// The partition's part of an index: the one it has, a fitting one that is taken over, or a new one.
    pub(super) fn index_partition(
        &mut self,
        partition: &QualifiedName,
        parent_index: &QualifiedName,
    ) -> Option<QualifiedName> {
        let parent = self.catalog.index(parent_index)?.clone();
        if let Some(own) = self.fitting_index(partition, parent_index, &parent) {
            self.catalog.edit(&own, |relation| {
                if let Relation::Index(index) = relation {
                    index.parent = Some(parent_index.clone());
                }
            });
            return Some(own);
        }
        let constraint = parent.constraint.as_ref().and_then(|name| {
            self.catalog
                .table(&parent.definition.table)?
                .constraint(name)
                .cloned()
        });
        let mut definition = parent.definition;
        definition.table.clone_from(partition);
        definition.scope = Scope::WithDescendants;
        definition.tablespace = None;
        let base = index_name(&partition.name, &definition, label(constraint.as_ref()));
        let name = free_relation_name(self.catalog, partition, &base);
        definition.name = ChosenName::Given(name.clone());
        let owner = constraint.map(|constraint| {
            self.push_constraint(
                partition,
                TableConstraint {
                    name: name.clone(),
                    index: Some(name.clone()),
                    born: self.catalog.now,
                    ..constraint
                },
            );
            name
        });
        let parent = Some(parent_index.clone());
        Some(self.put_index(definition, owner, parent, IndexState::Valid))
    }

    fn fitting_index(
        &self,
        partition: &QualifiedName,
        parent_index: &QualifiedName,
        parent: &Index,
    ) -> Option<QualifiedName> {
        let attached = self
            .catalog
            .indexes_of(partition)
            .find(|(_, own)| own.parent.as_ref() == Some(parent_index));
        let fitting = || {
            self.catalog.indexes_of(partition).find(|(_, own)| {
                own.parent.is_none()
                    && own.state == IndexState::Valid
                    && (parent.constraint.is_none() || own.constraint.is_some())
                    && does_the_same(&own.definition, &parent.definition)
            })
        };
        attached.or_else(fitting).map(|(name, _)| name)
    }

    /// The indexes of partitions that are directly part of this one.
    pub(super) fn child_indexes(&self, index: &QualifiedName) -> Vec<QualifiedName> {
        let Some(parent) = self.catalog.index(index) else {
            return Vec::new();
        };
        self.catalog
            .linked(&Link::Descends(parent.definition.table.clone()))
            .flat_map(|table| self.catalog.indexes_of(table))
            .filter(|(_, own)| own.parent.as_ref() == Some(index))
            .map(|(name, _)| name)
            .collect()
    }

    fn attach_index(&mut self, parent: &QualifiedName, child: &QualifiedName) {
        let known = self.require_index(parent, Presence::Required)
            & self.require_index(child, Presence::Required);
        if !known {
            return;
        }
        self.catalog.edit(child, |relation| {
            if let Relation::Index(index) = relation {
                index.parent = Some(parent.clone());
            }
        });
        self.validate_upwards(parent);
    }

    /// An index of a partitioned table is valid as soon as every partition's part is attached and valid.
    fn validate_upwards(&mut self, index: &QualifiedName) {
        let mut next = Some(index.clone());
        while let Some(name) = next.take() {
            let Some(found) = self.catalog.index(&name) else {
                return;
            };
            let parent = found.parent.clone();
            let whole = self
                .catalog
                .linked(&Link::Descends(found.definition.table.clone()))
                .all(|table| {
                    self.catalog.indexes_of(table).any(|(_, own)| {
                        own.parent.as_ref() == Some(&name) && own.state == IndexState::Valid
                    })
                });
            if !whole || found.state == IndexState::Valid {
                return;
            }
            self.catalog.edit(&name, |relation| {
                if let Relation::Index(index) = relation {
                    index.state = IndexState::Valid;
                }
            });
            next = parent;
        }
    }

    fn drop_named_index(&mut self, name: &QualifiedName, presence: Presence) {
        if !self.require_index(name, presence) {
            return;
        }
        let Some(index) = self.catalog.index(name) else {
            self.unfit(name, format!("{name} is not an index"));
            return;
        };
        if let Some(constraint) = &index.constraint {
            let why = format!("index {name} belongs to constraint {constraint}: drop that instead");
            self.unfit(name, why);
        } else if let Some(parent) = &index.parent {
            let why = format!("index {name} is part of index {parent}: drop that instead");
            self.unfit(name, why);
        } else {
            self.remove_index(name);
        }
    }
}

/// What an index of this constraint is named after.
fn label(constraint: Option<&TableConstraint>) -> IndexLabel {
    match constraint.map(|constraint| &constraint.kind) {
        Some(ConstraintKind::PrimaryKey(_)) => IndexLabel::PrimaryKey,
        Some(ConstraintKind::Unique(_)) => IndexLabel::Unique,
        Some(ConstraintKind::Exclude { .. }) => IndexLabel::Exclusion,
        Some(
            ConstraintKind::Check(_) | ConstraintKind::NotNull(_) | ConstraintKind::ForeignKey(_),
        )
        | None => IndexLabel::Plain,
    }
}

/// True when two indexes answer the same queries and refuse the same rows, whatever they are called and wherever they
/// stand.
pub(in crate::ask) fn does_the_same(one: &IndexDefinition, other: &IndexDefinition) -> bool {
    one.method == other.method
        && one.keys == other.keys
        && one.include == other.include
        && one.uniqueness == other.uniqueness
        && one.predicate == other.predicate
}

/// Sets options, or resets those without a value.
pub(super) fn set_parameters(parameters: &mut Vec<Parameter>, changes: &[Parameter]) {
    for change in changes {
        let own = parameters
            .iter_mut()
            .find(|parameter| parameter.name == change.name);
        match (own, &change.value) {
            (Some(own), Some(_)) => own.value.clone_from(&change.value),
            (None, Some(_)) => parameters.push(change.clone()),
            (_, None) => parameters.retain(|parameter| parameter.name != change.name),
        }
    }
}
