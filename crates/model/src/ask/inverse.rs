//! What undoes it.
//!
//! Asked of the catalog before the change. `Exact` means that the catalog afterwards is the one that was there; what
//! the catalog does not keep (privileges, owners of views, texts of policies) is never promised.

mod column;
mod constraint;
mod object;
mod relation;
mod table;
#[cfg(test)]
mod tests;

use crate::{
    Catalog, Change, ChosenName, Constraint, ConstraintChange, DataChange, Ident, Inverse,
    Presence, QualifiedName, Reaction, Scope, TableConstraint, Target,
};

/// What undoes the change, asked of the catalog before it.
pub fn inverse(change: &Change, before: &Catalog) -> Inverse {
    match change {
        Change::Namespace(name, what) => object::namespace(name, what, before),
        Change::Table(target, what) => table::table(target, what, before),
        Change::Column(target, what) => column::column(target, what, before),
        Change::Constraint(target, what) => constraint::constraint(target, what, before),
        Change::Partition(target, what) => table::partition(target, what, before),
        Change::Index(what) => relation::index(what, before),
        Change::View(target, what) => relation::view(target, what, before),
        Change::Sequence(target, what) => relation::sequence(target, what, before),
        Change::Type(name, what) => object::user_type(name, what, before),
        Change::Domain(name, what) => object::domain(name, what, before),
        Change::Routine(name, what) => object::routine(name, what, before),
        Change::Trigger(table, what) => object::trigger(table, what, before),
        Change::Rule(table, what) => object::rule(table, what, before),
        Change::Policy(table, what) => object::policy(table, what, before),
        Change::Statistics(name, what) => object::statistics(name, what, before),
        Change::Publication(name, what) => object::publication(name, what, before),
        Change::Extension(name, what) => object::extension(name, what, before),
        Change::Comment(target, _) => object::comment(target, before),
        Change::Data(what) => data(what),
        Change::Maintenance(_) | Change::Session(_) | Change::Transaction(_) => Inverse::Nothing,
        Change::Privilege(_) => none("the catalog does not keep privileges"),
        Change::Program(_) => none("a program decides when it runs what it does"),
        Change::Other(_) => none("objects of this kind are not followed"),
        Change::Opaque(_) => none("the statement could not be read"),
    }
}

fn data(change: &DataChange) -> Inverse {
    match change {
        DataChange::Select(_) | DataChange::CopyOut { .. } => Inverse::Nothing,
        DataChange::Insert { .. }
        | DataChange::Update { .. }
        | DataChange::Delete { .. }
        | DataChange::Merge { .. }
        | DataChange::Truncate { .. }
        | DataChange::CopyIn { .. }
        | DataChange::SetSequenceValue(_) => none("the rows as they were are not kept"),
    }
}

fn none(why: &str) -> Inverse {
    Inverse::None(why.to_owned())
}

/// Exact when nothing speaks against it, lossy with the reason otherwise.
fn exact_unless(changes: Vec<Change>, lost: Option<String>) -> Inverse {
    match lost {
        None => Inverse::Exact(changes),
        Some(lost) => Inverse::Lossy { changes, lost },
    }
}

/// The same target under another name.
fn target_of(target: &Target, name: QualifiedName) -> Target {
    Target {
        name,
        presence: Presence::Required,
        scope: target.scope,
    }
}

/// The target without `IF EXISTS`.
fn required(target: &Target) -> Target {
    target_of(target, target.name.clone())
}

fn in_namespace(name: &QualifiedName, namespace: &Ident) -> QualifiedName {
    QualifiedName {
        namespace: namespace.clone(),
        name: name.name.clone(),
    }
}

/// A constraint as a statement would add it again.
fn as_written(constraint: &TableConstraint) -> Constraint {
    Constraint {
        name: ChosenName::Given(constraint.name.clone()),
        kind: constraint.kind.clone(),
        validity: constraint.validity,
        enforcement: constraint.enforcement,
        deferral: constraint.deferral,
    }
}

fn drop_constraint(target: &Target, name: &Ident) -> Change {
    Change::Constraint(
        required(target),
        ConstraintChange::Drop {
            name: name.clone(),
            presence: Presence::Required,
            reaction: Reaction::Restrict,
        },
    )
}

fn add_constraint(target: &Target, constraint: Constraint) -> Change {
    Change::Constraint(required(target), ConstraintChange::Add(constraint))
}

/// The tables a target means, the first included.
fn reach(target: &Target, catalog: &Catalog) -> Vec<QualifiedName> {
    let mut tables = vec![target.name.clone()];
    match target.scope {
        Scope::WithDescendants => tables.extend(catalog.descendants(&target.name)),
        Scope::Only => {}
    }
    tables
}
