//! Columns, in their table and in what descends from it.

use crate::{
    Column, ColumnChange, Constraint, Fill, Ident, Link, Nullability, Presence, QualifiedName,
    Reaction, Relation, Sequence, Table, Target, Validity,
};

use super::Effect;
use super::mention::is_partition_key;
use super::naming::{free_relation_name, object_name};

impl Effect<'_> {
    pub(super) fn column(&mut self, target: &Target, change: &ColumnChange) {
        if self.catalog.view(&target.name).is_some() {
            if let ColumnChange::Rename { from, to } = change {
                self.rename_view_column(&target.name, from, to);
            }
            return;
        }
        if !self.require_table(&target.name, target.presence) {
            return;
        }
        if self.is_refused_below(&target.name, change) {
            return;
        }
        match change {
            ColumnChange::Add {
                column,
                constraints,
                presence,
            } => self.add_column(target, column, constraints, *presence),
            ColumnChange::Drop {
                name,
                presence,
                reaction,
            } => self.drop_column(target, name, (*presence, *reaction)),
            ColumnChange::Rename { from, to } => self.rename_columns(target, from, to),
            ColumnChange::SetType {
                name,
                data_type,
                collation,
                ..
            } => {
                self.assume_column(&target.name, name, data_type);
                self.edit_column(target, name, |column| {
                    column.data_type = data_type.clone();
                    column.collation.clone_from(collation);
                });
            }
            ColumnChange::SetDefault { name, default } => {
                self.edit_column(target, name, |column| {
                    column.fill = Fill::Default(default.clone());
                });
            }
            ColumnChange::DropDefault(name) => self.drop_default(target, name),
            ColumnChange::SetNotNull(name) => self.set_not_null(target, name),
            ColumnChange::DropNotNull(name) => self.drop_not_null(target, name),
            ColumnChange::AddIdentity { .. }
            | ColumnChange::SetIdentity { .. }
            | ColumnChange::DropIdentity { .. } => self.identity(target, change),
            ColumnChange::SetExpression { .. } | ColumnChange::DropExpression { .. } => {
                self.generation(target, change);
            }
            ColumnChange::SetAside(name) => self.set_aside(&target.name, name),
            ColumnChange::PutBack(name) => self.put_back(&target.name, name),
            ColumnChange::SetStatistics(name)
            | ColumnChange::SetParameters { name, .. }
            | ColumnChange::SetStorage(name)
            | ColumnChange::SetCompression(name) => {
                self.edit_column(target, name, |_| {});
            }
        }
    }

    /// The sequence of a serial column stays.
    fn drop_default(&mut self, target: &Target, name: &Ident) {
        self.edit_column(target, name, |column| {
            column.fill = match &column.fill {
                Fill::None | Fill::Default(_) | Fill::Serial => Fill::None,
                kept @ (Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_)) => kept.clone(),
            };
        });
    }

    /// True, and reported, when the column is the parent's to change.
    fn is_refused_below(&mut self, table: &QualifiedName, change: &ColumnChange) -> bool {
        let column = match change {
            ColumnChange::Drop { name, .. } | ColumnChange::SetType { name, .. } => name,
            ColumnChange::Rename { from, .. } => from,
            ColumnChange::DropNotNull(name) => {
                let refuses = self
                    .parent_with(table, |parent| {
                        parent
                            .column(name)
                            .is_some_and(|column| column.nullability != Nullability::Nullable)
                    })
                    .is_some();
                if !refuses {
                    return false;
                }
                name
            }
            ColumnChange::Add { .. }
            | ColumnChange::SetDefault { .. }
            | ColumnChange::DropDefault(_)
            | ColumnChange::SetNotNull(_)
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
            | ColumnChange::SetCompression(_) => return false,
        };
        match self.parent_with(table, |parent| parent.column(column).is_some()) {
            Some(parent) => {
                let why = format!("column {column} of {table} is inherited from {parent}");
                self.unfit(column, why);
                true
            }
            None => false,
        }
    }

    /// The first parent of a table of which this is true.
    pub(super) fn parent_with(
        &self,
        table: &QualifiedName,
        is: impl Fn(&Table) -> bool,
    ) -> Option<QualifiedName> {
        let table = self.catalog.table(table)?;
        table
            .inherits
            .iter()
            .chain(table.partition_of.iter().map(|(parent, _)| parent))
            .find(|parent| self.catalog.table(parent).is_some_and(&is))
            .cloned()
    }

    fn identity(&mut self, target: &Target, change: &ColumnChange) {
        match change {
            ColumnChange::AddIdentity { name, mode } => {
                self.edit_column(target, name, |column| column.fill = Fill::Identity(*mode));
                if self.catalog.column(&target.name, name).is_some() {
                    self.create_owned_sequence(&target.name, name);
                }
            }
            ColumnChange::SetIdentity {
                name,
                mode: Some(mode),
            } => self.edit_column(target, name, |column| column.fill = Fill::Identity(*mode)),
            ColumnChange::DropIdentity { name, .. } => {
                let mut dropped = false;
                self.edit_column(target, name, |column| {
                    if matches!(column.fill, Fill::Identity(_)) {
                        column.fill = Fill::None;
                        dropped = true;
                    }
                });
                if dropped {
                    self.drop_owned_sequences(&target.name, name);
                }
            }
            ColumnChange::SetIdentity { mode: None, .. }
            | ColumnChange::Add { .. }
            | ColumnChange::Drop { .. }
            | ColumnChange::Rename { .. }
            | ColumnChange::SetType { .. }
            | ColumnChange::SetDefault { .. }
            | ColumnChange::DropDefault(_)
            | ColumnChange::SetNotNull(_)
            | ColumnChange::DropNotNull(_)
            | ColumnChange::SetExpression { .. }
            | ColumnChange::DropExpression { .. }
            | ColumnChange::SetStatistics(_)
            | ColumnChange::SetParameters { .. }
            | ColumnChange::SetStorage(_)
            | ColumnChange::SetAside(_)
            | ColumnChange::PutBack(_)
            | ColumnChange::SetCompression(_) => {}
        }
    }

    fn generation(&mut self, target: &Target, change: &ColumnChange) {
        match change {
            ColumnChange::SetExpression { name, expression } => {
                self.edit_column(target, name, |column| {
                    column.fill = match &column.fill {
                        Fill::Virtual(_) => Fill::Virtual(expression.clone()),
                        Fill::None
                        | Fill::Default(_)
                        | Fill::Serial
                        | Fill::Identity(_)
                        | Fill::Stored(_) => Fill::Stored(expression.clone()),
                    };
                });
            }
            ColumnChange::DropExpression { name, .. } => {
                self.edit_column(target, name, |column| {
                    if matches!(column.fill, Fill::Stored(_)) {
                        column.fill = Fill::None;
                    }
                });
            }
            ColumnChange::Add { .. }
            | ColumnChange::Drop { .. }
            | ColumnChange::Rename { .. }
            | ColumnChange::SetType { .. }
            | ColumnChange::SetDefault { .. }
            | ColumnChange::DropDefault(_)
            | ColumnChange::SetNotNull(_)
            | ColumnChange::DropNotNull(_)
            | ColumnChange::AddIdentity { .. }
            | ColumnChange::SetIdentity { .. }
            | ColumnChange::DropIdentity { .. }
            | ColumnChange::SetStatistics(_)
            | ColumnChange::SetParameters { .. }
            | ColumnChange::SetStorage(_)
            | ColumnChange::SetAside(_)
            | ColumnChange::PutBack(_)
            | ColumnChange::SetCompression(_) => {}
        }
    }

    fn add_column(
        &mut self,
        target: &Target,
        column: &Column,
        constraints: &[Constraint],
        presence: Presence,
    ) {
        let table = &target.name;
        if self.catalog.column(table, &column.name).is_some() {
            if self.is_assumed(table) {
                return;
            }
            let name = format!("{} of {table}", column.name);
            self.exists("column", name, presence);
            return;
        }
        let column = with_null_refused(column.clone());
        for table in self.reach(target) {
            self.catalog.edit_table(&table, |table| {
                if table.column(&column.name).is_none() {
                    table.columns.push(column.clone());
                }
            });
        }
        if column.fill.owns_sequence() {
            self.create_owned_sequence(table, &column.name);
        }
        for constraint in constraints {
            self.add_constraint(table, constraint, target.scope);
        }
    }

    fn drop_column(
        &mut self,
        target: &Target,
        name: &Ident,
        (presence, reaction): (Presence, Reaction),
    ) {
        let Some(table) = self.catalog.table(&target.name) else {
            return;
        };
        if is_partition_key(table, name) {
            let why = format!("{} is partitioned by {name}", target.name);
            self.unfit(name, why);
            return;
        }
        if table.column(name).is_none() && !self.is_assumed(&target.name) {
            match presence {
                Presence::Lenient => {}
                Presence::Required => self.missing_part("column", name, &target.name),
            }
            return;
        }
        for table in self.reach(target) {
            self.drop_column_alone(&table, name, reaction);
        }
    }

    fn rename_columns(&mut self, target: &Target, from: &Ident, to: &Ident) {
        if from == to {
            return;
        }
        let Some(table) = self.catalog.table(&target.name) else {
            return;
        };
        let (has_from, has_to) = (table.column(from).is_some(), table.column(to).is_some());
        if !has_from && !self.is_assumed(&target.name) {
            self.missing_part("column", from, &target.name);
            return;
        }
        if has_to {
            let name = format!("{to} of {}", target.name);
            self.exists("column", name, Presence::Required);
            return;
        }
        for table in self.reach(target) {
            let free = self.catalog.column(&table, to).is_none();
            if free {
                self.rename_column(&table, from, to);
            }
        }
    }

    /// On a table that was only mentioned, a change of type tells that the column is there.
    fn assume_column(&mut self, table: &QualifiedName, name: &Ident, data_type: &crate::DataType) {
        if !self.is_assumed(table) || self.catalog.column(table, name).is_some() {
            return;
        }
        let column = Column {
            name: name.clone(),
            data_type: data_type.clone(),
            collation: None,
            nullability: Nullability::Nullable,
            fill: Fill::None,
            storage: None,
        };
        self.catalog
            .edit_table(table, |table| table.columns.push(column));
    }

    fn edit_column(&mut self, target: &Target, name: &Ident, mut change: impl FnMut(&mut Column)) {
        self.require_columns(&target.name, [name]);
        for table in self.reach(target) {
            self.catalog.edit_table(&table, |table| {
                if let Some(column) = table.column_mut(name) {
                    change(column);
                }
            });
        }
    }

    fn set_not_null(&mut self, target: &Target, name: &Ident) {
        self.require_columns(&target.name, [name]);
        for table in self.reach(target) {
            self.refuse_null(&table, name, Validity::Valid);
            self.catalog.edit_table(&table, |table| {
                for constraint in &mut table.constraints {
                    if is_not_null_of(&constraint.kind, name) {
                        constraint.validity = Validity::Valid;
                    }
                }
            });
        }
    }

    fn drop_not_null(&mut self, target: &Target, name: &Ident) {
        self.edit_column(target, name, |column| {
            column.nullability = Nullability::Nullable;
        });
        for table in self.reach(target) {
            self.catalog.edit_table(&table, |table| {
                table
                    .constraints
                    .retain(|constraint| !is_not_null_of(&constraint.kind, name));
            });
        }
    }

    /// The sequence a serial or identity column brings.
    pub(super) fn create_owned_sequence(&mut self, table: &QualifiedName, column: &Ident) {
        let base = object_name(table.name.as_str(), column.as_str(), "seq");
        let name = free_relation_name(self.catalog, table, &base);
        let sequence = Sequence {
            owned_by: Some((table.clone(), column.clone())),
            born: self.catalog.now,
        };
        self.catalog
            .insert_relation(table.sibling(name), Relation::Sequence(sequence));
    }

    fn drop_owned_sequences(&mut self, table: &QualifiedName, column: &Ident) {
        for sequence in self.dependents(&Link::OwnedBy(table.clone())) {
            let owned = self.catalog.sequence(&sequence).is_some_and(|sequence| {
                sequence
                    .owned_by
                    .as_ref()
                    .is_some_and(|(_, by)| by == column)
            });
            if owned {
                self.catalog.remove_relation(&sequence);
            }
        }
    }
}

fn is_not_null_of(kind: &crate::ConstraintKind, column: &Ident) -> bool {
    matches!(kind, crate::ConstraintKind::NotNull(name) if name == column)
}

/// A serial or identity column refuses null without saying so.
pub(super) fn with_null_refused(mut column: Column) -> Column {
    if column.fill.owns_sequence() {
        column.nullability = Nullability::NotNull;
    }
    column
}
