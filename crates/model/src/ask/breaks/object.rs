//! Whom changes of views, sequences, types, routines, triggers, policies and privileges break.

use super::Break;
use crate::{
    BreakKind, Breakage, Catalog, DomainChange, ExtensionChange, Ident, IndexChange,
    NamespaceChange, PolicyChange, PrivilegeChange, QualifiedName, RoutineChange, RuleChange,
    SequenceChange, Sides, TriggerChange, TypeChange, Uniqueness, ViewChange, ViewDefinition,
};

/// Something without a relation of its own.
fn unplaced(kind: BreakKind, who: Sides, operation: &str) -> Vec<Breakage> {
    vec![Breakage {
        who,
        operation: operation.to_owned(),
        relation: None,
        column: None,
        kind,
    }]
}

fn name_gone(operation: &str) -> Vec<Breakage> {
    unplaced(BreakKind::NameGone, Sides::ReadersAndWriters, operation)
}

fn access(operation: &str) -> Vec<Breakage> {
    unplaced(BreakKind::AccessChanged, Sides::SomeStatements, operation)
}

pub(super) fn namespace(_name: &Ident, change: &NamespaceChange) -> Vec<Breakage> {
    match change {
        NamespaceChange::Drop { .. } => {
            name_gone("every statement that names one of its objects fails")
        }
        NamespaceChange::Rename(_) => name_gone(
            "every statement that qualifies a name with it fails, and every search_path that lists it",
        ),
        NamespaceChange::SetOwner(_) => access("a role that relied on owning it may be refused"),
        NamespaceChange::Create(_) => Vec::new(),
    }
}

pub(super) fn index(change: &IndexChange, catalog: &Catalog) -> Vec<Breakage> {
    match change {
        IndexChange::Create { index, .. } => {
            if index.uniqueness == Uniqueness::NotUnique
                || catalog.is_new_in_migration(&index.table)
            {
                return Vec::new();
            }
            vec![
                Break::of(BreakKind::WritesRefused, Sides::Writers, &index.table)
                    .says("writes that repeat a key are refused"),
            ]
        }
        IndexChange::Drop { name, .. } => drop_index(name, catalog),
        IndexChange::Rebuild { .. }
        | IndexChange::Rename { .. }
        | IndexChange::SetParameters { .. }
        | IndexChange::SetStatistics(_)
        | IndexChange::SetTablespace { .. }
        | IndexChange::DependsOnExtension(_)
        | IndexChange::AttachPartition { .. } => Vec::new(),
    }
}

/// A unique index that goes takes a guarantee and the target of ON CONFLICT with it; another one only takes speed.
fn drop_index(name: &QualifiedName, catalog: &Catalog) -> Vec<Breakage> {
    match catalog.index(name) {
        Some(index)
            if index.definition.uniqueness != Uniqueness::NotUnique
                && !catalog.is_new_in_migration(&index.definition.table) =>
        {
            vec![
                Break::of(
                    BreakKind::GuaranteeGone,
                    Sides::Writers,
                    &index.definition.table,
                )
                .says("duplicates are accepted, and ON CONFLICT on its columns fails"),
            ]
        }
        Some(_) | None => Vec::new(),
    }
}

pub(super) fn view(name: &QualifiedName, change: &ViewChange, catalog: &Catalog) -> Vec<Breakage> {
    if catalog
        .view(name)
        .is_some_and(|view| catalog.is_of_this_release(view.born))
    {
        return Vec::new();
    }
    let of = |kind, who| Break::of(kind, who, name);
    let found = match change {
        ViewChange::Drop { .. } => of(BreakKind::NameGone, Sides::ReadersAndWriters)
            .says("every statement that names the view fails"),
        ViewChange::Rename { .. } | ViewChange::SetNamespace(_) => {
            of(BreakKind::NameGone, Sides::ReadersAndWriters)
                .says("every statement that uses the old name fails")
        }
        ViewChange::RenameColumn { from, .. } => of(BreakKind::NameGone, Sides::ReadersAndWriters)
            .column(from)
            .says("every statement that uses the old name fails"),
        ViewChange::Replace(definition) => return replace_view(name, definition, catalog),
        ViewChange::SetOwner(_) => of(BreakKind::AccessChanged, Sides::SomeStatements)
            .says("the view reads with another role's rights"),
        ViewChange::SetColumnDefault(_) | ViewChange::SetParameters(_) => {
            of(BreakKind::BehaviourChanged, Sides::SomeStatements)
                .says("the view behaves differently under the same name")
        }
        ViewChange::Create(_) => return Vec::new(),
    };
    vec![found]
}

