//! Everything that is not a relation, and what is attached to tables.

use std::collections::BTreeMap;

use crate::{
    Catalog, CommentTarget, Constraint, ConstraintKind, DomainChange, ExtensionChange, Holds,
    Ident, NamespaceChange, PolicyChange, PublicationChange, PublicationScope, PublishedTable,
    QualifiedName, RoutineChange, RoutineDefinition, RuleChange, StatisticsChange, Table,
    TriggerChange, TriggerDefinition, TypeChange, TypeDefinition, UserTypeKind, Validity,
};

use super::super::apply::comment_key;
use super::likeness::{self, Likeness};
use super::{renamed, same_body, unknown, yes_if};

pub(super) fn namespace(name: &Ident, change: &NamespaceChange, catalog: &Catalog) -> Holds {
    let has = |name| catalog.namespaces.contains(name);
    match change {
        NamespaceChange::Create(_) => yes_if(has(name)),
        NamespaceChange::Drop { .. } => yes_if(!has(name)),
        NamespaceChange::Rename(to) => renamed(has(name), has(to), "namespace"),
        NamespaceChange::SetOwner(_) => unknown("the catalog does not keep owners of namespaces"),
    }
}

pub(super) fn user_type(name: &QualifiedName, change: &TypeChange, catalog: &Catalog) -> Holds {
    let has = |name| catalog.types.contains_key(name);
    let kind = catalog.types.get(name).map(|found| &found.kind);
    match change {
        TypeChange::Create(wanted) => match kind {
            None => Holds::No,
            Some(UserTypeKind::Plain(own)) if own == wanted => Holds::Yes,
            Some(UserTypeKind::Plain(_) | UserTypeKind::Domain { .. }) => {
                Holds::Differs(format!("type {name} is there with another definition"))
            }
        },
        TypeChange::Drop { .. } => yes_if(kind.is_none()),
        TypeChange::Rename(to) => renamed(has(name), has(&name.sibling(to.clone())), "type"),
        TypeChange::SetNamespace(namespace) => {
            let to = QualifiedName {
                namespace: namespace.clone(),
                name: name.name.clone(),
            };
            renamed(has(name), has(&to), "type")
        }
        TypeChange::SetOwner(_) => unknown("the catalog does not keep owners of types"),
        TypeChange::AddValue { label, .. } => match labels(name, catalog) {
            Some(labels) => yes_if(labels.contains(label)),
            None => unknown("the labels of the type are not known"),
        },
        TypeChange::RenameValue { from, to } => match labels(name, catalog) {
            Some(labels) => renamed(labels.contains(from), labels.contains(to), "label"),
            None => unknown("the labels of the type are not known"),
        },
        TypeChange::AddAttribute { .. }
        | TypeChange::DropAttribute { .. }
        | TypeChange::AlterAttribute { .. }
        | TypeChange::RenameAttribute { .. } => attribute(kind, change),
    }
}

fn labels<'a>(name: &QualifiedName, catalog: &'a Catalog) -> Option<&'a [String]> {
    match &catalog.types.get(name)?.kind {
        UserTypeKind::Plain(TypeDefinition::Enum(labels)) => Some(labels),
        UserTypeKind::Plain(
            TypeDefinition::Composite(_) | TypeDefinition::Range(_) | TypeDefinition::Base,
        )
        | UserTypeKind::Domain { .. } => None,
    }
}

fn attribute(kind: Option<&UserTypeKind>, change: &TypeChange) -> Holds {
    let Some(UserTypeKind::Plain(TypeDefinition::Composite(attributes))) = kind else {
        return unknown("the attributes of the type are not known");
    };
    let find = |name: &Ident| attributes.iter().find(|own| &own.name == name);
    match change {
        TypeChange::AddAttribute { attribute, .. } => match find(&attribute.name) {
            None => Holds::No,
            Some(own) if own.data_type == attribute.data_type => Holds::Yes,
            Some(own) => Holds::Differs(format!(
                "attribute {} is {} and not {}",
                own.name, own.data_type, attribute.data_type
            )),
        },
        TypeChange::DropAttribute { name, .. } => yes_if(find(name).is_none()),
        TypeChange::AlterAttribute {
            name, data_type, ..
        } => yes_if(find(name).is_some_and(|own| own.data_type == *data_type)),
        TypeChange::RenameAttribute { from, to, .. } => {
            renamed(find(from).is_some(), find(to).is_some(), "attribute")
        }
        TypeChange::Create(_)
        | TypeChange::Drop { .. }
        | TypeChange::Rename(_)
        | TypeChange::SetNamespace(_)
        | TypeChange::SetOwner(_)
        | TypeChange::AddValue { .. }
        | TypeChange::RenameValue { .. } => unknown("this is not about an attribute"),
    }
}

