//! Tables, their columns, constraints and partitions.

use crate::{
    Catalog, ChosenName, Column, ColumnChange, Constraint, ConstraintChange, ConstraintKind,
    Enforcement, Fill, Holds, Ident, KeyColumns, Knowledge, Nullability, PartitionChange,
    QualifiedName, Relation, ReplicaIdentity, RowSecurity, Table, TableChange, TableConstraint,
    TableDefinition, Target, TriggerState, Validity,
};

use super::likeness::{self, Likeness};
use super::{renamed, unknown, yes_if};

pub(super) fn table(target: &Target, change: &TableChange, catalog: &Catalog) -> Holds {
    let name = &target.name;
    match change {
        TableChange::Create(definition) => created(name, definition, catalog),
        TableChange::Drop { .. } => yes_if(catalog.table(name).is_none()),
        TableChange::Rename(to) => moved(name, &name.sibling(to.clone()), catalog),
        TableChange::SetNamespace(namespace) => {
            let to = QualifiedName {
                namespace: namespace.clone(),
                name: name.name.clone(),
            };
            moved(name, &to, catalog)
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
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => match catalog.table(name) {
            Some(table) => set(table, change),
            None => unknown("it is not a table the catalog knows"),
        },
    }
}

fn moved(from: &QualifiedName, to: &QualifiedName, catalog: &Catalog) -> Holds {
    renamed(
        catalog.relation(from).is_some(),
        catalog.relation(to).is_some(),
        "relation",
    )
}

fn created(name: &QualifiedName, definition: &TableDefinition, catalog: &Catalog) -> Holds {
    let table = match catalog.relation(name) {
        None => return Holds::No,
        Some(Relation::Table(table)) => table,
        Some(Relation::Index(_) | Relation::View(_) | Relation::Sequence(_)) => {
            return Holds::Differs(format!("{name} is there and is not a table"));
        }
    };
    if table.knowledge == Knowledge::Assumed {
        return unknown("the table was only mentioned so far");
    }
    let mut likeness = Likeness::Same;
    for column in &definition.columns {
        match table.column(&column.name) {
            None => {
                return Holds::Differs(format!("{name} is there without column {}", column.name));
            }
            Some(own) => {
                if let Some(difference) = difference(own, column) {
                    return Holds::Differs(format!("{name} is there, {difference}"));
                }
                likeness = likeness.max(filled(own, column));
            }
        }
    }
    for constraint in &definition.constraints {
        // A new table's constraints are valid whatever is written.
        let constraint = Constraint {
            validity: Validity::Valid,
            ..constraint.clone()
        };
        match constraint_added(name, table, &constraint) {
            Holds::Yes => {}
            Holds::Unknown(_) => likeness = likeness.max(Likeness::Unclear),
            Holds::No | Holds::Differs(_) => {
                return Holds::Differs(format!(
                    "{name} is there without constraint {}",
                    constraint.name.ident()
                ));
            }
        }
    }
    if table.partitioning != definition.partitioning {
        return Holds::No;
    }
    likeness.holds(|| format!("{name} is there with another definition"))
}

/// How a column that is there differs from the one asked for; a primary key may have made it refuse null.
fn difference(own: &Column, wanted: &Column) -> Option<String> {
    if own.data_type != wanted.data_type {
        return Some(format!(
            "column {} is {} and not {}",
            own.name, own.data_type, wanted.data_type
        ));
    }
    let refuses = wanted.nullability != Nullability::Nullable || wanted.fill.owns_sequence();
    if refuses && own.nullability == Nullability::Nullable {
        return Some(format!("column {} accepts null", own.name));
    }
    if own.collation != wanted.collation {
        return Some(format!("column {} has another collation", own.name));
    }
    (filled(own, wanted) == Likeness::Different)
        .then(|| format!("column {} has another default", own.name))
}

/// Whether values come from where they should; a column without a default may have inherited one.
fn filled(own: &Column, wanted: &Column) -> Likeness {
    if wanted.fill == Fill::None {
        Likeness::Same
    } else {
        likeness::fill(&own.fill, &wanted.fill)
    }
}

fn set(table: &Table, change: &TableChange) -> Holds {
    let settings = &table.settings;
    match change {
        TableChange::SetOwner(owner) => match &settings.owner {
            Some(own) => yes_if(own == owner),
            None => unknown("the catalog does not know the owner"),
        },
        TableChange::SetParameters(parameters) => {
            yes_if(parameters.iter().all(|parameter| {
                settings.parameters.get(&parameter.name) == parameter.value.as_ref()
            }))
        }
        TableChange::SetTablespace(tablespace) => {
            yes_if(settings.tablespace.as_ref() == Some(tablespace))
        }
        TableChange::SetPersistence(persistence) => yes_if(table.persistence == *persistence),
        TableChange::SetAccessMethod(method) => {
            yes_if(settings.access_method.as_ref() == Some(method))
        }
        TableChange::SetCluster(index) => yes_if(&settings.cluster_on == index),
        TableChange::SetReplicaIdentity(identity) => {
            let own = settings
                .replica_identity
                .as_ref()
                .unwrap_or(&ReplicaIdentity::Default);
            yes_if(own == identity)
        }
        TableChange::SetRowSecurity(security) => yes_if(match security {
            RowSecurity::Enable => settings.row_security.is_some(),
            RowSecurity::Disable => settings.row_security.is_none(),
            RowSecurity::Force => settings.row_security == Some(RowSecurity::Force),
            RowSecurity::NoForce => settings.row_security != Some(RowSecurity::Force),
        }),
        TableChange::SetTrigger { trigger, state } => switched(table, trigger.as_ref(), *state),
        TableChange::SetRule { .. } => unknown("the catalog does not keep whether rules apply"),
        TableChange::Inherit(parent) => yes_if(table.inherits.contains(parent)),
        TableChange::NoInherit(parent) => yes_if(!table.inherits.contains(parent)),
        TableChange::OfType(of_type) => yes_if(&table.of_type == of_type),
        TableChange::Create(_)
        | TableChange::Drop { .. }
        | TableChange::Rename(_)
        | TableChange::SetNamespace(_) => unknown("this is not a setting"),
    }
}

fn switched(table: &Table, trigger: Option<&Ident>, state: TriggerState) -> Holds {
    let mut meant = table
        .triggers
        .iter()
        .filter(|own| trigger.is_none_or(|name| name == &own.definition.name))
        .peekable();
    if trigger.is_some() && meant.peek().is_none() {
        return Holds::No;
    }
    yes_if(meant.all(|own| own.state == state))
}

/// A column of a table that the catalog does not know.
fn of_unknown_table(change: &ColumnChange) -> Holds {
    match change {
        ColumnChange::Drop { .. } => Holds::Yes,
        ColumnChange::Add { .. } => Holds::No,
        ColumnChange::Rename { .. }
        | ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => unknown("it is not a table the catalog knows"),
    }
}

pub(super) fn column(name: &QualifiedName, change: &ColumnChange, catalog: &Catalog) -> Holds {
    let Some(table) = catalog.table(name) else {
        return of_unknown_table(change);
    };
    let own = table.column(change.column());
    let assumed = table.knowledge == Knowledge::Assumed;
    match change {
        ColumnChange::Add {
            column,
            constraints,
            ..
        } => column_added(name, table, column, constraints),
        ColumnChange::Drop { .. } => match own {
            Some(_) => Holds::No,
            None if assumed => unknown("the table was only mentioned so far"),
            None => Holds::Yes,
        },
        ColumnChange::Rename { from, to } => renamed(
            table.column(from).is_some(),
            table.column(to).is_some(),
            "column",
        ),
        ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetCompression(_) => {
            unknown("the catalog does not keep the storage of columns")
        }
        ColumnChange::SetAside(_) | ColumnChange::PutBack(_) => {
            unknown("what is set aside is back at the end of its transaction")
        }
        ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. } => match own {
            Some(own) => column_is(own, change),
            None if assumed => unknown("the table was only mentioned so far"),
            None => Holds::No,
        },
    }
}

