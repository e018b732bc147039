//! Which relations the catalog has to show to judge whether a change is done.

use std::collections::BTreeSet;

use segue_model::{
    Change, IndexChange, PartitionChange, QualifiedName, SequenceChange, TableChange, ViewChange,
};

/// The relations; empty for a change that leaves no trace among relations.
pub(crate) fn touched(change: &Change) -> BTreeSet<QualifiedName> {
    let mut names = BTreeSet::new();
    match change {
        Change::Table(target, change) => {
            names.insert(target.name.clone());
            table(&target.name, change, &mut names);
        }
        Change::Column(target, _) | Change::Constraint(target, _) => {
            names.insert(target.name.clone());
        }
        Change::Partition(target, change) => {
            names.insert(target.name.clone());
            match change {
                PartitionChange::Attach { child, .. }
                | PartitionChange::Detach { child, .. }
                | PartitionChange::FinishDetach { child } => names.insert(child.clone()),
            };
        }
        Change::Index(change) => index(change, &mut names),
        Change::View(target, change) => {
            names.insert(target.name.clone());
            if let ViewChange::Rename { to, .. } = change {
                names.insert(target.name.sibling(to.clone()));
            }
        }
        Change::Sequence(target, change) => {
            names.insert(target.name.clone());
            if let SequenceChange::Rename(to) = change {
                names.insert(target.name.sibling(to.clone()));
            }
        }
        Change::Trigger(table, _) | Change::Rule(table, _) | Change::Policy(table, _) => {
            names.insert(table.clone());
        }
        Change::Namespace(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(_)
        | Change::Comment(..)
        | Change::Data(_)
        | Change::Maintenance(_)
        | Change::Session(_)
        | Change::Transaction(_)
        | Change::Program(_)
        | Change::Other(_)
        | Change::Opaque(_) => {}
    }
    names
}

fn index(change: &IndexChange, names: &mut BTreeSet<QualifiedName>) {
    match change {
        IndexChange::Create { index, .. } => {
            names.insert(index.table.sibling(index.name.ident().clone()));
            names.insert(index.table.clone());
        }
        IndexChange::Drop { name, .. }
        | IndexChange::Rebuild { name, .. }
        | IndexChange::SetParameters { name, .. }
        | IndexChange::SetStatistics(name)
        | IndexChange::SetTablespace { name, .. }
        | IndexChange::DependsOnExtension(name) => {
            names.insert(name.clone());
        }
        IndexChange::Rename { from, to, .. } => {
            names.insert(from.sibling(to.clone()));
            names.insert(from.clone());
        }
        IndexChange::AttachPartition { parent, child } => {
            names.insert(parent.clone());
            names.insert(child.clone());
        }
    }
}

fn table(target: &QualifiedName, change: &TableChange, names: &mut BTreeSet<QualifiedName>) {
    match change {
        TableChange::Rename(to) => {
            names.insert(target.sibling(to.clone()));
        }
        TableChange::SetNamespace(namespace) => {
            names.insert(QualifiedName {
                namespace: namespace.clone(),
                name: target.name.clone(),
            });
        }
        TableChange::Create(_)
        | TableChange::Drop { .. }
        | TableChange::SetOwner(_)
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
        | TableChange::OfType(_) => {}
    }
}