pub(super) fn domain(name: &QualifiedName, change: &DomainChange, catalog: &Catalog) -> Holds {
    let has = |name| catalog.types.contains_key(name);
    match change {
        DomainChange::Drop { .. } => return yes_if(!has(name)),
        DomainChange::Rename(to) => {
            return renamed(has(name), has(&name.sibling(to.clone())), "domain");
        }
        DomainChange::SetNamespace(namespace) => {
            let to = QualifiedName {
                namespace: namespace.clone(),
                name: name.name.clone(),
            };
            return renamed(has(name), has(&to), "domain");
        }
        DomainChange::Create { .. }
        | DomainChange::AddConstraint(_)
        | DomainChange::DropConstraint { .. }
        | DomainChange::ValidateConstraint(_)
        | DomainChange::RenameConstraint { .. }
        | DomainChange::SetNotNull
        | DomainChange::DropNotNull
        | DomainChange::SetDefault(_)
        | DomainChange::DropDefault
        | DomainChange::SetOwner(_) => {}
    }
    match catalog.types.get(name).map(|found| &found.kind) {
        Some(domain @ UserTypeKind::Domain { .. }) => domain_is(name, domain, change),
        Some(UserTypeKind::Plain(_)) => Holds::Differs(format!("{name} is not a domain")),
        None => Holds::No,
    }
}

fn domain_is(name: &QualifiedName, domain: &UserTypeKind, change: &DomainChange) -> Holds {
    let UserTypeKind::Domain {
        base: own_base,
        default: own_default,
        constraints,
    } = domain
    else {
        return unknown("it is not a domain");
    };
    let named = |name: &Ident| constraints.iter().find(|own| own.name.ident() == name);
    let refuses_null = constraints
        .iter()
        .any(|own| matches!(own.kind, ConstraintKind::NotNull(_)));
    match change {
        DomainChange::Create {
            base,
            default,
            constraints: wanted,
        } => {
            let alike = likeness::optional(own_default.as_ref(), default.as_ref());
            let constrained = wanted
                .iter()
                .map(|wanted| {
                    nearest(constraints, wanted).map_or(Likeness::Different, |(near, _)| near)
                })
                .max()
                .unwrap_or(Likeness::Same);
            if own_base == base {
                alike
                    .max(constrained)
                    .holds(|| format!("domain {name} is there with another definition"))
            } else {
                Holds::Differs(format!("domain {name} is there with another definition"))
            }
        }
        DomainChange::AddConstraint(wanted) => demanded(name, constraints, wanted),
        DomainChange::DropConstraint { name, .. } => yes_if(named(name).is_none()),
        DomainChange::ValidateConstraint(name) => {
            yes_if(named(name).is_some_and(|own| own.validity == Validity::Valid))
        }
        DomainChange::RenameConstraint { from, to } => {
            renamed(named(from).is_some(), named(to).is_some(), "constraint")
        }
        DomainChange::SetNotNull => yes_if(refuses_null),
        DomainChange::DropNotNull => yes_if(!refuses_null),
        DomainChange::SetDefault(default) => {
            match likeness::optional(own_default.as_ref(), Some(default)) {
                Likeness::Different => Holds::No,
                near @ (Likeness::Same | Likeness::Unclear) => near.holds(String::new),
            }
        }
        DomainChange::DropDefault => yes_if(own_default.is_none()),
        DomainChange::SetOwner(_) => unknown("the catalog does not keep owners of types"),
        DomainChange::Drop { .. } | DomainChange::Rename(_) | DomainChange::SetNamespace(_) => {
            unknown("this is about the domain's name")
        }
    }
}

