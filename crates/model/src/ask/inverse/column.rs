//! Columns.

use crate::{
    Birth, Catalog, Change, Column, ColumnChange, CommentTarget, Constraint, ConstraintChange,
    ConstraintKind, DataType, Expression, Fill, Ident, Inverse, Nullability, ObjectKind, Presence,
    Reaction, Shape, Table, Target,
};

use super::super::apply::mention::{constraint_mentions, index_mentions, is_stale};
use super::{add_constraint, as_written, drop_constraint, exact_unless, none, reach, required};

pub(super) fn column(target: &Target, change: &ColumnChange, before: &Catalog) -> Inverse {
    if let Some(view) = before.view(&target.name) {
        return of_view(target, change, (view.born, before));
    }
    let own = before.column(&target.name, change.column());
    match (change, own) {
        (ColumnChange::Add { .. }, Some(_))
        | (
            ColumnChange::Drop {
                presence: Presence::Lenient,
                ..
            },
            None,
        ) => Inverse::Nothing,
        (
            ColumnChange::Add {
                column,
                constraints,
                ..
            },
            None,
        ) => dropped_again(target, column, (constraints, before)),
        (ColumnChange::Rename { from, to }, _) => Inverse::Exact(vec![Change::Column(
            required(target),
            ColumnChange::Rename {
                from: to.clone(),
                to: from.clone(),
            },
        )]),
        (ColumnChange::SetNotNull(name), None) => Inverse::Lossy {
            changes: vec![Change::Column(
                required(target),
                ColumnChange::DropNotNull(name.clone()),
            )],
            lost: format!("whether {name} refused null before, which the catalog does not know"),
        },
        (_, Some(own)) => match before.table(&target.name) {
            Some(table) => {
                let answer = changed_back(target, (table, own), (change, before));
                let alike =
                    is_alike_below(target, before, own, |one, other| one.fill == other.fill);
                match answer {
                    Inverse::Exact(changes) if is_about_fill(change) && !alike => Inverse::Lossy {
                        changes,
                        lost: "defaults that children had of their own".to_owned(),
                    },
                    answer @ (Inverse::Exact(_)
                    | Inverse::Lossy { .. }
                    | Inverse::None(_)
                    | Inverse::Nothing) => answer,
                }
            }
            None => none("the catalog does not know the table"),
        },
        (_, None) => none("the catalog does not know what the column was"),
    }
}

/// True for changes of where a column's values come from.
fn is_about_fill(change: &ColumnChange) -> bool {
    match change {
        ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. } => true,
        ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::Rename { .. }
        | ColumnChange::SetType { .. }
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => false,
    }
}

/// The way back from ADD COLUMN: the constraints beside it go along when they are about it.
fn dropped_again(
    target: &Target,
    column: &Column,
    (constraints, before): (&[Constraint], &Catalog),
) -> Inverse {
    let (_, others): (Vec<_>, Vec<_>) = constraints
        .iter()
        .partition(|constraint| constraint_mentions(&constraint.kind, &column.name));
    let mut changes: Vec<Change> = others
        .iter()
        .map(|constraint| drop_constraint(target, constraint.name.ident()))
        .collect();
    changes.push(Change::Column(
        required(target),
        ColumnChange::Drop {
            name: column.name.clone(),
            presence: Presence::Required,
            reaction: Reaction::Restrict,
        },
    ));
    let below = reach(target, before)
        .iter()
        .any(|table| before.column(table, &column.name).is_some());
    let lost = if below {
        Some(format!("{} of a child that had it before", column.name))
    } else {
        (!others.is_empty()).then(|| "constraints beside it that are not about it".to_owned())
    };
    exact_unless(changes, lost)
}

/// A view that this migration made has no defaults yet.
fn of_view(target: &Target, change: &ColumnChange, (born, before): (Birth, &Catalog)) -> Inverse {
    if let ColumnChange::SetDefault { name, .. } = change
        && before.is_of_this_release(born)
    {
        let back = ColumnChange::DropDefault(name.clone());
        return Inverse::Exact(vec![Change::Column(required(target), back)]);
    }
    none("the catalog does not keep this of a view")
}

