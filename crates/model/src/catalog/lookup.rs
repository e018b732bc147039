//! Questions a catalog answers about itself.

use std::collections::BTreeSet;

use crate::change::{Column, ConstraintKind, KeyColumns, Nullability, Persistence, Validity};
use crate::{
    Birth, Catalog, DataType, Enforcement, ForeignKey, Ident, Index, Knowledge, Link,
    PartitionBound, QualifiedName, Relation, Rows, Sequence, Table, TableConstraint, TableSettings,
    UserType, UserTypeKind, View, Volatility,
};

impl Catalog {
    /// A table of this name.
    pub fn table(&self, name: &QualifiedName) -> Option<&Table> {
        match self.relation(name)? {
            Relation::Table(table) => Some(table),
            Relation::Index(_) | Relation::View(_) | Relation::Sequence(_) => None,
        }
    }

    /// An index of this name.
    pub fn index(&self, name: &QualifiedName) -> Option<&Index> {
        match self.relation(name)? {
            Relation::Index(index) => Some(index),
            Relation::Table(_) | Relation::View(_) | Relation::Sequence(_) => None,
        }
    }

    /// A view of this name.
    pub fn view(&self, name: &QualifiedName) -> Option<&View> {
        match self.relation(name)? {
            Relation::View(view) => Some(view),
            Relation::Index(_) | Relation::Table(_) | Relation::Sequence(_) => None,
        }
    }

    /// A sequence of this name.
    pub fn sequence(&self, name: &QualifiedName) -> Option<&Sequence> {
        match self.relation(name)? {
            Relation::Sequence(sequence) => Some(sequence),
            Relation::Index(_) | Relation::Table(_) | Relation::View(_) => None,
        }
    }

    /// A column of a table.
    pub fn column(&self, table: &QualifiedName, column: &Ident) -> Option<&Column> {
        self.table(table)?.column(column)
    }

    /// The indexes of a table or materialized view, with their names.
    pub fn indexes_of(
        &self,
        relation: &QualifiedName,
    ) -> impl Iterator<Item = (QualifiedName, &Index)> {
        let names: &[Ident] = match self.relation(relation) {
            Some(Relation::Table(table)) => &table.indexes,
            Some(Relation::View(view)) => &view.indexes,
            Some(Relation::Index(_) | Relation::Sequence(_)) | None => &[],
        };
        let beside = relation.clone();
        names.iter().filter_map(move |name| {
            let name = beside.sibling(name.clone());
            self.index(&name).map(|index| (name, index))
        })
    }

    /// Children and partitions, theirs too, nearest first; each once.
    pub fn descendants(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        let mut found: Vec<QualifiedName> = Vec::new();
        let mut seen = BTreeSet::from([table.clone()]);
        let mut next = 0;
        let mut parent = table.clone();
        loop {
            for child in self.linked(&Link::Descends(parent.clone())) {
                if seen.insert(child.clone()) {
                    found.push(child.clone());
                }
            }
            match found.get(next) {
                Some(name) => parent = name.clone(),
                None => return found,
            }
            next += 1;
        }
    }

    /// The DEFAULT partition of a partitioned table.
    pub fn default_partition(&self, parent: &QualifiedName) -> Option<&QualifiedName> {
        self.linked(&Link::Descends(parent.clone())).find(|child| {
            matches!(
                self.table(child).and_then(|table| table.partition_of.as_ref()),
                Some((of, PartitionBound::Default)) if of == parent
            )
        })
    }