fn demanded(name: &QualifiedName, constraints: &[Constraint], wanted: &Constraint) -> Holds {
    match nearest(constraints, wanted) {
        None => Holds::No,
        Some((Likeness::Different, _)) => {
            Holds::Differs(format!("a constraint of {name} demands something else"))
        }
        Some((_, own)) if own.validity > wanted.validity => {
            Holds::Differs(format!("the constraint of {name} is not valid"))
        }
        Some((near, _)) => near.holds(String::new),
    }
}

/// The domain's constraint that is most like the one asked for, or has its name.
fn nearest<'a>(
    constraints: &'a [Constraint],
    wanted: &Constraint,
) -> Option<(Likeness, &'a Constraint)> {
    constraints
        .iter()
        .map(|own| (likeness::constraint(&own.kind, &wanted.kind), own))
        .filter(|(near, own)| {
            *near != Likeness::Different || own.name.ident() == wanted.name.ident()
        })
        .min_by_key(|(near, _)| *near)
}

pub(super) fn routine(name: &QualifiedName, change: &RoutineChange, catalog: &Catalog) -> Holds {
    let all = catalog.routines.get(name).map_or(&[][..], Vec::as_slice);
    let has = |name| catalog.routines.contains_key(name);
    let same = |wanted: &RoutineDefinition| {
        all.iter()
            .find(|own| own.definition.arguments == wanted.arguments)
            .map(|own| same_routine(&own.definition, wanted))
    };
    match change {
        RoutineChange::Create(wanted) => match same(wanted) {
            None => Holds::No,
            Some(true) => Holds::Yes,
            Some(false) => Holds::Differs(format!("{name} is there with another definition")),
        },
        RoutineChange::Replace(wanted) => yes_if(same(wanted) == Some(true)),
        RoutineChange::Drop { .. } => match all.len() {
            0 => Holds::Yes,
            1 => Holds::No,
            _ => unknown("several routines have this name"),
        },
        RoutineChange::Rename(to) => renamed(has(name), has(&name.sibling(to.clone())), "routine"),
        RoutineChange::SetNamespace(namespace) => {
            let to = QualifiedName {
                namespace: namespace.clone(),
                name: name.name.clone(),
            };
            renamed(has(name), has(&to), "routine")
        }
        RoutineChange::SetOwner(_) | RoutineChange::Alter => {
            unknown("the catalog does not keep this of a routine")
        }
    }
}

fn same_routine(own: &RoutineDefinition, wanted: &RoutineDefinition) -> bool {
    own.returns == wanted.returns
        && own.volatility == wanted.volatility
        && own.language == wanted.language
        && same_body(&own.body, &wanted.body)
}

/// The table a trigger, rule or policy stands on.
fn carrier<'a>(table: &QualifiedName, catalog: &'a Catalog) -> Option<&'a Table> {
    catalog.table(table)
}

pub(super) fn trigger(table: &QualifiedName, change: &TriggerChange, catalog: &Catalog) -> Holds {
    let Some(table) = carrier(table, catalog) else {
        return unknown("it is not a table the catalog knows");
    };
    let find = |name: &Ident| {
        table
            .triggers
            .iter()
            .map(|own| &own.definition)
            .find(|own| &own.name == name)
    };
    let same = |wanted: &TriggerDefinition| find(&wanted.name).map(|own| own == wanted);
    match change {
        TriggerChange::Create(wanted) => match same(wanted) {
            None => Holds::No,
            Some(true) => Holds::Yes,
            Some(false) => Holds::Differs(format!(
                "trigger {} is there with another definition",
                wanted.name
            )),
        },
        TriggerChange::Replace(wanted) => yes_if(same(wanted) == Some(true)),
        TriggerChange::Drop { name, .. } => yes_if(find(name).is_none()),
        TriggerChange::Sync(sync) => yes_if(same(&sync.definition()) == Some(true)),
        TriggerChange::DropSync(sync) => yes_if(find(&sync.name).is_none()),
        TriggerChange::Rename { from, to } => {
            renamed(find(from).is_some(), find(to).is_some(), "trigger")
        }
    }
}

pub(super) fn rule(table: &QualifiedName, change: &RuleChange, catalog: &Catalog) -> Holds {
    let Some(table) = carrier(table, catalog) else {
        return unknown("it is not a table the catalog knows");
    };
    let has = |name| table.rules.contains(name);
    match change {
        RuleChange::Create(name) if has(name) => unknown("the catalog does not keep what rules do"),
        RuleChange::Create(_) => Holds::No,
        RuleChange::Drop { name, .. } => yes_if(!has(name)),
        RuleChange::Rename { from, to } => renamed(has(from), has(to), "rule"),
    }
}

