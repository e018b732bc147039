//! Who depends on what: kept beside the relations, so that no look-up walks the whole catalog.

use std::collections::BTreeSet;

use crate::change::{ConstraintKind, Fill, Inheritance};
use crate::{Catalog, Ident, Knowledge, QualifiedName, Relation, Table};

/// Something that others depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Tables with a foreign key to this one.
    References(QualifiedName),
    /// Tables that inherit from, or are partitions of, this one.
    Descends(QualifiedName),
    /// Views that read this relation.
    Reads(QualifiedName),
    /// Tables with a column of this type, or of this type's rows.
    HasType(QualifiedName),
    /// Domains and composite types over this type.
    BuiltOn(QualifiedName),
    /// Tables with a trigger that calls this function.
    Calls(QualifiedName),
    /// Sequences owned by a column of this table.
    OwnedBy(QualifiedName),
    /// Tables of this namespace that were only mentioned.
    AssumedIn(Ident),
}

impl Catalog {
    /// Who has this link, in order of name.
    pub fn linked<'a>(&'a self, link: &Link) -> impl Iterator<Item = &'a QualifiedName> + use<'a> {
        self.links.get(link).into_iter().flatten()
    }

    /// A relation of any kind.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Relation> {
        self.relations.get(name)
    }

    /// A relation, with its name as it was written when it was made.
    pub fn relation_as_named(&self, name: &QualifiedName) -> Option<(&QualifiedName, &Relation)> {
        self.relations.get_key_value(name)
    }

    /// Every relation, in order of name.
    pub fn relations(&self) -> impl Iterator<Item = (&QualifiedName, &Relation)> {
        self.relations.iter()
    }

    /// Puts a relation under a name; what was there is given back.
    pub fn insert_relation(&mut self, name: QualifiedName, relation: Relation) -> Option<Relation> {
        let before = self.remove_relation(&name);
        self.link(&name, &relation);
        self.relations.insert(name, relation);
        before
    }

    /// Takes a relation out. Its indexes and owned sequences are the caller's to take out too.
    pub fn remove_relation(&mut self, name: &QualifiedName) -> Option<Relation> {
        let relation = self.relations.remove(name)?;
        for link in outgoing(name, &relation) {
            self.unlink(name, &link);
        }
        Some(relation)
    }

    /// Changes a relation in place and keeps the links true. None when there is no such relation.
    pub fn edit<T>(
        &mut self,
        name: &QualifiedName,
        change: impl FnOnce(&mut Relation) -> T,
    ) -> Option<T> {
        let relation = self.relations.get_mut(name)?;
        let before = outgoing(name, relation);
        let answer = change(relation);
        let after = outgoing(name, relation);
        for gone in before.difference(&after) {
            self.unlink(name, gone);
        }
        for new in after.difference(&before) {
            self.links
                .entry(new.clone())
                .or_default()
                .insert(name.clone());
        }
        Some(answer)
    }

    /// Changes a table in place. None when there is no such table.
    pub fn edit_table<T>(
        &mut self,
        name: &QualifiedName,
        change: impl FnOnce(&mut Table) -> T,
    ) -> Option<T> {
        self.edit(name, |relation| match relation {
            Relation::Table(table) => Some(change(table)),
            Relation::Index(_) | Relation::View(_) | Relation::Sequence(_) => None,
        })
        .flatten()
    }

    fn unlink(&mut self, name: &QualifiedName, link: &Link) {
        if let Some(dependents) = self.links.get_mut(link) {
            dependents.remove(name);
            if dependents.is_empty() {
                self.links.remove(link);
            }
        }
    }

    fn link(&mut self, name: &QualifiedName, relation: &Relation) {
        for link in outgoing(name, relation) {
            self.links.entry(link).or_default().insert(name.clone());
        }
    }
}

/// What a relation depends on.
fn outgoing(name: &QualifiedName, relation: &Relation) -> BTreeSet<Link> {
    match relation {
        Relation::Table(table) => of_table(name, table),
        Relation::View(view) => view
            .definition
            .query
            .relations
            .iter()
            .cloned()
            .map(Link::Reads)
            .collect(),
        Relation::Sequence(sequence) => sequence
            .owned_by
            .iter()
            .map(|(table, _)| Link::OwnedBy(table.clone()))
            .collect(),
        Relation::Index(_) => BTreeSet::new(),
    }
}

fn of_table(name: &QualifiedName, table: &Table) -> BTreeSet<Link> {
    let mut links = BTreeSet::new();
    if table.knowledge == Knowledge::Assumed {
        links.insert(Link::AssumedIn(name.namespace.clone()));
    }
    for constraint in &table.constraints {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            links.insert(Link::References(key.references.clone()));
        }
    }
    links.extend(table.inherits.iter().cloned().map(Link::Descends));
    links.extend(
        table
            .partition_of
            .iter()
            .map(|(parent, _)| Link::Descends(parent.clone())),
    );
    links.extend(table.of_type.iter().cloned().map(Link::HasType));
    for column in &table.columns {
        links.extend(column.data_type.user_type().cloned().map(Link::HasType));
    }
    for trigger in &table.triggers {
        links.insert(Link::Calls(trigger.definition.function.clone()));
    }
    links
}

impl Inheritance {
    /// The tables the new one descends from.
    pub fn parents(&self) -> Vec<QualifiedName> {
        match self {
            Self::None | Self::OfType(_) => Vec::new(),
            Self::Inherits(parents) => parents.clone(),
            Self::PartitionOf { parent, .. } => vec![parent.clone()],
        }
    }
}

impl Fill {
    /// True when the column brings a sequence of its own.
    pub fn owns_sequence(&self) -> bool {
        match self {
            Self::Serial | Self::Identity(_) => true,
            Self::None | Self::Default(_) | Self::Stored(_) | Self::Virtual(_) => false,
        }
    }
}