    /// Foreign keys of other tables (and its own) that point at this table, with the table they stand on.
    pub fn references_to<'a>(
        &'a self,
        table: &'a QualifiedName,
    ) -> impl Iterator<Item = (&'a QualifiedName, &'a TableConstraint, &'a ForeignKey)> {
        self.linked(&Link::References(table.clone()))
            .flat_map(move |from| {
                self.table(from)
                    .into_iter()
                    .flat_map(Table::foreign_keys)
                    .filter(move |(_, key)| &key.references == table)
                    .map(move |(constraint, key)| (from, constraint, key))
            })
    }

    /// The views that read a relation directly.
    pub fn views_of<'a>(
        &'a self,
        relation: &QualifiedName,
    ) -> impl Iterator<Item = (&'a QualifiedName, &'a View)> + use<'a> {
        self.linked(&Link::Reads(relation.clone()))
            .filter_map(|name| self.view(name).map(|view| (name, view)))
    }

    /// The views that read this column, directly: by name, or by `*`.
    pub fn views_reading<'a>(
        &'a self,
        relation: &'a QualifiedName,
        column: &'a Ident,
    ) -> impl Iterator<Item = &'a QualifiedName> {
        self.views_of(relation)
            .filter(move |(_, view)| view.reads(relation, column))
            .map(|(name, _)| name)
    }

    /// The views that read this column, and those that read them, each after what it reads.
    pub fn views_upon(&self, relation: &QualifiedName, column: &Ident) -> Vec<QualifiedName> {
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        for view in self.views_reading(relation, column) {
            self.readers_first(view, &mut seen, &mut found);
        }
        found.reverse();
        found
    }

    /// Appends a view behind all that read it.
    fn readers_first<'a>(
        &'a self,
        view: &'a QualifiedName,
        seen: &mut BTreeSet<&'a QualifiedName>,
        found: &mut Vec<QualifiedName>,
    ) {
        if !seen.insert(view) {
            return;
        }
        for (reader, _) in self.views_of(view) {
            self.readers_first(reader, seen, found);
        }
        found.push(view.clone());
    }

    /// A type of the user's.
    pub fn user_type(&self, data_type: &DataType) -> Option<&UserType> {
        self.types.get(data_type.user_type()?)
    }

    /// True for a domain with a CHECK or NOT NULL of its own, or over such a domain. None when the type is not known.
    pub fn is_constrained_domain(&self, data_type: &DataType) -> Option<bool> {
        let mut data_type = data_type;
        // Bounded: a contradictory history can make a domain that stands on itself.
        for _ in 0..=self.types.len() {
            let Some(name) = data_type.user_type() else {
                return Some(false);
            };
            match &self.types.get(name)?.kind {
                UserTypeKind::Plain(_) => return Some(false),
                UserTypeKind::Domain {
                    base, constraints, ..
                } => {
                    if !constraints.is_empty() {
                        return Some(true);
                    }
                    data_type = base;
                }
            }
        }
        None
    }

    /// How volatile the most volatile routine of this name is; `Unknown` when none is known.
    pub fn function_volatility(&self, namespace: Option<&Ident>, name: &Ident) -> Volatility {
        self.routines
            .iter()
            .filter(|(routine, _)| {
                &routine.name == name && namespace.is_none_or(|wanted| &routine.namespace == wanted)
            })
            .flat_map(|(_, routines)| routines)
            .map(|routine| routine.definition.volatility)
            .max()
            .unwrap_or(Volatility::Unknown)
    }

    /// True when the table came into being in the transaction the replay stands in.
    pub fn is_new_in_transaction(&self, table: &QualifiedName) -> bool {
        self.table(table).is_some_and(|table| {
            table.knowledge == Knowledge::Whole && table.born.transaction == self.now.transaction
        })
    }

    /// True when nobody can be hurt: the table came into being in the migration (or release) the replay stands in, or is
    /// temporary.
    pub fn is_new_in_migration(&self, table: &QualifiedName) -> bool {
        self.table(table).is_some_and(|table| {
            table.persistence == Persistence::Temporary
                || (table.knowledge == Knowledge::Whole && self.is_of_this_release(table.born))
        })
    }

    /// True when what was born then is new in the migration (or release) the replay stands in.
    pub fn is_of_this_release(&self, born: Birth) -> bool {
        let first = self.release.unwrap_or(self.now.migration);
        born.migration > 0 && born.migration >= first
    }

    /// The table as it must be assumed when a statement names one that the catalog does not know.
    pub fn assumed_table() -> Table {
        Table::new(Birth::default(), Knowledge::Assumed)
    }
}

impl Table {
    /// An empty table.
    pub fn new(born: Birth, knowledge: Knowledge) -> Self {
        Self {
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            triggers: Vec::new(),
            policies: Vec::new(),
            rules: Vec::new(),
            inherits: Vec::new(),
            partition_of: None,
            partitioning: None,
            of_type: None,
            persistence: Persistence::Permanent,
            settings: TableSettings::default(),
            born,
            rows: match knowledge {
                Knowledge::Whole => Rows::None,
                Knowledge::Assumed => Rows::Unknown,
            },
            knowledge,
        }
    }

    /// A column by name.
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| &column.name == name)
    }

    /// A column by name, to change it.
    pub fn column_mut(&mut self, name: &Ident) -> Option<&mut Column> {
        self.columns.iter_mut().find(|column| &column.name == name)
    }

    /// A constraint by name.
    pub fn constraint(&self, name: &Ident) -> Option<&TableConstraint> {
        self.constraints
            .iter()
            .find(|constraint| &constraint.name == name)
    }

    /// A constraint by name, to change it.
    pub fn constraint_mut(&mut self, name: &Ident) -> Option<&mut TableConstraint> {
        self.constraints
            .iter_mut()
            .find(|constraint| &constraint.name == name)
    }

    /// Its foreign keys.
    pub fn foreign_keys(&self) -> impl Iterator<Item = (&TableConstraint, &ForeignKey)> {
        self.constraints
            .iter()
            .filter_map(|constraint| match &constraint.kind {
                ConstraintKind::ForeignKey(key) => Some((constraint, key)),
                ConstraintKind::Check(_)
                | ConstraintKind::NotNull(_)
                | ConstraintKind::Unique(_)
                | ConstraintKind::PrimaryKey(_)
                | ConstraintKind::Exclude { .. } => None,
            })
    }

    /// The columns of its primary key; empty when it has none.
    pub fn primary_key(&self) -> &[Ident] {
        self.constraints
            .iter()
            .find_map(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) => {
                    Some(columns.as_slice())
                }
                ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
                | ConstraintKind::Check(_)
                | ConstraintKind::NotNull(_)
                | ConstraintKind::Unique(_)
                | ConstraintKind::ForeignKey(_)
                | ConstraintKind::Exclude { .. } => None,
            })
            .unwrap_or_default()
    }

    /// True when no row can have null in this column, by the column or by a valid CHECK.
    pub fn proves_not_null(&self, column: &Ident) -> bool {
        if self
            .column(column)
            .is_some_and(|column| column.nullability == Nullability::NotNull)
        {
            return true;
        }
        self.constraints.iter().any(|constraint| {
            constraint.validity == Validity::Valid
                && constraint.enforcement == Enforcement::Enforced
                && matches!(&constraint.kind, ConstraintKind::Check(check) if check.logic.proves_not_null(column))
        })
    }
}

impl View {
    /// True when it reads this column: by name, or because it selects everything.
    pub fn reads(&self, relation: &QualifiedName, column: &Ident) -> bool {
        let query = &self.definition.query;
        query.relations.contains(relation)
            && (query.selects == crate::Selects::Star
                || query.columns.iter().any(|used| {
                    &used.column == column && used.relation.as_ref().is_none_or(|of| of == relation)
                }))
    }
}
