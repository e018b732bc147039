//! The changes of a statement by kind, those inside DO blocks included: what nearly every rule starts with.

use segue_model::{
    Cause, Change, Column, ColumnChange, Constraint, ConstraintChange, DataChange, DomainChange,
    Fill, IndexChange, MaintenanceChange, PartitionChange, QualifiedName, SessionChange,
    TableChange, TableDefinition, Target, TypeChange, ViewChange, WorkKind,
};

use crate::Asked;

/// A column that is added to a table.
#[derive(Clone, Copy)]
pub struct AddedColumn<'a> {
    /// The table.
    pub table: &'a QualifiedName,
    /// The column.
    pub column: &'a Column,
    /// The constraints written beside it.
    pub constraints: &'a [Constraint],
}

impl AddedColumn<'_> {
    /// The column as messages show it: `"public"."users"."email"`.
    pub fn shown(&self) -> String {
        column(self.table, &self.column.name)
    }

    /// True when its values come from somewhere else than null or a plain default.
    pub fn is_computed(&self) -> bool {
        match &self.column.fill {
            Fill::None | Fill::Default(_) => false,
            Fill::Serial | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => true,
        }
    }
}

/// A column as messages show it: `"public"."users"."email"`.
pub(crate) fn column(table: &QualifiedName, column: &segue_model::Ident) -> String {
    format!("{table}.{column}")
}

/// The columns of new tables, and those added to any table, with their tables.
pub(crate) fn new_columns<'a>(asked: &Asked<'a>) -> Vec<(&'a QualifiedName, &'a Column)> {
    let mut found: Vec<(&QualifiedName, &Column)> = asked
        .created_tables()
        .into_iter()
        .flat_map(|(table, definition)| {
            definition.columns.iter().map(move |column| (table, column))
        })
        .collect();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::Add { column, .. } = change {
            found.push((&target.name, column));
        }
    }
    found
}

impl<'a> Asked<'a> {
    /// Changes of columns, with their tables.
    pub fn column_changes(&self) -> Vec<(&'a Target, &'a ColumnChange)> {
        self.pick(|change| {
            if let Change::Column(target, change) = change {
                Some((target, change))
            } else {
                None
            }
        })
    }

    /// Changes of constraints, with their tables.
    pub fn constraint_changes(&self) -> Vec<(&'a Target, &'a ConstraintChange)> {
        self.pick(|change| {
            if let Change::Constraint(target, change) = change {
                Some((target, change))
            } else {
                None
            }
        })
    }

    /// Changes of tables as a whole.
    pub fn table_changes(&self) -> Vec<(&'a Target, &'a TableChange)> {
        self.pick(|change| {
            if let Change::Table(target, change) = change {
                Some((target, change))
            } else {
                None
            }
        })
    }

    /// Changes of partitions, with the partitioned table.
    pub fn partition_changes(&self) -> Vec<(&'a Target, &'a PartitionChange)> {
        self.pick(|change| {
            if let Change::Partition(target, change) = change {
                Some((target, change))
            } else {
                None
            }
        })
    }

    /// Changes of indexes.
    pub fn index_changes(&self) -> Vec<&'a IndexChange> {
        self.pick(|change| {
            if let Change::Index(change) = change {
                Some(change)
            } else {
                None
            }
        })
    }

    /// Changes of views.
    pub fn view_changes(&self) -> Vec<(&'a Target, &'a ViewChange)> {
        self.pick(|change| {
            if let Change::View(target, change) = change {
                Some((target, change))
            } else {
                None
            }
        })
    }

    /// Changes of types that are no domains.
    pub fn type_changes(&self) -> Vec<(&'a QualifiedName, &'a TypeChange)> {
        self.pick(|change| {
            if let Change::Type(name, change) = change {
                Some((name, change))
            } else {
                None
            }
        })
    }

    /// Changes of domains.
    pub fn domain_changes(&self) -> Vec<(&'a QualifiedName, &'a DomainChange)> {
        self.pick(|change| {
            if let Change::Domain(name, change) = change {
                Some((name, change))
            } else {
                None
            }
        })
    }

    /// Rows read and written.
    pub fn data_changes(&self) -> Vec<&'a DataChange> {
        self.pick(|change| {
            if let Change::Data(change) = change {
                Some(change)
            } else {
                None
            }
        })
    }

    /// Upkeep.
    pub fn maintenance(&self) -> Vec<&'a MaintenanceChange> {
        self.pick(|change| {
            if let Change::Maintenance(change) = change {
                Some(change)
            } else {
                None
            }
        })
    }

    /// Settings and explicit locks.
    pub fn session_changes(&self) -> Vec<&'a SessionChange> {
        self.pick(|change| {
            if let Change::Session(change) = change {
                Some(change)
            } else {
                None
            }
        })
    }

    /// Columns added to tables that somebody may use.
    pub fn added_columns(&self) -> Vec<AddedColumn<'a>> {
        self.column_changes()
            .into_iter()
            .filter_map(|(target, change)| match change {
                ColumnChange::Add {
                    column,
                    constraints,
                    ..
                } if self.stake(&target.name).matters() => Some(AddedColumn {
                    table: &target.name,
                    column,
                    constraints,
                }),
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
                | ColumnChange::SetExpression { .. }
                | ColumnChange::DropExpression { .. }
                | ColumnChange::SetStatistics(_)
                | ColumnChange::SetParameters { .. }
                | ColumnChange::SetStorage(_)
                | ColumnChange::SetAside(_)
                | ColumnChange::PutBack(_)
                | ColumnChange::SetCompression(_) => None,
            })
            .collect()
    }

    /// Constraints added to tables that somebody may use, by a statement of their own.
    pub fn added_constraints(&self) -> Vec<(&'a QualifiedName, &'a Constraint)> {
        self.constraint_changes()
            .into_iter()
            .filter_map(|(target, change)| {
                if let ConstraintChange::Add(constraint) = change {
                    self.stake(&target.name)
                        .matters()
                        .then_some((&target.name, constraint))
                } else {
                    None
                }
            })
            .collect()
    }

    /// Tables that are created, with their definitions.
    pub fn created_tables(&self) -> Vec<(&'a QualifiedName, &'a TableDefinition)> {
        self.table_changes()
            .into_iter()
            .filter_map(|(target, change)| {
                if let TableChange::Create(definition) = change {
                    Some((&target.name, definition.as_ref()))
                } else {
                    None
                }
            })
            .collect()
    }

    /// True when the statement does this kind of work for this cause, on the relation or on what descends from it.
    pub fn works(&self, relation: &QualifiedName, kind: &WorkKind, cause: Cause) -> bool {
        let descendants = || self.catalog().descendants(relation);
        self.answers
            .impact
            .work_for(cause)
            .filter(|work| &work.kind == kind)
            .any(|work| &work.on == relation || descendants().contains(&work.on))
    }

    fn pick<T>(&self, choose: impl Fn(&'a Change) -> Option<T>) -> Vec<T> {
        self.changes().filter_map(choose).collect()
    }
}