fn replace_view(
    name: &QualifiedName,
    definition: &ViewDefinition,
    catalog: &Catalog,
) -> Vec<Breakage> {
    match catalog.view(name) {
        Some(view) if &view.definition != definition => vec![
            Break::of(BreakKind::BehaviourChanged, Sides::Readers, name)
                .says("the same query of the view gives other rows or columns"),
        ],
        Some(_) | None => Vec::new(),
    }
}

pub(super) fn sequence(
    name: &QualifiedName,
    change: &SequenceChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if catalog
        .sequence(name)
        .is_some_and(|sequence| catalog.is_of_this_release(sequence.born))
    {
        return Vec::new();
    }
    let of = |kind, who| Break::of(kind, who, name);
    let found = match change {
        SequenceChange::Drop { .. }
        | SequenceChange::Rename(_)
        | SequenceChange::SetNamespace(_) => {
            of(BreakKind::NameGone, Sides::Writers).says("nextval of the old name fails")
        }
        SequenceChange::Alter { .. } => of(BreakKind::BehaviourChanged, Sides::Writers)
            .says("writers get other numbers, perhaps ones that exist already"),
        SequenceChange::SetOwner(_) => of(BreakKind::AccessChanged, Sides::SomeStatements)
            .says("a role that relied on owning it may be refused"),
        SequenceChange::Create { .. } | SequenceChange::SetOwnedBy(_) => return Vec::new(),
    };
    vec![found]
}

fn is_new_type(name: &QualifiedName, catalog: &Catalog) -> bool {
    catalog
        .types
        .get(name)
        .is_some_and(|found| catalog.is_of_this_release(found.born))
}

pub(super) fn user_type(
    name: &QualifiedName,
    change: &TypeChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if is_new_type(name, catalog) {
        return Vec::new();
    }
    match change {
        TypeChange::Drop { .. } | TypeChange::Rename(_) | TypeChange::SetNamespace(_) => {
            name_gone("every statement that names the type (casts, function arguments) fails")
        }
        TypeChange::RenameValue { .. } => unplaced(
            BreakKind::NameGone,
            Sides::ReadersAndWriters,
            "statements that use the old label fail, and readers see a label they do not know",
        ),
        TypeChange::AddValue { .. } => unplaced(
            BreakKind::BehaviourChanged,
            Sides::Readers,
            "readers may meet a label they do not know",
        ),
        TypeChange::AddAttribute { .. }
        | TypeChange::DropAttribute { .. }
        | TypeChange::AlterAttribute { .. }
        | TypeChange::RenameAttribute { .. } => unplaced(
            BreakKind::TypeChanged,
            Sides::ReadersAndWriters,
            "code that builds or reads values of the type fails",
        ),
        TypeChange::SetOwner(_) => access("a role that relied on owning it may be refused"),
        TypeChange::Create(_) => Vec::new(),
    }
}

pub(super) fn domain(
    name: &QualifiedName,
    change: &DomainChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if is_new_type(name, catalog) {
        return Vec::new();
    }
    match change {
        DomainChange::Drop { .. } | DomainChange::Rename(_) | DomainChange::SetNamespace(_) => {
            name_gone("every statement that names the domain fails")
        }
        DomainChange::AddConstraint(_) | DomainChange::SetNotNull => unplaced(
            BreakKind::WritesRefused,
            Sides::Writers,
            "writes that the domain forbids are refused in every table that uses it",
        ),
        DomainChange::DropConstraint { .. } | DomainChange::DropNotNull => unplaced(
            BreakKind::GuaranteeGone,
            Sides::Readers,
            "readers may meet values the domain forbade",
        ),
        DomainChange::SetDefault(_) | DomainChange::DropDefault => unplaced(
            BreakKind::BehaviourChanged,
            Sides::Writers,
            "inserts that leave such a column out store another value",
        ),
        DomainChange::SetOwner(_) => access("a role that relied on owning it may be refused"),
        DomainChange::Create { .. }
        | DomainChange::ValidateConstraint(_)
        | DomainChange::RenameConstraint { .. } => Vec::new(),
    }
}

