//! The way back of a column whose values were kept: it comes back empty, gets them, and only then what would have filled it.
//!
//! A column that is added with its default or as an identity has a value in every row at once: then no row would ask the
//! archive, and values would be others than before.

use segue_model::{Change, Column, ColumnChange, Fill, Ident, Nullability, QualifiedName, Target};

/// The same changes, the first of which adds the column, in an order in which kept values find their rows.
pub(crate) fn refilled(changes: Vec<Change>) -> Vec<Change> {
    let mut changes = changes.into_iter();
    let mut back = Vec::new();
    match changes.next() {
        Some(Change::Column(target, add @ ColumnChange::Add { .. })) => {
            let (bare, later) = split(&target, add);
            back.push(bare);
            back.extend(later);
        }
        Some(other) => back.push(other),
        None => {}
    }
    back.extend(changes);
    back
}

/// The same for changes of which one adds this column: what comes before its values, and what behind them. None when it comes
/// empty anyway, or cannot.
pub(crate) fn emptied(
    changes: &[Change],
    (table, name): (&QualifiedName, &Ident),
) -> Option<(Vec<Change>, Vec<Change>)> {
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    for change in changes {
        let Change::Column(target, add @ ColumnChange::Add { column, .. }) = change else {
            before.push(change.clone());
            continue;
        };
        if &target.name != table || &column.name != name {
            before.push(change.clone());
            continue;
        }
        if !can_be_empty(&column.fill) {
            return None;
        }
        let (bare, mut later) = split(target, add.clone());
        let at_once = before_values(&later);
        behind = later.split_off(at_once);
        before.push(bare);
        before.extend(later);
    }
    (before != changes).then_some((before, behind))
}

/// What a sequence or an expression gives is there with the column.
fn can_be_empty(fill: &Fill) -> bool {
    match fill {
        Fill::None | Fill::Default(_) | Fill::Identity(_) => true,
        Fill::Serial | Fill::Stored(_) | Fill::Virtual(_) => false,
    }
}

/// The column without what would fill it, and what it gets then.
fn split(target: &Target, add: ColumnChange) -> (Change, Vec<Change>) {
    let ColumnChange::Add {
        column,
        constraints,
        presence,
    } = add
    else {
        return (Change::Column(target.clone(), add), Vec::new());
    };
    let later = later(target, &column);
    let bare = ColumnChange::Add {
        column: Column {
            nullability: Nullability::Nullable,
            fill: Fill::None,
            ..column
        },
        constraints,
        presence,
    };
    (Change::Column(target.clone(), bare), later)
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
