//! Tables as a whole, and partitions.

use crate::{
    Build, Catalog, Change, CommentTarget, ConstraintKind, Ident, IndexChange, IndexState,
    Inheritance, Inverse, ObjectKind, Parameter, PartitionBound, PartitionChange, Presence,
    QualifiedName, Reaction, ReplicaIdentity, RowSecurity, Table, TableChange, TableDefinition,
    Target, TriggerState,
};

use super::super::apply::does_the_same;
use super::{add_constraint, as_written, exact_unless, in_namespace, none, required, target_of};

pub(super) fn table(target: &Target, change: &TableChange, before: &Catalog) -> Inverse {
    let name = &target.name;
    let back = |change: TableChange| Change::Table(required(target), change);
    match change {
        TableChange::Create(_) => match before.relation(name) {
            Some(_) => Inverse::Nothing,
            None => Inverse::Exact(vec![back(TableChange::Drop {
                reaction: Reaction::Restrict,
            })]),
        },
        TableChange::Drop { .. } => match before.table(name) {
            Some(table) => Inverse::Lossy {
                changes: created_again(target, table, before),
                lost: format!("the rows of {name}, and what depended on it"),
            },
            None => Inverse::Nothing,
        },
        TableChange::Rename(to) => Inverse::Exact(vec![Change::Table(
            target_of(target, name.sibling(to.clone())),
            TableChange::Rename(name.name.clone()),
        )]),
        TableChange::SetNamespace(namespace) => Inverse::Exact(vec![Change::Table(
            target_of(target, in_namespace(name, namespace)),
            TableChange::SetNamespace(name.namespace.clone()),
        )]),
        TableChange::SetOwner(_)
        | TableChange::SetParameters(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetCluster(_)
        | TableChange::SetReplicaIdentity(_)
        | TableChange::SetRowSecurity(_)
        | TableChange::SetTrigger { .. }
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => match before.table(name) {
            Some(table) => set_back(target, table, change),
            None => none("the catalog does not know what was set"),
        },
    }
}

fn set_back(target: &Target, table: &Table, change: &TableChange) -> Inverse {
    let settings = &table.settings;
    let exact = |change| Inverse::Exact(vec![Change::Table(required(target), change)]);
    match change {
        TableChange::SetOwner(_) => match &settings.owner {
            Some(owner) => exact(TableChange::SetOwner(owner.clone())),
            None => none("the catalog does not know the former owner"),
        },
        TableChange::SetParameters(parameters) => exact(TableChange::SetParameters(
            parameters
                .iter()
                .map(|parameter| Parameter {
                    name: parameter.name.clone(),
                    value: settings.parameters.get(&parameter.name).cloned(),
                })
                .collect(),
        )),
        TableChange::SetTablespace(_) => match &settings.tablespace {
            Some(tablespace) => exact(TableChange::SetTablespace(tablespace.clone())),
            None => none("the name of the default tablespace is not known"),
        },
        TableChange::SetPersistence(_) => exact(TableChange::SetPersistence(table.persistence)),
        TableChange::SetAccessMethod(_) => match &settings.access_method {
            Some(method) => exact(TableChange::SetAccessMethod(method.clone())),
            None => none("the name of the default access method is not known"),
        },
        TableChange::SetCluster(_) => exact(TableChange::SetCluster(settings.cluster_on.clone())),
        TableChange::SetReplicaIdentity(_) => exact(TableChange::SetReplicaIdentity(
            settings
                .replica_identity
                .clone()
                .unwrap_or(ReplicaIdentity::Default),
        )),
        TableChange::SetRowSecurity(security) => row_security(target, table, *security),
        TableChange::SetTrigger { trigger, .. } => triggers(target, table, trigger.as_ref()),
        TableChange::SetRule { .. } => none("the catalog does not keep whether rules apply"),
        TableChange::Inherit(parent) => {
            if table.inherits.contains(parent) {
                Inverse::Nothing
            } else {
                exact(TableChange::NoInherit(parent.clone()))
            }
        }
        TableChange::NoInherit(parent) => {
            let last = table.inherits.last() == Some(parent);
            exact_unless(
                vec![Change::Table(
                    required(target),
                    TableChange::Inherit(parent.clone()),
                )],
                (!last).then(|| "the order of the parents".to_owned()),
            )
        }
        TableChange::OfType(_) => exact(TableChange::OfType(table.of_type.clone())),
        TableChange::Create(_)
        | TableChange::Drop { .. }
        | TableChange::Rename(_)
        | TableChange::SetNamespace(_) => none("this is not a setting"),
    }
}

fn row_security(target: &Target, table: &Table, switch: RowSecurity) -> Inverse {
    let back: &[RowSecurity] = match (table.settings.row_security, switch) {
        (Some(RowSecurity::Force), RowSecurity::NoForce) => &[RowSecurity::Force],
        (Some(RowSecurity::Force), RowSecurity::Disable) => {
            &[RowSecurity::Enable, RowSecurity::Force]
        }
        (Some(_), RowSecurity::Force) => &[RowSecurity::NoForce],
        (Some(_), RowSecurity::Disable) => &[RowSecurity::Enable],
        (None, RowSecurity::Force) => &[RowSecurity::NoForce, RowSecurity::Disable],
        (None, RowSecurity::Enable) => &[RowSecurity::Disable],
        (Some(_), RowSecurity::Enable | RowSecurity::NoForce)
        | (None, RowSecurity::Disable | RowSecurity::NoForce) => return Inverse::Nothing,
    };
    let already =
        table.settings.row_security == Some(RowSecurity::Force) && switch == RowSecurity::Force;
    if already {
        return Inverse::Nothing;
    }
    Inverse::Exact(
        back.iter()
            .map(|security| Change::Table(required(target), TableChange::SetRowSecurity(*security)))
            .collect(),
    )
}

fn triggers(target: &Target, table: &Table, trigger: Option<&Ident>) -> Inverse {
    let changes: Vec<Change> = table
        .triggers
        .iter()
        .filter(|own| trigger.is_none_or(|name| name == &own.definition.name))
        .map(|own| {
            Change::Table(
                required(target),
                TableChange::SetTrigger {
                    trigger: Some(own.definition.name.clone()),
                    state: own.state,
                },
            )
        })
        .collect();
    if changes.is_empty() {
        none("the catalog does not know the trigger")
    } else {
        Inverse::Exact(changes)
    }
}

/// The table with its constraints, indexes, triggers and comments, empty.
fn created_again(target: &Target, table: &Table, before: &Catalog) -> Vec<Change> {
    let name = &target.name;
    let inheritance = match (&table.partition_of, &table.of_type) {
        (Some((parent, bound)), _) => Inheritance::PartitionOf {
            parent: parent.clone(),
            bound: bound.clone(),
        },
        (None, Some(of_type)) => Inheritance::OfType(of_type.clone()),
        (None, None) if table.inherits.is_empty() => Inheritance::None,
        (None, None) => Inheritance::Inherits(table.inherits.clone()),
    };
    let definition = TableDefinition {
        columns: table.columns.clone(),
        constraints: table
            .constraints
            .iter()
            .filter(|constraint| !matches!(constraint.kind, ConstraintKind::ForeignKey(_)))
            .map(as_written)
            .collect(),
        like: Vec::new(),
        inheritance,
        partitioning: table.partitioning.clone(),
        persistence: table.persistence,
        query: None,
        parameters: table
            .settings
            .parameters
            .iter()
            .map(|(name, value)| Parameter {
                name: name.clone(),
                value: Some(value.clone()),
            })
            .collect(),
        tablespace: table.settings.tablespace.clone(),
        server: table.settings.server.clone(),
    };
    let mut changes = vec![Change::Table(
        required(target),
        TableChange::Create(Box::new(definition)),
    )];
    changes.extend(
        table
            .foreign_keys()
            .map(|(constraint, _)| add_constraint(target, as_written(constraint))),
    );
    changes.extend(indexes_again(name, before));
    changes.extend(attachments_again(target, table));
    changes
}

/// The indexes of a relation that belong to no constraint and no parent's index.
pub(super) fn indexes_again(name: &QualifiedName, before: &Catalog) -> Vec<Change> {
    before
        .indexes_of(name)
        .filter(|(_, index)| index.constraint.is_none() && index.parent.is_none())
        .map(|(_, index)| {
            Change::Index(IndexChange::Create {
                index: index.definition.clone(),
                build: Build::Blocking,
                presence: Presence::Required,
            })
        })
        .collect()
}

fn attachments_again(target: &Target, table: &Table) -> Vec<Change> {
    let mut changes = Vec::new();
    for trigger in &table.triggers {
        changes.extend(trigger_again(&target.name, trigger));
    }
    for (part, comment) in &table.settings.comments {
        let on = CommentTarget {
            kind: if part.is_empty() {
                ObjectKind::Table
            } else {
                ObjectKind::Column
            },
            name: Some(target.name.clone()),
            part: (!part.is_empty()).then(|| Ident::new(part.clone())),
        };
        changes.push(Change::Comment(on, Some(comment.clone())));
    }
    changes
}

/// A trigger as it was, switched as it was.
pub(super) fn trigger_again(table: &QualifiedName, trigger: &crate::Trigger) -> Vec<Change> {
    let mut changes = vec![Change::Trigger(
        table.clone(),
        crate::TriggerChange::Create(trigger.definition.clone()),
    )];
    if trigger.state != TriggerState::Enable {
        changes.push(Change::Table(
            Target::required(table.clone()),
            TableChange::SetTrigger {
                trigger: Some(trigger.definition.name.clone()),
                state: trigger.state,
            },
        ));
    }
    changes
}

pub(super) fn partition(target: &Target, change: &PartitionChange, before: &Catalog) -> Inverse {
    let parent = &target.name;
    match change {
        PartitionChange::Attach { child, .. } => {
            let detach = PartitionChange::Detach {
                child: child.clone(),
                build: Build::Blocking,
            };
            exact_unless(
                vec![Change::Partition(required(target), detach)],
                takes_over(parent, child, before)
                    .then(|| format!("{child} keeps the constraints and indexes it took over")),
            )
        }
        PartitionChange::Detach { child, .. } => {
            let bound = before
                .table(child)
                .and_then(|child| child.partition_of.as_ref())
                .filter(|(of, _)| of == parent)
                .map(|(_, bound)| bound.clone());
            match bound {
                Some(bound) => attached_again(target, child, (bound, before)),
                None => none("the catalog does not know which rows the partition took"),
            }
        }
        PartitionChange::FinishDetach { .. } => none("the detach itself was another statement"),
    }
}

fn attached_again(
    target: &Target,
    child: &QualifiedName,
    (bound, before): (PartitionBound, &Catalog),
) -> Inverse {
    let whole = before.indexes_of(&target.name).all(|(name, index)| {
        index.state == IndexState::Valid
            && before
                .indexes_of(child)
                .any(|(_, own)| own.parent.as_ref() == Some(&name))
            && before
                .indexes_of(child)
                .filter(|(_, own)| does_the_same(&own.definition, &index.definition))
                .count()
                == 1
    });
    let attach = PartitionChange::Attach {
        child: child.clone(),
        bound,
    };
    exact_unless(
        vec![Change::Partition(required(target), attach)],
        (!whole).then(|| "which index of the partition was part of which".to_owned()),
    )
}

/// True unless the child already has all that a partition gets.
fn takes_over(parent: &QualifiedName, child: &QualifiedName, before: &Catalog) -> bool {
    let (Some(of), Some(table)) = (before.table(parent), before.table(child)) else {
        return true;
    };
    let lacks_index = before.indexes_of(parent).any(|(_, index)| {
        !before.indexes_of(child).any(|(_, own)| {
            own.parent.is_none()
                && own.state == IndexState::Valid
                && (index.constraint.is_none() || own.constraint.is_some())
                && does_the_same(&own.definition, &index.definition)
        })
    });
    let lacks_constraint = of.constraints.iter().any(|wanted| match &wanted.kind {
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => {
            table.constraint(&wanted.name).is_none()
        }
        ConstraintKind::ForeignKey(_) => {
            !table.constraints.iter().any(|own| own.kind == wanted.kind)
        }
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Exclude { .. } => false,
    });
    lacks_index || lacks_constraint || table.partitioning.is_some()
}
