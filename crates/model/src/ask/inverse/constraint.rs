//! Constraints of tables.

use crate::{
    Build, Catalog, Change, ColumnChange, Constraint, ConstraintChange, ConstraintKind,
    Enforcement, Ident, Index, IndexChange, Inverse, KeyColumns, Link, Nullability, Presence,
    Reaction, Table, TableChange, TableConstraint, Target, Uniqueness, Validity,
};

use super::super::apply::mention::{is_constraint_stale, is_index_stale};
use super::super::apply::{does_the_same, free_constraint_name, plain_index, plain_key};
use super::{add_constraint, as_written, drop_constraint, exact_unless, none, required};

pub(super) fn constraint(target: &Target, change: &ConstraintChange, before: &Catalog) -> Inverse {
    let own = |name: &Ident| before.table(&target.name)?.constraint(name);
    let exact = |change| Inverse::Exact(vec![Change::Constraint(required(target), change)]);
    match change {
        ConstraintChange::Add(wanted) => added(target, wanted, before),
        ConstraintChange::Drop { name, presence, .. } => match (own(name), presence) {
            (Some(own), _) => dropped(target, own, (change, before)),
            (None, Presence::Lenient) => Inverse::Nothing,
            (None, Presence::Required) => none("the catalog does not know the constraint"),
        },
        ConstraintChange::Validate(name) => match own(name) {
            Some(own) if own.validity == Validity::Valid => Inverse::Nothing,
            Some(own) => exact_unless(
                vec![
                    drop_constraint(target, name),
                    add_constraint(target, as_written(own)),
                ],
                cannot_repeat(target, own, before),
            ),
            None => none("the catalog does not know the constraint"),
        },
        ConstraintChange::Rename { from, to } => exact(ConstraintChange::Rename {
            from: to.clone(),
            to: from.clone(),
        }),
        ConstraintChange::SetDeferral { name, .. } => match own(name) {
            Some(own) => exact(ConstraintChange::SetDeferral {
                name: name.clone(),
                deferral: own.deferral,
            }),
            None => none("the catalog does not know the constraint"),
        },
        ConstraintChange::SetEnforcement { name, .. } => match own(name) {
            Some(own) => {
                let back = ConstraintChange::SetEnforcement {
                    name: name.clone(),
                    enforcement: own.enforcement,
                };
                let unchecked =
                    own.enforcement == Enforcement::Enforced && own.validity == Validity::NotValid;
                exact_unless(
                    vec![Change::Constraint(required(target), back)],
                    unchecked.then(|| "that its rows were not checked".to_owned()),
                )
            }
            None => none("the catalog does not know the constraint"),
        },
    }
}

fn added(target: &Target, wanted: &Constraint, before: &Catalog) -> Inverse {
    let Some(name) = free_constraint_name(before, &target.name, wanted) else {
        return Inverse::Nothing;
    };
    let mut changes = vec![drop_constraint(target, &name)];
    let columns: &[Ident] = match &wanted.kind {
        ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) => columns,
        ConstraintKind::NotNull(column) => std::slice::from_ref(column),
        ConstraintKind::Unique(KeyColumns::UsingIndex(index))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(index)) => {
            return gave_index_back(target, (wanted, index), (changes, before));
        }
        ConstraintKind::Unique(KeyColumns::Build { .. })
        | ConstraintKind::Check(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => &[],
    };
    changes.extend(nullability_back(target, (wanted, columns), before));
    exact_unless(changes, entangled_below(target, &name, (wanted, before)))
}