fn changed_back(
    target: &Target,
    (table, own): (&Table, &Column),
    (change, before): (&ColumnChange, &Catalog),
) -> Inverse {
    let name = &own.name;
    let exact = |change| Inverse::Exact(vec![Change::Column(required(target), change)]);
    match change {
        ColumnChange::Drop { .. } => Inverse::Lossy {
            changes: added_again(target, (table, own), before),
            lost: format!("the values of {name} of {}", target.name),
        },
        ColumnChange::SetType {
            data_type, using, ..
        } => {
            let back = ColumnChange::SetType {
                name: name.clone(),
                data_type: own.data_type.clone(),
                collation: own.collation.clone(),
                using: None,
            };
            let kept = keeps_values(&own.data_type, data_type)
                && using
                    .as_ref()
                    .is_none_or(|using| is_plain_cast(using, name))
                && is_alike_below(target, before, own, |one, other| {
                    one.data_type == other.data_type && one.collation == other.collation
                });
            exact_unless(
                vec![Change::Column(required(target), back)],
                (!kept).then(|| format!("what {data_type} cannot keep of {}", own.data_type)),
            )
        }
        ColumnChange::SetDefault { .. } | ColumnChange::DropDefault(_) => default_back(target, own),
        ColumnChange::SetNotNull(_) => nullable_again(target, (table, own), before),
        ColumnChange::DropNotNull(_) => refused_again(target, (table, own), before),
        ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { mode: Some(_), .. }
        | ColumnChange::DropIdentity { .. } => identity_back(target, own, change),
        ColumnChange::SetExpression { .. } => expression_back(target, own),
        ColumnChange::DropExpression { .. } => {
            none("a column that has values cannot become a generated one")
        }
        ColumnChange::SetAside(_) => exact(ColumnChange::PutBack(name.clone())),
        ColumnChange::PutBack(_) => exact(ColumnChange::SetAside(name.clone())),
        ColumnChange::SetIdentity { mode: None, .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetCompression(_) => none("the catalog does not keep this of a column"),
        ColumnChange::Add { .. } | ColumnChange::Rename { .. } => Inverse::Nothing,
    }
}

fn identity_back(target: &Target, own: &Column, change: &ColumnChange) -> Inverse {
    let name = &own.name;
    let exact = |change| Inverse::Exact(vec![Change::Column(required(target), change)]);
    match change {
        ColumnChange::AddIdentity { .. } => match own.fill {
            Fill::None => exact(ColumnChange::DropIdentity {
                name: name.clone(),
                presence: Presence::Required,
            }),
            Fill::Identity(_) => Inverse::Nothing,
            Fill::Default(_) | Fill::Serial | Fill::Stored(_) | Fill::Virtual(_) => {
                none("a column with a default cannot become an identity column")
            }
        },
        ColumnChange::SetIdentity { mode: Some(_), .. } => match own.fill {
            Fill::Identity(mode) => exact(ColumnChange::SetIdentity {
                name: name.clone(),
                mode: Some(mode),
            }),
            Fill::None | Fill::Default(_) | Fill::Serial | Fill::Stored(_) | Fill::Virtual(_) => {
                none("it is not an identity column")
            }
        },
        ColumnChange::DropIdentity { .. } => match own.fill {
            Fill::Identity(mode) => Inverse::Lossy {
                changes: vec![Change::Column(
                    required(target),
                    ColumnChange::AddIdentity {
                        name: name.clone(),
                        mode,
                    },
                )],
                lost: "where its sequence stood".to_owned(),
            },
            Fill::None | Fill::Default(_) | Fill::Serial | Fill::Stored(_) | Fill::Virtual(_) => {
                Inverse::Nothing
            }
        },
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
        | ColumnChange::SetCompression(_) => none("the catalog does not keep this of a column"),
    }
}

fn expression_back(target: &Target, own: &Column) -> Inverse {
    let exact = |change| Inverse::Exact(vec![Change::Column(required(target), change)]);
    match &own.fill {
        Fill::Stored(expression) | Fill::Virtual(expression) if !is_stale(expression) => {
            exact(ColumnChange::SetExpression {
                name: own.name.clone(),
                expression: expression.clone(),
            })
        }
        Fill::Stored(_)
        | Fill::Virtual(_)
        | Fill::None
        | Fill::Default(_)
        | Fill::Serial
        | Fill::Identity(_) => none("the former expression is not known"),
    }
}

fn default_back(target: &Target, own: &Column) -> Inverse {
    let name = own.name.clone();
    let back = match &own.fill {
        Fill::None => ColumnChange::DropDefault(name),
        Fill::Default(default) => ColumnChange::SetDefault {
            name,
            default: default.clone(),
        },
        Fill::Serial => return none("the default of a serial column is not written anywhere"),
        Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => {
            return none("the column has no default of its own");
        }
    };
    Inverse::Exact(vec![Change::Column(required(target), back)])
}

/// True when the column below is like the one above, as far as the question goes.
fn is_alike_below(
    target: &Target,
    before: &Catalog,
    own: &Column,
    alike: impl Fn(&Column, &Column) -> bool,
) -> bool {
    reach(target, before)
        .iter()
        .filter_map(|table| before.column(table, &own.name))
        .all(|other| alike(own, other))
}

fn same_nullability(one: &Column, other: &Column) -> bool {
    one.nullability == other.nullability
}

fn not_null_constraints(target: &Target, table: &Table, name: &Ident) -> Vec<Change> {
    table
        .constraints
        .iter()
        .filter(|own| matches!(&own.kind, ConstraintKind::NotNull(of) if of == name))
        .map(|own| add_constraint(target, as_written(own)))
        .collect()
}

fn nullable_again(target: &Target, (table, own): (&Table, &Column), before: &Catalog) -> Inverse {
    let mut changes = vec![Change::Column(
        required(target),
        ColumnChange::DropNotNull(own.name.clone()),
    )];
    match own.nullability {
        Nullability::NotNull => return Inverse::Nothing,
        Nullability::Nullable => {}
        Nullability::NotNullUnchecked => {
            changes.extend(not_null_constraints(target, table, &own.name));
        }
    }
    let alike = is_alike_below(target, before, own, same_nullability);
    exact_unless(
        changes,
        (!alike).then(|| "which children refused null before".to_owned()),
    )
}

fn refused_again(target: &Target, (table, own): (&Table, &Column), before: &Catalog) -> Inverse {
    let mut changes = not_null_constraints(target, table, &own.name);
    match (own.nullability, changes.is_empty()) {
        (Nullability::Nullable, _) => return Inverse::Nothing,
        (Nullability::NotNull | Nullability::NotNullUnchecked, true) => {
            changes.push(Change::Column(
                required(target),
                ColumnChange::SetNotNull(own.name.clone()),
            ));
        }
        (Nullability::NotNull | Nullability::NotNullUnchecked, false) => {}
    }
    let own_below = reach(target, before)
        .iter()
        .filter_map(|below| before.table(below))
        .flat_map(|below| &below.constraints)
        .any(|below| {
            matches!(&below.kind, ConstraintKind::NotNull(of) if of == &own.name)
                && table.constraint(&below.name).is_none()
        });
    let alike = !own_below && is_alike_below(target, before, own, same_nullability);
    exact_unless(
        changes,
        (!alike).then(|| "which children accepted null before, and by which constraint".to_owned()),
    )
}

/// The column with the constraints and indexes that went with it, and its comment.
fn added_again(target: &Target, (table, own): (&Table, &Column), before: &Catalog) -> Vec<Change> {
    let mut changes = vec![Change::Column(
        required(target),
        ColumnChange::Add {
            column: own.clone(),
            constraints: Vec::new(),
            presence: Presence::Required,
        },
    )];
    changes.extend(
        table
            .constraints
            .iter()
            .filter(|constraint| constraint_mentions(&constraint.kind, &own.name))
            .map(|constraint| {
                Change::Constraint(
                    required(target),
                    ConstraintChange::Add(as_written(constraint)),
                )
            }),
    );
    changes.extend(
        before
            .indexes_of(&target.name)
            .filter(|(_, index)| index.constraint.is_none() && index.parent.is_none())
            .filter(|(_, index)| index_mentions(&index.definition, &own.name))
            .map(|(_, index)| {
                Change::Index(crate::IndexChange::Create {
                    index: index.definition.clone(),
                    build: crate::Build::Blocking,
                    presence: Presence::Required,
                })
            }),
    );
    if let Some(comment) = table.settings.comments.get(own.name.as_str()) {
        let on = CommentTarget {
            kind: ObjectKind::Column,
            name: Some(target.name.clone()),
            part: Some(own.name.clone()),
        };
        changes.push(Change::Comment(on, Some(comment.clone())));
    }
    changes
}

/// True for `USING column` and `USING column::type`.
fn is_plain_cast(using: &Expression, column: &Ident) -> bool {
    let mut shape = &using.shape;
    while let Shape::Cast { of, .. } = shape {
        shape = of;
    }
    matches!(shape, Shape::Column(name) if name == column)
}

/// True when every value of the one type is, unchanged, a value of the other: the way back gives what was there.
/// What is not listed is not known to be.
fn keeps_values(from: &DataType, to: &DataType) -> bool {
    if from == to {
        return true;
    }
    if from.dimensions != to.dimensions {
        return false;
    }
    let text = |of: &DataType| of.base_is("text") || of.base_is("character varying");
    if text(from) && text(to) {
        return fits(from.modifier(0), to.modifier(0));
    }
    if from.base_is("numeric") && to.base_is("numeric") {
        return numeric_fits(from, to);
    }
    if from.name == to.name {
        let timed = ["timestamp without time zone", "timestamp with time zone"];
        return timed.iter().any(|name| from.base_is(name))
            && fits(from.modifier(0).or(Some(6)), to.modifier(0).or(Some(6)));
    }
    let wider = |of: &DataType| {
        ["smallint", "integer", "bigint", "numeric"]
            .iter()
            .position(|name| of.base_is(name))
    };
    match (wider(from), wider(to)) {
        (Some(from), Some(wide)) => from < wide && to.modifiers.is_empty(),
        (_, _) => from.base_is("real") && to.base_is("double precision"),
    }
}

/// A limit is kept when the new one is not lower; none is no limit.
fn fits(from: Option<i64>, to: Option<i64>) -> bool {
    match (from, to) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(from), Some(to)) => from <= to,
    }
}

fn numeric_fits(from: &DataType, to: &DataType) -> bool {
    if to.modifiers.is_empty() {
        return true;
    }
    let (Some(from_digits), Some(to_digits)) = (from.modifier(0), to.modifier(0)) else {
        return false;
    };
    let from_scale = from.modifier(1).unwrap_or(0);
    let to_scale = to.modifier(1).unwrap_or(0);
    from_scale <= to_scale && from_digits - from_scale <= to_digits - to_scale
}