pub(super) fn policy(table: &QualifiedName, change: &PolicyChange, catalog: &Catalog) -> Holds {
    let Some(table) = carrier(table, catalog) else {
        return unknown("it is not a table the catalog knows");
    };
    let has = |name: &Ident| table.policies.iter().any(|own| &own.name == name);
    match change {
        PolicyChange::Create { name, .. } if has(name) => {
            unknown("the catalog does not keep what policies say")
        }
        PolicyChange::Create { .. } => Holds::No,
        PolicyChange::Alter { .. } => unknown("the catalog does not keep what policies say"),
        PolicyChange::Drop { name, .. } => yes_if(!has(name)),
        PolicyChange::Rename { from, to } => renamed(has(from), has(to), "policy"),
    }
}

pub(super) fn statistics(
    name: &QualifiedName,
    change: &StatisticsChange,
    catalog: &Catalog,
) -> Holds {
    let own = catalog.statistics.get(name);
    match change {
        StatisticsChange::Create { table, columns, .. } => match own {
            None => Holds::No,
            Some(own) if &own.table == table && &own.columns == columns => Holds::Yes,
            Some(_) => Holds::Differs(format!("statistics {name} are there for other columns")),
        },
        StatisticsChange::Drop { .. } => yes_if(own.is_none()),
        StatisticsChange::Alter => unknown("the catalog does not keep this of statistics"),
    }
}

pub(super) fn publication(name: &Ident, change: &PublicationChange, catalog: &Catalog) -> Holds {
    let own = catalog.publications.get(name).map(|own| &own.scope);
    let all = |wanted: &[PublishedTable]| match own {
        Some(PublicationScope::Tables(tables)) => wanted
            .iter()
            .all(|one| publishes(tables, one))
            .then_some(tables.len()),
        Some(PublicationScope::All) | None => None,
    };
    let other = || Holds::Differs(format!("publication {name} is there for other tables"));
    match (change, own) {
        (PublicationChange::Create(_) | PublicationChange::CreateForAll, None) => Holds::No,
        (PublicationChange::Create(wanted), Some(_)) => {
            if all(wanted) == Some(wanted.len()) {
                Holds::Yes
            } else {
                other()
            }
        }
        (PublicationChange::CreateForAll, Some(PublicationScope::All)) => Holds::Yes,
        (PublicationChange::CreateForAll, Some(PublicationScope::Tables(_))) => other(),
        (PublicationChange::Add(wanted), _) => yes_if(all(wanted).is_some()),
        (PublicationChange::Set(wanted), _) => yes_if(all(wanted) == Some(wanted.len())),
        (PublicationChange::Remove(tables), own) => yes_if(match own {
            Some(PublicationScope::Tables(published)) => {
                !tables.iter().any(|table| published.contains_key(table))
            }
            Some(PublicationScope::All) => false,
            None => true,
        }),
        (PublicationChange::Drop { .. }, own) => yes_if(own.is_none()),
        (PublicationChange::Alter, _) => unknown("the catalog does not keep this of publications"),
    }
}

fn publishes(tables: &BTreeMap<QualifiedName, Vec<Ident>>, wanted: &PublishedTable) -> bool {
    tables.get(&wanted.table) == Some(&wanted.columns)
}

pub(super) fn extension(name: &Ident, change: &ExtensionChange, catalog: &Catalog) -> Holds {
    let has = catalog.extensions.contains(name);
    match change {
        ExtensionChange::Create(_) => yes_if(has),
        ExtensionChange::Drop { .. } => yes_if(!has),
        ExtensionChange::Update | ExtensionChange::Alter => {
            unknown("the catalog does not keep versions of extensions")
        }
    }
}

pub(super) fn comment(target: &CommentTarget, text: Option<&String>, catalog: &Catalog) -> Holds {
    match comment_key(target) {
        Some((table, key)) => match catalog.table(table) {
            Some(table) => yes_if(table.settings.comments.get(&key) == text),
            None => unknown("it is not a table the catalog knows"),
        },
        None => unknown("the catalog keeps comments of tables and columns only"),
    }
}