fn column_is(own: &Column, change: &ColumnChange) -> Holds {
    yes_if(match change {
        ColumnChange::SetType {
            data_type,
            collation,
            ..
        } => own.data_type == *data_type && (collation.is_none() || own.collation == *collation),
        ColumnChange::SetDefault { default, .. } => {
            return spelt(&own.fill, &Fill::Default(default.clone()));
        }
        ColumnChange::DropDefault(_) => !matches!(own.fill, Fill::Default(_) | Fill::Serial),
        ColumnChange::SetNotNull(_) => own.nullability == Nullability::NotNull,
        ColumnChange::DropNotNull(_) => own.nullability == Nullability::Nullable,
        ColumnChange::AddIdentity { mode, .. } => own.fill == Fill::Identity(*mode),
        ColumnChange::SetIdentity { mode, .. } => match mode {
            Some(mode) => own.fill == Fill::Identity(*mode),
            None => return unknown("the catalog does not keep the options of sequences"),
        },
        ColumnChange::DropIdentity { .. } => !matches!(own.fill, Fill::Identity(_)),
        ColumnChange::SetExpression { expression, .. } => {
            let wanted = match &own.fill {
                Fill::Virtual(_) => Fill::Virtual(expression.clone()),
                Fill::Stored(_)
                | Fill::None
                | Fill::Default(_)
                | Fill::Serial
                | Fill::Identity(_) => Fill::Stored(expression.clone()),
            };
            return spelt(&own.fill, &wanted);
        }
        ColumnChange::DropExpression { .. } => {
            !matches!(own.fill, Fill::Stored(_) | Fill::Virtual(_))
        }
        ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::Rename { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => {
            return unknown("the catalog does not keep this of a column");
        }
    })
}

/// Another default or expression is simply not the one asked for: it can be set again.
fn spelt(own: &Fill, wanted: &Fill) -> Holds {
    match likeness::fill(own, wanted).holds(String::new) {
        Holds::Differs(_) => Holds::No,
        answer @ (Holds::Yes | Holds::No | Holds::Unknown(_)) => answer,
    }
}

fn column_added(
    name: &QualifiedName,
    table: &Table,
    column: &Column,
    constraints: &[Constraint],
) -> Holds {
    let Some(own) = table.column(&column.name) else {
        return Holds::No;
    };
    if let Some(difference) = difference(own, column) {
        return Holds::Differs(format!("{} of {name} is there, {difference}", column.name));
    }
    let mut likeness = filled(own, column);
    for constraint in constraints {
        match constraint_added(name, table, constraint) {
            Holds::Yes => {}
            Holds::Unknown(_) => likeness = likeness.max(Likeness::Unclear),
            Holds::No | Holds::Differs(_) => {
                return Holds::Differs(format!(
                    "{} of {name} is there without constraint {}",
                    column.name,
                    constraint.name.ident()
                ));
            }
        }
    }
    likeness.holds(|| format!("{} of {name} is there, and differs", column.name))
}

pub(super) fn constraint(
    name: &QualifiedName,
    change: &ConstraintChange,
    catalog: &Catalog,
) -> Holds {
    let Some(table) = catalog.table(name) else {
        return match change {
            ConstraintChange::Add(_) => Holds::No,
            ConstraintChange::Drop { .. } => Holds::Yes,
            ConstraintChange::Validate(_)
            | ConstraintChange::Rename { .. }
            | ConstraintChange::SetDeferral { .. }
            | ConstraintChange::SetEnforcement { .. } => {
                unknown("it is not a table the catalog knows")
            }
        };
    };
    match change {
        ConstraintChange::Add(wanted) => constraint_added(name, table, wanted),
        ConstraintChange::Drop { name, .. } => match table.constraint(name) {
            Some(_) => Holds::No,
            None if table.knowledge == Knowledge::Assumed => {
                unknown("the table was only mentioned so far")
            }
            None => Holds::Yes,
        },
        ConstraintChange::Validate(name) => state(table, name, |own| {
            own.validity == Validity::Valid && own.enforcement == Enforcement::Enforced
        }),
        ConstraintChange::Rename { from, to } => renamed(
            table.constraint(from).is_some(),
            table.constraint(to).is_some(),
            "constraint",
        ),
        ConstraintChange::SetDeferral { name, deferral } => {
            state(table, name, |own| own.deferral == *deferral)
        }
        ConstraintChange::SetEnforcement { name, enforcement } => {
            state(table, name, |own| own.enforcement == *enforcement)
        }
    }
}

fn state(table: &Table, name: &Ident, is: impl Fn(&TableConstraint) -> bool) -> Holds {
    match table.constraint(name) {
        Some(own) => yes_if(is(own)),
        None if table.knowledge == Knowledge::Assumed => {
            unknown("the table was only mentioned so far")
        }
        None => Holds::No,
    }
}

fn constraint_added(name: &QualifiedName, table: &Table, wanted: &Constraint) -> Holds {
    let found = match (&wanted.name, taken_over(&wanted.kind)) {
        (ChosenName::Given(own), _) => table.constraint(own),
        (ChosenName::Generated(_), Some(index)) => table.constraint(index),
        (ChosenName::Generated(chosen), None) => table
            .constraints
            .iter()
            .map(|own| (same_demand(&own.kind, &wanted.kind), own))
            .filter(|(likeness, own)| match likeness {
                Likeness::Same => true,
                // The name is what is left to go by.
                Likeness::Unclear => own.name.as_str().starts_with(chosen.as_str()),
                Likeness::Different => false,
            })
            .min_by_key(|(likeness, _)| *likeness)
            .map(|(_, own)| own),
    };
    let Some(own) = found else {
        return Holds::No;
    };
    let differs = |what: &str| {
        Holds::Differs(format!(
            "constraint {} of {name} is there and {what}",
            own.name
        ))
    };
    let likeness = same_demand(&own.kind, &wanted.kind);
    if likeness == Likeness::Different {
        differs("demands something else")
    } else if own.enforcement != wanted.enforcement {
        differs("is enforced otherwise")
    } else if own.validity == Validity::NotValid
        && wanted.validity == Validity::Valid
        && wanted.enforcement == Enforcement::Enforced
    {
        differs("is not valid")
    } else if own.deferral != wanted.deferral {
        differs("is checked at another moment")
    } else {
        likeness.holds(String::new)
    }
}

fn taken_over(kind: &ConstraintKind) -> Option<&Ident> {
    match kind {
        ConstraintKind::Unique(KeyColumns::UsingIndex(index))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(index)) => Some(index),
        ConstraintKind::Unique(KeyColumns::Build { .. })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { .. })
        | ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => None,
    }
}

