//! Everything that is not a relation, and what is attached to tables.

use crate::{
    Catalog, Change, ChosenName, CommentTarget, Constraint, ConstraintKind, DomainChange,
    EnumPosition, ExtensionChange, Ident, Inverse, Link, NamespaceChange, PolicyChange, Presence,
    PublicationChange, PublicationScope, PublishedTable, QualifiedName, Reaction, RoutineChange,
    RuleChange, StatisticsChange, TriggerChange, TypeChange, TypeDefinition, UserTypeKind,
    Validity,
};

use super::super::apply::comment_key;
use super::super::apply::naming::first_free;
use super::table::trigger_again;
use super::{exact_unless, in_namespace, none};

pub(super) fn namespace(name: &Ident, change: &NamespaceChange, before: &Catalog) -> Inverse {
    let exact =
        |name: &Ident, change| Inverse::Exact(vec![Change::Namespace(name.clone(), change)]);
    match change {
        NamespaceChange::Create(_) if before.namespaces.contains(name) => Inverse::Nothing,
        NamespaceChange::Create(_) => exact(
            name,
            NamespaceChange::Drop {
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        ),
        NamespaceChange::Drop { reaction, .. } => exact_unless(
            vec![Change::Namespace(
                name.clone(),
                NamespaceChange::Create(Presence::Required),
            )],
            match reaction {
                Reaction::Restrict => None,
                Reaction::Cascade => Some(format!("everything that was in {name}")),
            },
        ),
        NamespaceChange::Rename(to) => exact(to, NamespaceChange::Rename(name.clone())),
        NamespaceChange::SetOwner(_) => none("the catalog does not keep owners of namespaces"),
    }
}

pub(super) fn user_type(name: &QualifiedName, change: &TypeChange, before: &Catalog) -> Inverse {
    let exact = |name: QualifiedName, change| Inverse::Exact(vec![Change::Type(name, change)]);
    let own = before.types.get(name);
    match change {
        TypeChange::Create(_) => match own {
            Some(_) => Inverse::Nothing,
            None => exact(
                name.clone(),
                TypeChange::Drop {
                    presence: Presence::Required,
                    reaction: Reaction::Restrict,
                },
            ),
        },
        TypeChange::Drop { .. } => match own.map(|own| &own.kind) {
            Some(UserTypeKind::Plain(TypeDefinition::Base)) => {
                none("the catalog does not know the type's definition")
            }
            Some(UserTypeKind::Plain(definition)) => exact_unless(
                vec![Change::Type(
                    name.clone(),
                    TypeChange::Create(definition.clone()),
                )],
                used(name, before),
            ),
            Some(UserTypeKind::Domain { .. }) | None => Inverse::Nothing,
        },
        TypeChange::Rename(to) => exact(
            name.sibling(to.clone()),
            TypeChange::Rename(name.name.clone()),
        ),
        TypeChange::SetNamespace(namespace) => exact(
            in_namespace(name, namespace),
            TypeChange::SetNamespace(name.namespace.clone()),
        ),
        TypeChange::SetOwner(_) => none("the catalog does not keep owners of types"),
        TypeChange::AddValue {
            label,
            position: EnumPosition::End | EnumPosition::Before(_) | EnumPosition::After(_),
            ..
        } => match own.map(|own| &own.kind) {
            Some(UserTypeKind::Plain(TypeDefinition::Enum(labels))) if labels.contains(label) => {
                Inverse::Nothing
            }
            Some(UserTypeKind::Plain(_) | UserTypeKind::Domain { .. }) | None => {
                none("a label cannot be taken out of an enum")
            }
        },
        TypeChange::RenameValue { from, to } => exact(
            name.clone(),
            TypeChange::RenameValue {
                from: to.clone(),
                to: from.clone(),
            },
        ),
        TypeChange::AddAttribute { .. }
        | TypeChange::DropAttribute { .. }
        | TypeChange::AlterAttribute { .. }
        | TypeChange::RenameAttribute { .. } => attribute(name, change, before),
    }
}

/// Why dropping the type loses more than the type.
fn used(name: &QualifiedName, before: &Catalog) -> Option<String> {
    before
        .linked(&Link::HasType(name.clone()))
        .next()
        .map(|table| format!("the columns of this type, in {table} for one"))
}

fn attribute(name: &QualifiedName, change: &TypeChange, before: &Catalog) -> Inverse {
    let own = |wanted: &Ident| match before.types.get(name).map(|own| &own.kind) {
        Some(UserTypeKind::Plain(TypeDefinition::Composite(attributes))) => {
            attributes.iter().find(|own| &own.name == wanted)
        }
        Some(UserTypeKind::Plain(_) | UserTypeKind::Domain { .. }) | None => None,
    };
    let back = |change| vec![Change::Type(name.clone(), change)];
    match change {
        TypeChange::AddAttribute {
            attribute,
            reaction,
        } => Inverse::Exact(back(TypeChange::DropAttribute {
            name: attribute.name.clone(),
            presence: Presence::Required,
            reaction: *reaction,
        })),
        TypeChange::RenameAttribute { from, to, reaction } => {
            Inverse::Exact(back(TypeChange::RenameAttribute {
                from: to.clone(),
                to: from.clone(),
                reaction: *reaction,
            }))
        }
        TypeChange::DropAttribute {
            name: dropped,
            reaction,
            ..
        } => match own(dropped) {
            Some(own) => Inverse::Lossy {
                changes: back(TypeChange::AddAttribute {
                    attribute: own.clone(),
                    reaction: *reaction,
                }),
                lost: format!("the values of {dropped}"),
            },
            None => none("the catalog does not know the attribute"),
        },
        TypeChange::AlterAttribute {
            name: altered,
            reaction,
            ..
        } => match own(altered) {
            Some(own) => Inverse::Lossy {
                changes: back(TypeChange::AlterAttribute {
                    name: altered.clone(),
                    data_type: own.data_type.clone(),
                    reaction: *reaction,
                }),
                lost: "what the new type cannot keep".to_owned(),
            },
            None => none("the catalog does not know the attribute"),
        },
        TypeChange::Create(_)
        | TypeChange::Drop { .. }
        | TypeChange::Rename(_)
        | TypeChange::SetNamespace(_)
        | TypeChange::SetOwner(_)
        | TypeChange::AddValue { .. }
        | TypeChange::RenameValue { .. } => none("this is not about an attribute"),
    }
}

pub(super) fn domain(name: &QualifiedName, change: &DomainChange, before: &Catalog) -> Inverse {
    let exact = |name: QualifiedName, change| Inverse::Exact(vec![Change::Domain(name, change)]);
    match (change, before.types.get(name).map(|own| &own.kind)) {
        (DomainChange::Create { .. }, Some(_)) => Inverse::Nothing,
        (DomainChange::Create { .. }, None) => exact(
            name.clone(),
            DomainChange::Drop {
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        ),
        (DomainChange::Rename(to), _) => exact(
            name.sibling(to.clone()),
            DomainChange::Rename(name.name.clone()),
        ),
        (DomainChange::SetNamespace(namespace), _) => exact(
            in_namespace(name, namespace),
            DomainChange::SetNamespace(name.namespace.clone()),
        ),
        (DomainChange::SetOwner(_), _) => none("the catalog does not keep owners of types"),
        (_, Some(domain @ UserTypeKind::Domain { .. })) => {
            domain_back(name, domain, (change, before))
        }
        (_, Some(UserTypeKind::Plain(_)) | None) => none("the catalog does not know the domain"),
    }
}

fn domain_back(
    name: &QualifiedName,
    domain: &UserTypeKind,
    (change, before): (&DomainChange, &Catalog),
) -> Inverse {
    let UserTypeKind::Domain {
        base,
        default,
        constraints,
    } = domain
    else {
        return none("the catalog does not know the domain");
    };
    let back = |changes: Vec<DomainChange>| {
        changes
            .into_iter()
            .map(|change| Change::Domain(name.clone(), change))
            .collect::<Vec<_>>()
    };
    let add_again = |own: &Constraint| DomainChange::AddConstraint(own.clone());
    let refusing: Vec<&Constraint> = constraints
        .iter()
        .filter(|own| matches!(own.kind, ConstraintKind::NotNull(_)))
        .collect();
    match change {
        DomainChange::Drop { .. } => exact_unless(
            back(vec![DomainChange::Create {
                base: base.clone(),
                default: default.clone(),
                constraints: constraints.clone(),
            }]),
            used(name, before),
        ),
        DomainChange::AddConstraint(_)
        | DomainChange::DropConstraint { .. }
        | DomainChange::ValidateConstraint(_)
        | DomainChange::RenameConstraint { .. } => {
            domain_constraint_back(name, constraints, change)
        }
        DomainChange::SetNotNull if refusing.is_empty() => {
            Inverse::Exact(back(vec![DomainChange::DropNotNull]))
        }
        DomainChange::SetNotNull => Inverse::Nothing,
        DomainChange::DropNotNull if refusing.is_empty() => Inverse::Nothing,
        DomainChange::DropNotNull => {
            Inverse::Exact(back(refusing.into_iter().map(add_again).collect()))
        }
        DomainChange::SetDefault(_) | DomainChange::DropDefault => {
            Inverse::Exact(back(vec![match default {
                Some(default) => DomainChange::SetDefault(default.clone()),
                None => DomainChange::DropDefault,
            }]))
        }
        DomainChange::Create { .. }
        | DomainChange::Rename(_)
        | DomainChange::SetNamespace(_)
        | DomainChange::SetOwner(_) => Inverse::Nothing,
    }
}

fn domain_constraint_back(
    domain: &QualifiedName,
    constraints: &[Constraint],
    change: &DomainChange,
) -> Inverse {
    let back = |changes: Vec<DomainChange>| {
        changes
            .into_iter()
            .map(|change| Change::Domain(domain.clone(), change))
            .collect::<Vec<_>>()
    };
    let named = |name: &Ident| constraints.iter().find(|own| own.name.ident() == name);
    let add_again = |own: &Constraint| DomainChange::AddConstraint(own.clone());
    match change {
        DomainChange::AddConstraint(added) => {
            let is_free = |name: &Ident| named(name).is_none();
            match &added.name {
                ChosenName::Given(given) if !is_free(given) => Inverse::Nothing,
                ChosenName::Given(given) => {
                    Inverse::Exact(back(vec![drop_domain_constraint(given)]))
                }
                ChosenName::Generated(chosen) => {
                    Inverse::Exact(back(vec![drop_domain_constraint(&first_free(
                        chosen, is_free,
                    ))]))
                }
            }
        }
        DomainChange::DropConstraint { name, .. } => match named(name) {
            Some(own) => Inverse::Exact(back(vec![add_again(own)])),
            None => Inverse::Nothing,
        },
        DomainChange::ValidateConstraint(name) => match named(name) {
            Some(own) if own.validity == Validity::NotValid => {
                Inverse::Exact(back(vec![drop_domain_constraint(name), add_again(own)]))
            }
            Some(_) | None => Inverse::Nothing,
        },
        DomainChange::RenameConstraint { from, to } => {
            Inverse::Exact(back(vec![DomainChange::RenameConstraint {
                from: to.clone(),
                to: from.clone(),
            }]))
        }
        DomainChange::Create { .. }
        | DomainChange::Drop { .. }
        | DomainChange::SetNotNull
        | DomainChange::DropNotNull
        | DomainChange::SetDefault(_)
        | DomainChange::DropDefault
        | DomainChange::Rename(_)
        | DomainChange::SetNamespace(_)
        | DomainChange::SetOwner(_) => Inverse::Nothing,
    }
}

fn drop_domain_constraint(name: &Ident) -> DomainChange {
    DomainChange::DropConstraint {
        name: name.clone(),
        presence: Presence::Required,
        reaction: Reaction::Restrict,
    }
}

pub(super) fn routine(name: &QualifiedName, change: &RoutineChange, before: &Catalog) -> Inverse {
    let all = before.routines.get(name).map_or(&[][..], Vec::as_slice);
    let exact = |name: QualifiedName, change| Inverse::Exact(vec![Change::Routine(name, change)]);
    let drop = RoutineChange::Drop {
        presence: Presence::Required,
        reaction: Reaction::Restrict,
    };
    match change {
        RoutineChange::Create(wanted) | RoutineChange::Replace(wanted) => {
            let same = all
                .iter()
                .find(|own| own.definition.arguments == wanted.arguments);
            match (same, all.is_empty(), change) {
                (Some(own), _, RoutineChange::Replace(_)) => exact_unless(
                    vec![Change::Routine(
                        name.clone(),
                        RoutineChange::Replace(Box::new(own.definition.clone())),
                    )],
                    (own.definition.returns != wanted.returns)
                        .then(|| "the former type it returned".to_owned()),
                ),
                (Some(_), _, _) => Inverse::Nothing,
                (None, true, _) => exact(name.clone(), drop),
                (None, false, _) => none("several routines have this name"),
            }
        }
        RoutineChange::Drop { reaction, .. } => match all {
            [] => Inverse::Nothing,
            [own] => {
                let calls = *reaction == Reaction::Cascade
                    && before.linked(&Link::Calls(name.clone())).next().is_some();
                exact_unless(
                    vec![Change::Routine(
                        name.clone(),
                        RoutineChange::Create(Box::new(own.definition.clone())),
                    )],
                    calls.then(|| "the triggers that called it".to_owned()),
                )
            }
            _ => none("several routines have this name"),
        },
        RoutineChange::Rename(to) => exact(
            name.sibling(to.clone()),
            RoutineChange::Rename(name.name.clone()),
        ),
        RoutineChange::SetNamespace(namespace) => exact(
            in_namespace(name, namespace),
            RoutineChange::SetNamespace(name.namespace.clone()),
        ),
        RoutineChange::SetOwner(_) | RoutineChange::Alter => {
            none("the catalog does not keep this of a routine")
        }
    }
}

pub(super) fn trigger(table: &QualifiedName, change: &TriggerChange, before: &Catalog) -> Inverse {
    let own = |name: &Ident| {
        before
            .table(table)?
            .triggers
            .iter()
            .find(|own| &own.definition.name == name)
    };
    let exact = |change| Inverse::Exact(vec![Change::Trigger(table.clone(), change)]);
    let drop = |name: &Ident| TriggerChange::Drop {
        name: name.clone(),
        presence: Presence::Required,
        reaction: Reaction::Restrict,
    };
    match change {
        TriggerChange::Create(wanted) => match own(&wanted.name) {
            Some(_) => Inverse::Nothing,
            None => exact(drop(&wanted.name)),
        },
        TriggerChange::Replace(wanted) => match own(&wanted.name) {
            Some(own) => exact(TriggerChange::Replace(own.definition.clone())),
            None => exact(drop(&wanted.name)),
        },
        TriggerChange::Drop { name, presence, .. } => match (own(name), presence) {
            (Some(own), _) => Inverse::Exact(trigger_again(table, own)),
            (None, Presence::Lenient) => Inverse::Nothing,
            (None, Presence::Required) => none("the catalog does not know the trigger"),
        },
        TriggerChange::Rename { from, to } => exact(TriggerChange::Rename {
            from: to.clone(),
            to: from.clone(),
        }),
        TriggerChange::Sync(sync) => exact(TriggerChange::DropSync(sync.clone())),
        TriggerChange::DropSync(sync) => exact(TriggerChange::Sync(sync.clone())),
    }
}

pub(super) fn rule(table: &QualifiedName, change: &RuleChange, before: &Catalog) -> Inverse {
    let has = |name| {
        before
            .table(table)
            .is_some_and(|table| table.rules.contains(name))
    };
    let exact = |change| Inverse::Exact(vec![Change::Rule(table.clone(), change)]);
    match change {
        RuleChange::Create(name) if !has(name) => exact(RuleChange::Drop {
            name: name.clone(),
            presence: Presence::Required,
            reaction: Reaction::Restrict,
        }),
        RuleChange::Create(_) | RuleChange::Drop { .. } => {
            none("the catalog does not keep what rules do")
        }
        RuleChange::Rename { from, to } => exact(RuleChange::Rename {
            from: to.clone(),
            to: from.clone(),
        }),
    }
}

pub(super) fn policy(table: &QualifiedName, change: &PolicyChange, before: &Catalog) -> Inverse {
    let has = |name: &Ident| {
        before
            .table(table)
            .is_some_and(|table| table.policies.iter().any(|own| &own.name == name))
    };
    let exact = |change| Inverse::Exact(vec![Change::Policy(table.clone(), change)]);
    match change {
        PolicyChange::Create { name, .. } if has(name) => Inverse::Nothing,
        PolicyChange::Create { name, .. } => exact(PolicyChange::Drop {
            name: name.clone(),
            presence: Presence::Required,
        }),
        PolicyChange::Drop { name, presence } if !has(name) && *presence == Presence::Lenient => {
            Inverse::Nothing
        }
        PolicyChange::Alter { .. } | PolicyChange::Drop { .. } => {
            none("the catalog does not keep what policies say")
        }
        PolicyChange::Rename { from, to } => exact(PolicyChange::Rename {
            from: to.clone(),
            to: from.clone(),
        }),
    }
}

pub(super) fn statistics(
    name: &QualifiedName,
    change: &StatisticsChange,
    before: &Catalog,
) -> Inverse {
    let exact = |change| Inverse::Exact(vec![Change::Statistics(name.clone(), change)]);
    match (change, before.statistics.get(name)) {
        (StatisticsChange::Create { .. }, Some(_)) | (StatisticsChange::Drop { .. }, None) => {
            Inverse::Nothing
        }
        (StatisticsChange::Create { .. }, None) => exact(StatisticsChange::Drop {
            presence: Presence::Required,
        }),
        (StatisticsChange::Drop { .. }, Some(own)) => exact(StatisticsChange::Create {
            table: own.table.clone(),
            columns: own.columns.clone(),
            presence: Presence::Required,
        }),
        (StatisticsChange::Alter, _) => none("the catalog does not keep this of statistics"),
    }
}

pub(super) fn publication(name: &Ident, change: &PublicationChange, before: &Catalog) -> Inverse {
    let change_of = |change| Change::Publication(name.clone(), change);
    let exact = |change| Inverse::Exact(vec![change_of(change)]);
    match (change, before.publications.get(name).map(|own| &own.scope)) {
        (PublicationChange::Create(_) | PublicationChange::CreateForAll, Some(_))
        | (PublicationChange::Drop { .. }, None) => Inverse::Nothing,
        (PublicationChange::Create(_) | PublicationChange::CreateForAll, None) => {
            exact(PublicationChange::Drop {
                presence: Presence::Required,
            })
        }
        (PublicationChange::Drop { .. }, Some(PublicationScope::All)) => {
            exact(PublicationChange::CreateForAll)
        }
        (PublicationChange::Alter, _) => none("the catalog does not keep this of publications"),
        (
            PublicationChange::Add(_) | PublicationChange::Set(_) | PublicationChange::Remove(_),
            None | Some(PublicationScope::All),
        ) => none("the catalog does not know the tables of the publication"),
        (
            PublicationChange::Add(_)
            | PublicationChange::Set(_)
            | PublicationChange::Remove(_)
            | PublicationChange::Drop { .. },
            Some(PublicationScope::Tables(tables)),
        ) => {
            let filtered = tables.values().any(|columns| !columns.is_empty());
            let old: Vec<PublishedTable> = tables
                .iter()
                .map(|(table, columns)| PublishedTable {
                    table: table.clone(),
                    columns: columns.clone(),
                })
                .collect();
            let back = match change {
                PublicationChange::Drop { .. } => PublicationChange::Create(old),
                PublicationChange::Create(_)
                | PublicationChange::CreateForAll
                | PublicationChange::Add(_)
                | PublicationChange::Set(_)
                | PublicationChange::Remove(_)
                | PublicationChange::Alter => PublicationChange::Set(old),
            };
            exact_unless(
                vec![change_of(back)],
                filtered.then(|| "the text of row filters".to_owned()),
            )
        }
    }
}

pub(super) fn extension(name: &Ident, change: &ExtensionChange, before: &Catalog) -> Inverse {
    let has = before.extensions.contains(name);
    match change {
        ExtensionChange::Create(_) if has => Inverse::Nothing,
        ExtensionChange::Create(_) => Inverse::Exact(vec![Change::Extension(
            name.clone(),
            ExtensionChange::Drop {
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        )]),
        ExtensionChange::Drop { .. } if !has => Inverse::Nothing,
        ExtensionChange::Drop { reaction, .. } => exact_unless(
            vec![Change::Extension(
                name.clone(),
                ExtensionChange::Create(Presence::Required),
            )],
            match reaction {
                Reaction::Restrict => None,
                Reaction::Cascade => Some("everything that used the extension".to_owned()),
            },
        ),
        ExtensionChange::Update | ExtensionChange::Alter => {
            none("the catalog does not keep versions of extensions")
        }
    }
}

pub(super) fn comment(target: &CommentTarget, before: &Catalog) -> Inverse {
    let former = comment_key(target)
        .and_then(|(table, key)| Some(before.table(table)?.settings.comments.get(&key).cloned()));
    match former {
        Some(text) => Inverse::Exact(vec![Change::Comment(target.clone(), text)]),
        None => Inverse::Lossy {
            changes: vec![Change::Comment(target.clone(), None)],
            lost: "the former comment, which the catalog does not keep".to_owned(),
        },
    }
}
