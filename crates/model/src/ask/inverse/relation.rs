//! Indexes, views and sequences.

use crate::{
    Build, Catalog, Change, ChosenName, ColumnUse, Index, IndexChange, IndexDefinition, IndexState,
    Inverse, Link, OutputColumn, Parameter, Presence, QualifiedName, Reaction, RenameSpelling,
    Scope, Selects, Sequence, SequenceChange, Target, View, ViewChange, ViewDefinition, ViewKind,
};

use super::super::apply::does_the_same;
use super::super::apply::mention::{is_index_stale, is_query_stale};
use super::super::apply::naming::free_relation_name;
use super::constraint::settings_of_index;
use super::table::indexes_again;
use super::{exact_unless, in_namespace, none, required, target_of};

pub(super) fn index(change: &IndexChange, before: &Catalog) -> Inverse {
    let exact = |change| Inverse::Exact(vec![Change::Index(change)]);
    match change {
        IndexChange::Create { index, build, .. } => built(index, *build, before),
        IndexChange::Drop { name, presence, .. } => match (before.index(name), presence) {
            (Some(index), _) => dropped(name, index, before),
            (None, Presence::Lenient) => Inverse::Nothing,
            (None, Presence::Required) => none("the catalog does not know the index"),
        },
        IndexChange::Rename { from, to, .. } => exact(IndexChange::Rename {
            from: from.sibling(to.clone()),
            to: from.name.clone(),
            presence: Presence::Required,
            spelled: RenameSpelling::AlterIndex,
        }),
        IndexChange::SetParameters { name, parameters } => match before.index(name) {
            Some(index) => exact(IndexChange::SetParameters {
                name: name.clone(),
                parameters: former(&index.definition.parameters, parameters),
            }),
            None => none("the catalog does not know the index"),
        },
        IndexChange::SetTablespace { name, .. } => {
            match before
                .index(name)
                .and_then(|index| index.definition.tablespace.clone())
            {
                Some(tablespace) => exact(IndexChange::SetTablespace {
                    name: name.clone(),
                    tablespace,
                }),
                None => none("the name of the default tablespace is not known"),
            }
        }
        IndexChange::Rebuild { .. } => Inverse::Nothing,
        IndexChange::SetStatistics(_) | IndexChange::DependsOnExtension(_) => {
            none("the catalog does not keep this of an index")
        }
        IndexChange::AttachPartition { .. } => {
            none("the index of a partition cannot be taken out again")
        }
    }
}

/// The values options had before.
fn former(own: &[Parameter], changed: &[Parameter]) -> Vec<Parameter> {
    changed
        .iter()
        .map(|parameter| Parameter {
            name: parameter.name.clone(),
            value: own
                .iter()
                .find(|own| own.name == parameter.name)
                .and_then(|own| own.value.clone()),
        })
        .collect()
}

fn built(index: &IndexDefinition, build: Build, before: &Catalog) -> Inverse {
    let name = match &index.name {
        ChosenName::Given(name) => {
            let name = index.table.sibling(name.clone());
            if before.relation(&name).is_some() {
                return Inverse::Nothing;
            }
            name
        }
        ChosenName::Generated(base) => {
            index
                .table
                .sibling(free_relation_name(before, &index.table, base))
        }
    };
    let takes_over = index.scope == Scope::WithDescendants
        && before.descendants(&index.table).iter().any(|table| {
            before
                .indexes_of(table)
                .any(|(_, own)| does_the_same(&own.definition, index))
        });
    exact_unless(
        vec![Change::Index(IndexChange::Drop {
            name,
            build,
            presence: Presence::Required,
            reaction: Reaction::Restrict,
        })],
        takes_over.then(|| "indexes of partitions that became part of it".to_owned()),
    )
}

fn dropped(name: &QualifiedName, index: &Index, before: &Catalog) -> Inverse {
    if index.constraint.is_some() || index.parent.is_some() {
        return Inverse::Nothing;
    }
    let table = &index.definition.table;
    let mut changes = vec![Change::Index(IndexChange::Create {
        index: index.definition.clone(),
        build: Build::Blocking,
        presence: Presence::Required,
    })];
    if let Some(found) = before.table(table) {
        let target = Target::required(table.clone());
        changes.extend(settings_of_index(&target, found, &name.name));
    }
    let has_parts = before
        .linked(&Link::Descends(table.clone()))
        .flat_map(|child| before.indexes_of(child))
        .any(|(_, own)| own.parent.as_ref() == Some(name));
    let lost = if is_index_stale(&index.definition) {
        Some("an expression whose text names a column by its former name".to_owned())
    } else if has_parts {
        Some("the names of the partitions' indexes".to_owned())
    } else {
        (index.state == IndexState::Invalid).then(|| "that it was invalid".to_owned())
    };
    exact_unless(changes, lost)
}