/// Dropping a primary key leaves NOT NULL behind, dropping a NOT NULL constraint takes it away.
fn nullability_back(
    target: &Target,
    (wanted, columns): (&Constraint, &[Ident]),
    before: &Catalog,
) -> Vec<Change> {
    let is_not_null = matches!(wanted.kind, ConstraintKind::NotNull(_));
    columns
        .iter()
        .filter_map(|column| {
            let own = before.column(&target.name, column)?;
            let change = match (own.nullability, is_not_null) {
                (Nullability::Nullable, false) => ColumnChange::DropNotNull(column.clone()),
                (Nullability::NotNull | Nullability::NotNullUnchecked, true) => {
                    ColumnChange::SetNotNull(column.clone())
                }
                (Nullability::Nullable, true)
                | (Nullability::NotNull | Nullability::NotNullUnchecked, false) => return None,
            };
            Some(Change::Column(required(target), change))
        })
        .collect()
}

/// What a drop of the new constraint would take along below the table that was there before.
fn entangled_below(
    target: &Target,
    name: &Ident,
    (wanted, before): (&Constraint, &Catalog),
) -> Option<String> {
    let below = before.descendants(&target.name);
    let unknown = before.table(&target.name).is_none();
    let touched = match &wanted.kind {
        ConstraintKind::Check(_) => below.iter().any(|table| {
            before
                .table(table)
                .is_some_and(|table| table.constraint(name).is_some())
        }),
        ConstraintKind::ForeignKey(_) => {
            unknown
                || below
                    .iter()
                    .filter_map(|table| before.table(table))
                    .any(|table| {
                        table.constraint(name).is_some()
                            || table.constraints.iter().any(|own| own.kind == wanted.kind)
                    })
        }
        ConstraintKind::NotNull(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::Exclude { .. } => !below.is_empty(),
    };
    let unchecked = unchecked_column(target, wanted, before);
    if unchecked {
        return Some("that old rows were not checked for null".to_owned());
    }
    (touched && !unknown).then(|| "what partitions or children had of their own".to_owned())
}

fn unchecked_column(target: &Target, wanted: &Constraint, before: &Catalog) -> bool {
    let columns: &[Ident] = match &wanted.kind {
        ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) => columns,
        ConstraintKind::NotNull(column) => std::slice::from_ref(column),
        ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
        | ConstraintKind::Unique(_)
        | ConstraintKind::Check(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => &[],
    };
    columns
        .iter()
        .filter_map(|column| before.column(&target.name, column))
        .any(|column| column.nullability == Nullability::NotNullUnchecked)
}

/// The index that a constraint took over goes with it, and is built again under its own name.
fn gave_index_back(
    target: &Target,
    (wanted, index): (&Constraint, &Ident),
    (mut changes, before): (Vec<Change>, &Catalog),
) -> Inverse {
    let Some(found) = before.index(&target.name.sibling(index.clone())) else {
        return none("the catalog does not know the index");
    };
    changes.push(create_index(found));
    let mut lost = is_index_stale(&found.definition).then(|| "the index's definition".to_owned());
    if let ConstraintKind::PrimaryKey(_) = &wanted.kind {
        let columns: Vec<Ident> = found
            .definition
            .keys
            .iter()
            .filter_map(|key| match &key.part {
                crate::IndexKeyPart::Column(column) => Some(column.clone()),
                crate::IndexKeyPart::Expression(_) => None,
            })
            .collect();
        let key = Constraint {
            kind: ConstraintKind::PrimaryKey(KeyColumns::Build {
                columns: columns.clone(),
                include: Vec::new(),
            }),
            ..wanted.clone()
        };
        changes.extend(nullability_back(target, (&key, &columns), before));
        if unchecked_column(target, &key, before) || !before.descendants(&target.name).is_empty() {
            lost = Some("what its columns and children were like".to_owned());
        }
    }
    if let Some(table) = before.table(&target.name) {
        changes.extend(settings_of_index(target, table, index));
    }
    exact_unless(changes, lost)
}

fn create_index(index: &Index) -> Change {
    Change::Index(IndexChange::Create {
        index: index.definition.clone(),
        build: Build::Blocking,
        presence: Presence::Required,
    })
}

/// What is set on a table by the name of an index, and goes with the index.
pub(super) fn settings_of_index(target: &Target, table: &Table, index: &Ident) -> Vec<Change> {
    let mut changes = Vec::new();
    if table.settings.cluster_on.as_ref() == Some(index) {
        changes.push(TableChange::SetCluster(Some(index.clone())));
    }
    let identity = crate::ReplicaIdentity::Index(index.clone());
    if table.settings.replica_identity.as_ref() == Some(&identity) {
        changes.push(TableChange::SetReplicaIdentity(identity));
    }
    changes
        .into_iter()
        .map(|change| Change::Table(required(target), change))
        .collect()
}

fn dropped(
    target: &Target,
    own: &TableConstraint,
    (change, before): (&ConstraintChange, &Catalog),
) -> Inverse {
    let Some(table) = before.table(&target.name) else {
        return none("the catalog does not know the table");
    };
    let mut changes = Vec::new();
    let index = own
        .index
        .as_ref()
        .and_then(|index| before.index(&target.name.sibling(index.clone())));
    match index {
        Some(index) if !is_made_for(index, own) => {
            changes.push(create_index(index));
            changes.push(add_constraint(target, using_index(own)));
        }
        Some(_) | None => changes.push(add_constraint(target, as_written(own))),
    }
    if let Some(index) = &own.index {
        changes.extend(settings_of_index(target, table, index));
    }
    let cascades = matches!(
        change,
        ConstraintChange::Drop {
            reaction: Reaction::Cascade,
            ..
        }
    ) && own.index.is_some()
        && before
            .linked(&Link::References(target.name.clone()))
            .next()
            .is_some();
    let lost = if cascades {
        Some("the foreign keys that needed it".to_owned())
    } else {
        cannot_repeat(target, own, before)
    };
    exact_unless(changes, lost)
}

/// Why adding the constraint again would not give the same catalog.
fn cannot_repeat(target: &Target, own: &TableConstraint, before: &Catalog) -> Option<String> {
    if is_constraint_stale(&own.kind) {
        return Some("a condition whose text names a column by its former name".to_owned());
    }
    let below = before.descendants(&target.name);
    let inherited = below
        .iter()
        .filter_map(|table| before.table(table))
        .all(|table| {
            table
                .constraint(&own.name)
                .is_some_and(|other| other.kind == own.kind && other.validity == own.validity)
        });
    let exact_kind = match &own.kind {
        ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_) => true,
        ConstraintKind::NotNull(column) => {
            before.column(&target.name, column).is_some_and(|column| {
                matches!(
                    (column.nullability, own.validity),
                    (Nullability::NotNull, Validity::Valid)
                        | (Nullability::NotNullUnchecked, Validity::NotValid)
                )
            })
        }
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Exclude { .. } => below.is_empty(),
    };
    (!inherited && !below.is_empty() || !exact_kind)
        .then(|| "what partitions or children had of their own".to_owned())
}

/// True for the index that the constraint itself would build.
fn is_made_for(index: &Index, own: &TableConstraint) -> bool {
    let definition = &index.definition;
    let plain = definition.parameters.is_empty() && definition.tablespace.is_none();
    match &own.kind {
        ConstraintKind::Unique(KeyColumns::Build { columns, include })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { columns, include }) => {
            let made = crate::IndexDefinition {
                keys: columns.iter().cloned().map(plain_key).collect(),
                include: include.clone(),
                uniqueness: Uniqueness::Unique,
                ..plain_index(&definition.table, &own.name)
            };
            plain && does_the_same(definition, &made)
        }
        ConstraintKind::Unique(KeyColumns::UsingIndex(_))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
        | ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => true,
    }
}

fn using_index(own: &TableConstraint) -> Constraint {
    let key = KeyColumns::UsingIndex(own.name.clone());
    let kind = match &own.kind {
        ConstraintKind::Unique(_) => ConstraintKind::Unique(key),
        ConstraintKind::PrimaryKey(_) => ConstraintKind::PrimaryKey(key),
        kept @ (ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. }) => kept.clone(),
    };
    Constraint {
        kind,
        ..as_written(own)
    }
}
