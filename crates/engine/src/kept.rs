//! The way back of a column whose values were kept: it comes back empty, gets them, and only then what would have filled it.
//!
//! A column that is added with its default or as an identity has a value in every row at once: then no row would ask the
//! archive, and values would be others than before.

use segue_model::{Change, Column, ColumnChange, Fill, Nullability, Target};

/// The same changes, the first of which adds the column, in an order in which kept values find their rows.
pub(crate) fn refilled(changes: Vec<Change>) -> Vec<Change> {
    let mut changes = changes.into_iter();
    let mut back = Vec::new();
    match changes.next() {
        Some(Change::Column(
            target,
            ColumnChange::Add {
                column,
                constraints,
                presence,
            },
        )) => {
            let bare = ColumnChange::Add {
                column: Column {
                    nullability: Nullability::Nullable,
                    fill: Fill::None,
                    ..column.clone()
                },
                constraints,
                presence,
            };
            back.push(Change::Column(target.clone(), bare));
            back.extend(later(&target, &column));
        }
        Some(other) => back.push(other),
        None => {}
    }
    back.extend(changes);
    back
}

/// What the column gets beside its values; the default first, so that rows that come meanwhile have it.
fn later(target: &Target, column: &Column) -> Vec<Change> {
    let name = &column.name;
    let mut changes = Vec::new();
    if let Fill::Default(default) = &column.fill {
        changes.push(ColumnChange::SetDefault {
            name: name.clone(),
            default: default.clone(),
        });
    }
    let is_identity = match &column.fill {
        Fill::Identity(_) => true,
        Fill::None | Fill::Default(_) | Fill::Serial | Fill::Stored(_) | Fill::Virtual(_) => false,
    };
    if is_identity || column.nullability != Nullability::Nullable {
        changes.push(ColumnChange::SetNotNull(name.clone()));
    }
    if let Fill::Identity(mode) = column.fill {
        changes.push(ColumnChange::AddIdentity {
            name: name.clone(),
            mode,
        });
    }
    let of_table = |change| Change::Column(target.clone(), change);
    changes.into_iter().map(of_table).collect()
}

/// How many of these changes come before the values.
pub(crate) fn before_values(changes: &[Change]) -> usize {
    let is_before = |change: &&Change| {
        matches!(
            change,
            Change::Column(
                _,
                ColumnChange::Add { .. } | ColumnChange::SetDefault { .. }
            )
        )
    };
    changes.iter().take_while(is_before).count()
}