pub(super) fn view(target: &Target, change: &ViewChange, before: &Catalog) -> Inverse {
    let name = &target.name;
    let own = before.view(name);
    let exact = |target, change| Inverse::Exact(vec![Change::View(target, change)]);
    match change {
        ViewChange::Create(definition) => match before.relation(name) {
            Some(_) => Inverse::Nothing,
            None => exact(required(target), drop_view(definition.kind)),
        },
        ViewChange::Replace(definition) => match own {
            Some(view) => replaced(target, view, definition),
            None => exact(required(target), drop_view(definition.kind)),
        },
        ViewChange::Drop { reaction, .. } => match (own, target.presence) {
            (Some(view), _) => created_again(target, view, (*reaction, before)),
            (None, Presence::Lenient) => Inverse::Nothing,
            (None, Presence::Required) => none("the catalog does not know the view"),
        },
        ViewChange::Rename { kind, to } => exact(
            target_of(target, name.sibling(to.clone())),
            ViewChange::Rename {
                kind: *kind,
                to: name.name.clone(),
            },
        ),
        ViewChange::RenameColumn { from, to } => exact(
            required(target),
            ViewChange::RenameColumn {
                from: to.clone(),
                to: from.clone(),
            },
        ),
        ViewChange::SetNamespace(namespace) => exact(
            target_of(target, in_namespace(name, namespace)),
            ViewChange::SetNamespace(name.namespace.clone()),
        ),
        ViewChange::SetParameters(parameters) => match own {
            Some(view) => exact(
                required(target),
                ViewChange::SetParameters(former(&view.definition.parameters, parameters)),
            ),
            None => none("the catalog does not know the view"),
        },
        ViewChange::SetOwner(_) | ViewChange::SetColumnDefault(_) => {
            none("the catalog does not keep this of a view")
        }
    }
}

fn drop_view(kind: ViewKind) -> ViewChange {
    ViewChange::Drop {
        kind,
        reaction: Reaction::Restrict,
    }
}

/// A view can be replaced by one with the same columns, or more. Source: PostgreSQL 17 manual, CREATE VIEW.
fn replaced(target: &Target, view: &View, by: &ViewDefinition) -> Inverse {
    let old = &view.definition;
    let same_columns = old.columns == by.columns
        && old.query.selects == Selects::Named
        && by.query.selects == Selects::Named
        && names(&old.query.output) == names(&by.query.output);
    let lost = if is_query_stale(&old.query) {
        Some("a query whose text names something by its former name".to_owned())
    } else {
        (!same_columns).then(|| "the former columns, if the new view has more".to_owned())
    };
    exact_unless(
        vec![Change::View(
            required(target),
            ViewChange::Replace(old.clone()),
        )],
        lost,
    )
}

fn names(output: &[OutputColumn]) -> Vec<Option<&crate::Ident>> {
    output.iter().map(|column| column.name.as_ref()).collect()
}

fn created_again(
    target: &Target,
    view: &View,
    (reaction, before): (Reaction, &Catalog),
) -> Inverse {
    let mut changes = vec![Change::View(
        required(target),
        ViewChange::Create(view.definition.clone()),
    )];
    changes.extend(indexes_again(&target.name, before));
    let readers = reaction == Reaction::Cascade
        && before
            .linked(&Link::Reads(target.name.clone()))
            .next()
            .is_some();
    let lost = if is_query_stale(&view.definition.query) {
        Some("a query whose text names something by its former name".to_owned())
    } else {
        readers.then(|| "the views that read it".to_owned())
    };
    exact_unless(changes, lost)
}

pub(super) fn sequence(target: &Target, change: &SequenceChange, before: &Catalog) -> Inverse {
    let name = &target.name;
    let exact = |target, change| Inverse::Exact(vec![Change::Sequence(target, change)]);
    match change {
        SequenceChange::Create { .. } => match before.relation(name) {
            Some(_) => Inverse::Nothing,
            None => exact(
                required(target),
                SequenceChange::Drop {
                    reaction: Reaction::Restrict,
                },
            ),
        },
        SequenceChange::Drop { .. } => match before.sequence(name) {
            Some(own) => Inverse::Lossy {
                changes: vec![Change::Sequence(
                    required(target),
                    SequenceChange::Create {
                        owned_by: owned_by(own),
                        persistence: crate::Persistence::Permanent,
                    },
                )],
                lost: "where the sequence stood, its options, and the defaults that drew from it"
                    .to_owned(),
            },
            None => Inverse::Nothing,
        },
        SequenceChange::SetOwnedBy(_) => match before.sequence(name) {
            Some(own) => exact(required(target), SequenceChange::SetOwnedBy(owned_by(own))),
            None => none("the catalog does not know the sequence"),
        },
        SequenceChange::Rename(to) => exact(
            target_of(target, name.sibling(to.clone())),
            SequenceChange::Rename(name.name.clone()),
        ),
        SequenceChange::SetNamespace(namespace) => exact(
            target_of(target, in_namespace(name, namespace)),
            SequenceChange::SetNamespace(name.namespace.clone()),
        ),
        SequenceChange::Alter { .. } | SequenceChange::SetOwner(_) => {
            none("the catalog does not keep the options of sequences")
        }
    }
}

fn owned_by(sequence: &Sequence) -> Option<ColumnUse> {
    sequence.owned_by.as_ref().map(|(table, column)| ColumnUse {
        relation: Some(table.clone()),
        column: column.clone(),
    })
}
