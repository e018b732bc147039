//! Constraints of tables: where else they stand, and the indexes behind them.

use crate::{
    Catalog, ChosenName, Constraint, ConstraintChange, ConstraintKind, Deferral, Direction,
    Enforcement, ForeignKey, Ident, IndexDefinition, IndexKey, IndexKeyPart, IndexState,
    KeyColumns, Nullability, NullsOrder, Presence, QualifiedName, Reaction, Relation, Scope,
    TableConstraint, Target, Uniqueness, Validity,
};

use super::Effect;
use super::naming::{first_free, object_name};

impl Effect<'_> {
    pub(super) fn constraint(&mut self, target: &Target, change: &ConstraintChange) {
        if !self.require_table(&target.name, target.presence) {
            return;
        }
        let table = &target.name;
        match change {
            ConstraintChange::Add(constraint) => {
                self.add_constraint(table, constraint, target.scope);
            }
            ConstraintChange::Drop {
                name,
                presence,
                reaction,
            } => self.drop_constraint(target, name, (*presence, *reaction)),
            ConstraintChange::Validate(name) => {
                if self.require_constraint(table, name, Presence::Required) {
                    self.edit_constraints(target, name, |constraint| {
                        constraint.validity = Validity::Valid;
                    });
                    self.settle_not_null(target, name);
                }
            }
            ConstraintChange::Rename { from, to } => self.rename_constraint(target, from, to),
            ConstraintChange::SetDeferral { name, deferral } => {
                if self.require_constraint(table, name, Presence::Required) {
                    self.edit_constraints(target, name, |constraint| {
                        constraint.deferral = *deferral;
                    });
                }
            }
            ConstraintChange::SetEnforcement { name, enforcement } => {
                if self.require_constraint(table, name, Presence::Required) {
                    self.edit_constraints(target, name, |constraint| {
                        constraint.enforcement = *enforcement;
                        constraint.validity = match enforcement {
                            Enforcement::Enforced => Validity::Valid,
                            Enforcement::NotEnforced => Validity::NotValid,
                        };
                    });
                }
            }
        }
    }

    /// Adds a constraint, on what descends from the table too where the server does.
    pub(super) fn add_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &Constraint,
        scope: Scope,
    ) {
        let Some(name) = self.constraint_name(table, constraint) else {
            return;
        };
        let stored = TableConstraint {
            name,
            kind: constraint.kind.clone(),
            // What is not enforced was not checked.
            validity: match constraint.enforcement {
                Enforcement::Enforced => constraint.validity,
                Enforcement::NotEnforced => Validity::NotValid,
            },
            enforcement: constraint.enforcement,
            deferral: constraint.deferral,
            index: None,
            born: self.catalog.now,
        };
        match &constraint.kind {
            ConstraintKind::Check(_) => {
                for below in self.below(table, scope) {
                    self.push_unless_named(&below, &stored);
                }
                self.push_constraint(table, stored);
            }
            ConstraintKind::NotNull(column) => self.add_not_null(table, scope, &stored, column),
            ConstraintKind::Unique(key) | ConstraintKind::PrimaryKey(key) => {
                self.add_key(table, stored, key, scope);
            }
            ConstraintKind::ForeignKey(key) => self.add_foreign_key(table, &stored, key),
            ConstraintKind::Exclude {
                method,
                keys,
                predicate,
            } => {
                let index = IndexDefinition {
                    method: method.clone(),
                    keys: keys.clone(),
                    predicate: predicate.clone(),
                    ..plain_index(table, &stored.name)
                };
                self.add_with_index(table, stored, index, scope);
            }
        }
    }

    fn below(&self, table: &QualifiedName, scope: Scope) -> Vec<QualifiedName> {
        match scope {
            Scope::WithDescendants => self.catalog.descendants(table),
            Scope::Only => Vec::new(),
        }
    }

    /// The name a new constraint gets; none, and reported, when it is taken or the table has its one primary key.
    fn constraint_name(&mut self, table: &QualifiedName, constraint: &Constraint) -> Option<Ident> {
        let found = self.catalog.table(table)?;
        let second_key = matches!(constraint.kind, ConstraintKind::PrimaryKey(_))
            && found
                .constraints
                .iter()
                .any(|own| matches!(own.kind, ConstraintKind::PrimaryKey(_)));
        if second_key {
            self.exists("the primary key of", table, Presence::Required);
            return None;
        }
        let name = free_constraint_name(self.catalog, table, constraint);
        if name.is_none() {
            self.exists("constraint", constraint.name.ident(), Presence::Required);
        }
        name
    }

    pub(super) fn push_constraint(&mut self, table: &QualifiedName, constraint: TableConstraint) {
        self.catalog
            .edit_table(table, |table| table.constraints.push(constraint));
    }

    fn push_unless_named(&mut self, table: &QualifiedName, constraint: &TableConstraint) {
        self.catalog.edit_table(table, |table| {
            if table.constraint(&constraint.name).is_none() {
                table.constraints.push(constraint.clone());
            }
        });
    }

    fn add_not_null(
        &mut self,
        table: &QualifiedName,
        scope: Scope,
        stored: &TableConstraint,
        column: &Ident,
    ) {
        self.require_columns(table, [column]);
        for table in std::iter::once(table.clone()).chain(self.below(table, scope)) {
            self.push_unless_named(&table, stored);
            self.refuse_null(&table, column, stored.validity);
        }
    }

    /// A column refuses null from now on; it never becomes less sure than it was.
    pub(super) fn refuse_null(
        &mut self,
        table: &QualifiedName,
        column: &Ident,
        validity: Validity,
    ) {
        self.catalog.edit_table(table, |table| {
            if let Some(column) = table.column_mut(column) {
                column.nullability = match (validity, column.nullability) {
                    (Validity::Valid, _) | (Validity::NotValid, Nullability::NotNull) => {
                        Nullability::NotNull
                    }
                    (Validity::NotValid, Nullability::Nullable | Nullability::NotNullUnchecked) => {
                        Nullability::NotNullUnchecked
                    }
                };
            }
        });
    }

    fn add_key(
        &mut self,
        table: &QualifiedName,
        mut stored: TableConstraint,
        key: &KeyColumns,
        scope: Scope,
    ) {
        if let KeyColumns::UsingIndex(index) = key
            && let Some(why) = self.why_not_taken_over(table, index)
        {
            self.unfit(index, why);
            return;
        }
        let is_primary = matches!(stored.kind, ConstraintKind::PrimaryKey(_));
        let (columns, include) = match key {
            KeyColumns::Build { columns, include } => (columns.clone(), include.clone()),
            KeyColumns::UsingIndex(index) => self.columns_of_index(table, index),
        };
        let listed = KeyColumns::Build {
            columns: columns.clone(),
            include: include.clone(),
        };
        stored.kind = if is_primary {
            ConstraintKind::PrimaryKey(listed)
        } else {
            ConstraintKind::Unique(listed)
        };
        self.require_columns(table, columns.iter().chain(&include));
        if is_primary {
            for column in &columns {
                for table in std::iter::once(table.clone()).chain(self.catalog.descendants(table)) {
                    self.refuse_null(&table, column, Validity::Valid);
                }
            }
        }
        match key {
            KeyColumns::Build { .. } => {
                let index = IndexDefinition {
                    keys: columns.into_iter().map(plain_key).collect(),
                    include,
                    uniqueness: Uniqueness::Unique,
                    ..plain_index(table, &stored.name)
                };
                self.add_with_index(table, stored, index, scope);
            }
            KeyColumns::UsingIndex(index) => self.take_index_over(table, stored, index),
        }
    }

    /// Why the server would refuse to make a constraint of this index. Source: PostgreSQL 17 manual, ALTER TABLE.
    fn why_not_taken_over(&self, table: &QualifiedName, index: &Ident) -> Option<String> {
        let found = self.catalog.index(&table.sibling(index.clone()))?;
        let definition = &found.definition;
        let partitioned = self
            .catalog
            .table(table)
            .is_some_and(|table| table.partitioning.is_some());
        let what = if &definition.table != table {
            "belongs to another table"
        } else if found.constraint.is_some() {
            "belongs to a constraint already"
        } else if partitioned {
            "is partitioned"
        } else if found.state == IndexState::Invalid {
            "is not valid"
        } else if definition.uniqueness == Uniqueness::NotUnique {
            "is not unique"
        } else if definition.predicate.is_some() {
            "is partial"
        } else {
            let plain = definition.keys.iter().all(|key| {
                matches!(key.part, IndexKeyPart::Column(_))
                    && key.direction == Direction::Ascending
                    && matches!(key.nulls, NullsOrder::Default | NullsOrder::Last)
            });
            (!plain).then_some("has an expression or another order")?
        };
        Some(format!("index {index} {what}"))
    }

    fn columns_of_index(
        &mut self,
        table: &QualifiedName,
        index: &Ident,
    ) -> (Vec<Ident>, Vec<Ident>) {
        let Some(found) = self.catalog.index(&table.sibling(index.clone())) else {
            if !self.is_assumed(table) {
                self.missing_part("index", index, table);
            }
            return (Vec::new(), Vec::new());
        };
        let columns = found
            .definition
            .keys
            .iter()
            .filter_map(|key| match &key.part {
                IndexKeyPart::Column(column) => Some(column.clone()),
                IndexKeyPart::Expression(_) => None,
            })
            .collect();
        (columns, found.definition.include.clone())
    }

    fn take_index_over(
        &mut self,
        table: &QualifiedName,
        mut stored: TableConstraint,
        index: &Ident,
    ) {
        let name = table.sibling(stored.name.clone());
        self.move_relation(&table.sibling(index.clone()), &name);
        self.catalog.edit(&name, |relation| {
            if let Relation::Index(index) = relation {
                index.constraint = Some(name.name.clone());
            }
        });
        stored.index = Some(stored.name.clone());
        self.push_constraint(table, stored);
    }

    fn add_with_index(
        &mut self,
        table: &QualifiedName,
        mut stored: TableConstraint,
        mut index: IndexDefinition,
        scope: Scope,
    ) {
        index.scope = scope;
        let name = stored.name.clone();
        stored.index = Some(name.clone());
        self.push_constraint(table, stored);
        self.build_index(index, Some(name));
    }

    fn add_foreign_key(
        &mut self,
        table: &QualifiedName,
        stored: &TableConstraint,
        key: &ForeignKey,
    ) {
        self.require_table(&key.references, Presence::Required);
        self.require_columns(table, &key.columns);
        self.require_columns(&key.references, &key.referenced_columns);
        self.push_constraint(table, stored.clone());
        self.spread_foreign_key(table, stored);
    }

    /// The foreign key of a partitioned table stands on each partition too.
    pub(super) fn spread_foreign_key(&mut self, table: &QualifiedName, stored: &TableConstraint) {
        for below in self.catalog.descendants(table) {
            self.put_foreign_key(&below, stored);
        }
    }

    /// A partition takes over a foreign key, unless it has the same one already.
    pub(super) fn put_foreign_key(&mut self, partition: &QualifiedName, stored: &TableConstraint) {
        self.catalog.edit_table(partition, |table| {
            let has_it = table.constraints.iter().any(|own| own.kind == stored.kind);
            if table.partition_of.is_none() || has_it {
                return;
            }
            let name = if table.constraint(&stored.name).is_none() {
                stored.name.clone()
            } else {
                let columns = match &stored.kind {
                    ConstraintKind::ForeignKey(key) => joined(&key.columns),
                    ConstraintKind::Check(_)
                    | ConstraintKind::NotNull(_)
                    | ConstraintKind::Unique(_)
                    | ConstraintKind::PrimaryKey(_)
                    | ConstraintKind::Exclude { .. } => String::new(),
                };
                let base = object_name(partition.name.as_str(), &columns, "fkey");
                first_free(&base, |name| table.constraint(name).is_none())
            };
            table.constraints.push(TableConstraint {
                name,
                ..stored.clone()
            });
        });
    }

    /// True when the constraint is there. NOT NULL of a column has one by the server's choice of name since
    /// PostgreSQL 18; it is written down when it is first named.
    fn require_constraint(
        &mut self,
        table: &QualifiedName,
        name: &Ident,
        presence: Presence,
    ) -> bool {
        let Some(found) = self.catalog.table(table) else {
            return false;
        };
        if found.constraint(name).is_some() {
            return true;
        }
        let implied = found
            .columns
            .iter()
            .filter(|column| column.nullability != Nullability::Nullable)
            .find(|column| {
                &object_name(table.name.as_str(), column.name.as_str(), "not_null") == name
            })
            .map(|column| TableConstraint {
                name: name.clone(),
                kind: ConstraintKind::NotNull(column.name.clone()),
                validity: Validity::Valid,
                enforcement: Enforcement::Enforced,
                deferral: Deferral::NotDeferrable,
                index: None,
                born: found.born,
            });
        match implied {
            Some(constraint) => {
                self.push_constraint(table, constraint);
                true
            }
            None if presence == Presence::Lenient || self.is_assumed(table) => false,
            None => {
                self.missing_part("constraint", name, table);
                false
            }
        }
    }

    fn edit_constraints(
        &mut self,
        target: &Target,
        name: &Ident,
        mut change: impl FnMut(&mut TableConstraint),
    ) {
        for table in self.reach(target) {
            self.catalog.edit_table(&table, |table| {
                if let Some(constraint) = table.constraint_mut(name) {
                    change(constraint);
                }
            });
        }
    }

    /// A NOT NULL constraint that was validated makes its column sure.
    fn settle_not_null(&mut self, target: &Target, name: &Ident) {
        let column = self
            .catalog
            .table(&target.name)
            .and_then(|table| table.constraint(name))
            .and_then(|constraint| match &constraint.kind {
                ConstraintKind::NotNull(column) => Some(column.clone()),
                ConstraintKind::Check(_)
                | ConstraintKind::Unique(_)
                | ConstraintKind::PrimaryKey(_)
                | ConstraintKind::ForeignKey(_)
                | ConstraintKind::Exclude { .. } => None,
            });
        if let Some(column) = column {
            for table in self.reach(target) {
                self.refuse_null(&table, &column, Validity::Valid);
            }
        }
    }

    fn drop_constraint(
        &mut self,
        target: &Target,
        name: &Ident,
        (presence, reaction): (Presence, Reaction),
    ) {
        if !self.require_constraint(&target.name, name, presence) {
            return;
        }
        let Some(constraint) = self
            .catalog
            .table(&target.name)
            .and_then(|table| table.constraint(name))
            .cloned()
        else {
            return;
        };
        if self.is_inherited_constraint(&target.name, &constraint) {
            let why = format!(
                "constraint {name} of {} is inherited: drop that of its parent",
                target.name
            );
            self.unfit(name, why);
            return;
        }
        match reaction {
            Reaction::Restrict => {}
            Reaction::Cascade => self.drop_references_by(&target.name, &constraint),
        }
        self.remove_constraint(&target.name, &constraint);
        for table in self.below(&target.name, target.scope) {
            let inherited = self
                .catalog
                .table(&table)
                .and_then(|table| table.constraint(name))
                .filter(|own| own.kind == constraint.kind)
                .cloned();
            if let Some(own) = inherited {
                self.remove_constraint(&table, &own);
            }
        }
    }

    fn is_inherited_constraint(&self, table: &QualifiedName, constraint: &TableConstraint) -> bool {
        let part_of_index = constraint
            .index
            .as_ref()
            .and_then(|index| self.catalog.index(&table.sibling(index.clone())))
            .is_some_and(|index| index.parent.is_some());
        let is_partition = self
            .catalog
            .table(table)
            .is_some_and(|table| table.partition_of.is_some());
        let follows = match &constraint.kind {
            ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => true,
            ConstraintKind::ForeignKey(_) => is_partition,
            ConstraintKind::Unique(_)
            | ConstraintKind::PrimaryKey(_)
            | ConstraintKind::Exclude { .. } => false,
        };
        part_of_index
            || follows
                && self
                    .parent_with(table, |parent| {
                        parent
                            .constraint(&constraint.name)
                            .is_some_and(|own| own.kind == constraint.kind)
                    })
                    .is_some()
    }

    /// Takes a constraint of one table out, with its index, and the null it refused is accepted.
    pub(super) fn remove_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &TableConstraint,
    ) {
        if let Some(index) = &constraint.index {
            self.remove_index(&table.sibling(index.clone()));
        }
        self.catalog.edit_table(table, |table| {
            table.constraints.retain(|own| own.name != constraint.name);
            if let ConstraintKind::NotNull(column) = &constraint.kind
                && !table.primary_key().contains(column)
                && let Some(column) = table.column_mut(column)
            {
                column.nullability = Nullability::Nullable;
            }
        });
    }

    fn rename_constraint(&mut self, target: &Target, from: &Ident, to: &Ident) {
        let table = &target.name;
        if !self.require_constraint(table, from, Presence::Required) {
            return;
        }
        let Some(found) = self.catalog.table(table) else {
            return;
        };
        if found.constraint(to).is_some() {
            self.exists("constraint", to, Presence::Required);
            return;
        }
        let Some(constraint) = found.constraint(from).cloned() else {
            return;
        };
        if let Some(index) = &constraint.index {
            self.move_relation(&table.sibling(index.clone()), &table.sibling(to.clone()));
            return;
        }
        let inherits = matches!(
            constraint.kind,
            ConstraintKind::Check(_) | ConstraintKind::NotNull(_)
        );
        let tables = if inherits {
            self.reach(target)
        } else {
            vec![table.clone()]
        };
        for table in tables {
            self.catalog.edit_table(&table, |table| {
                if let Some(own) = table.constraint_mut(from)
                    && own.kind == constraint.kind
                {
                    own.name.clone_from(to);
                }
            });
        }
    }
}