/// What is there lists its columns; what is asked for may name the index it took over.
fn same_demand(own: &ConstraintKind, wanted: &ConstraintKind) -> Likeness {
    let took_over = match wanted {
        ConstraintKind::Unique(KeyColumns::UsingIndex(_)) => {
            matches!(own, ConstraintKind::Unique(_))
        }
        ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_)) => {
            matches!(own, ConstraintKind::PrimaryKey(_))
        }
        ConstraintKind::Unique(KeyColumns::Build { .. })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { .. })
        | ConstraintKind::Check(_)
        | ConstraintKind::NotNull(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => return likeness::constraint(own, wanted),
    };
    if took_over {
        Likeness::Same
    } else {
        Likeness::Different
    }
}

pub(super) fn partition(
    parent: &QualifiedName,
    change: &PartitionChange,
    catalog: &Catalog,
) -> Holds {
    let of = |child: &QualifiedName| {
        catalog
            .table(child)
            .and_then(|child| child.partition_of.as_ref())
    };
    match change {
        PartitionChange::Attach { child, bound } => match of(child) {
            Some((of, own)) if of == parent && own == bound => Holds::Yes,
            Some((of, _)) => Holds::Differs(format!(
                "{child} is a partition of {of} already, for other rows or of another table"
            )),
            None => Holds::No,
        },
        PartitionChange::Detach { child, .. } | PartitionChange::FinishDetach { child } => {
            yes_if(of(child).is_none_or(|(of, _)| of != parent))
        }
    }
}