pub(super) fn routine(
    name: &QualifiedName,
    change: &RoutineChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    let known = catalog.routines.get(name);
    let is_new = known.is_some_and(|routines| {
        routines
            .iter()
            .all(|routine| catalog.is_of_this_release(routine.born))
    });
    if is_new {
        return Vec::new();
    }
    match change {
        RoutineChange::Drop { .. } | RoutineChange::Rename(_) | RoutineChange::SetNamespace(_) => {
            name_gone("every call of it fails")
        }
        RoutineChange::Replace(_) if known.is_some() => unplaced(
            BreakKind::BehaviourChanged,
            Sides::SomeStatements,
            "the same call does something else for code that is running",
        ),
        RoutineChange::Alter => unplaced(
            BreakKind::BehaviourChanged,
            Sides::SomeStatements,
            "the same call may be planned or run differently",
        ),
        RoutineChange::SetOwner(_) => {
            access("a SECURITY DEFINER routine runs with another role's rights")
        }
        RoutineChange::Create(_) | RoutineChange::Replace(_) => Vec::new(),
    }
}

pub(super) fn trigger(
    table: &QualifiedName,
    change: &TriggerChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if catalog.is_new_in_migration(table) {
        return Vec::new();
    }
    match change {
        TriggerChange::Create(_) | TriggerChange::Replace(_) => vec![
            Break::of(BreakKind::BehaviourChanged, Sides::Writers, table)
                .says("it runs for every write of code that does not know it"),
        ],
        TriggerChange::Drop { .. } => vec![
            Break::of(BreakKind::GuaranteeGone, Sides::Writers, table)
                .says("what the trigger did for writes is no longer done"),
        ],
        // They are there so that nobody is broken, and go when nobody is left.
        TriggerChange::Rename { .. } | TriggerChange::Sync(_) | TriggerChange::DropSync(_) => {
            Vec::new()
        }
    }
}

pub(super) fn rule(table: &QualifiedName, change: &RuleChange, catalog: &Catalog) -> Vec<Breakage> {
    match change {
        RuleChange::Create(_) | RuleChange::Drop { .. } if !catalog.is_new_in_migration(table) => {
            vec![
                Break::of(BreakKind::BehaviourChanged, Sides::ReadersAndWriters, table)
                    .says("the same statement is rewritten differently"),
            ]
        }
        RuleChange::Create(_) | RuleChange::Drop { .. } | RuleChange::Rename { .. } => Vec::new(),
    }
}

pub(super) fn policy(
    table: &QualifiedName,
    change: &PolicyChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if catalog.is_new_in_migration(table) {
        return Vec::new();
    }
    match change {
        PolicyChange::Create { .. } | PolicyChange::Alter { .. } | PolicyChange::Drop { .. } => {
            vec![
                Break::of(BreakKind::AccessChanged, Sides::ReadersAndWriters, table)
                    .says("rows appear or disappear for roles that row security applies to"),
            ]
        }
        PolicyChange::Rename { .. } => Vec::new(),
    }
}

pub(super) fn extension(_name: &Ident, change: &ExtensionChange) -> Vec<Breakage> {
    match change {
        ExtensionChange::Drop { .. } => {
            name_gone("every statement that uses its types, functions or operators fails")
        }
        ExtensionChange::Update => unplaced(
            BreakKind::BehaviourChanged,
            Sides::Unknown,
            "the update runs SQL that is not in this file",
        ),
        ExtensionChange::Create(_) | ExtensionChange::Alter => Vec::new(),
    }
}

pub(super) fn privilege(change: &PrivilegeChange) -> Vec<Breakage> {
    match change {
        PrivilegeChange::Revoke { .. } => {
            access("statements of these roles that were allowed are refused")
        }
        PrivilegeChange::ReassignOwned { .. } => {
            access("roles that relied on owning the objects may be refused")
        }
        PrivilegeChange::DropOwned { .. } => {
            name_gone("every statement that names an object of these roles fails")
        }
        PrivilegeChange::Grant { .. } | PrivilegeChange::Default => Vec::new(),
    }
}