/// The name a new constraint gets; none when it is taken.
pub(in crate::ask) fn free_constraint_name(
    catalog: &Catalog,
    table: &QualifiedName,
    constraint: &Constraint,
) -> Option<Ident> {
    let (needs_index, taken_over) = match &constraint.kind {
        ConstraintKind::Unique(key) | ConstraintKind::PrimaryKey(key) => match key {
            KeyColumns::Build { .. } => (true, None),
            KeyColumns::UsingIndex(index) => (true, Some(index)),
        },
        ConstraintKind::Exclude { .. } => (true, None),
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) | ConstraintKind::ForeignKey(_) => {
            (false, None)
        }
    };
    let found = catalog.table(table);
    let is_free = |name: &Ident| {
        found.is_none_or(|found| found.constraint(name).is_none())
            && (!needs_index
                || taken_over == Some(name)
                || catalog.relation(&table.sibling(name.clone())).is_none())
    };
    match &constraint.name {
        ChosenName::Given(name) => Some(name.clone()).filter(is_free),
        ChosenName::Generated(base) => {
            Some(taken_over.map_or_else(|| first_free(base, is_free), Clone::clone))
        }
    }
}

/// Column names as the server joins them in a name.
fn joined(columns: &[Ident]) -> String {
    let names: Vec<&str> = columns.iter().map(Ident::as_str).collect();
    names.join("_")
}

/// A key part that is a column, as a constraint makes it.
pub(in crate::ask) fn plain_key(column: Ident) -> IndexKey {
    IndexKey {
        part: IndexKeyPart::Column(column),
        collation: None,
        operator_class: None,
        direction: Direction::Ascending,
        nulls: NullsOrder::Default,
    }
}

/// An index without keys, to be filled in.
pub(in crate::ask) fn plain_index(table: &QualifiedName, name: &Ident) -> IndexDefinition {
    IndexDefinition {
        name: ChosenName::Given(name.clone()),
        table: table.clone(),
        scope: Scope::WithDescendants,
        method: Ident::new("btree"),
        keys: Vec::new(),
        include: Vec::new(),
        uniqueness: Uniqueness::NotUnique,
        predicate: None,
        parameters: Vec::new(),
        tablespace: None,
    }
}
