//! ATTACH PARTITION: what it would check and build is there before.
//!
//! Measured: attached plainly the child is scanned, its missing indexes are built, and a DEFAULT partition is scanned, under
//! ACCESS EXCLUSIVE. Instead: the bounds, with IS NOT NULL, as a CHECK NOT VALID ▸ VALIDATE ▸ matching indexes concurrently ▸ on
//! DEFAULT a CHECK that excludes the bounds NOT VALID ▸ VALIDATE ▸ ATTACH, "implied by existing constraints" ▸ the CHECKs
//! go. Source: lock table, section 8 (attach a partition; attach beside a DEFAULT partition).
//!
//! Refuses hash partitions, keys that are expressions, ranges over several columns, and the DEFAULT partition itself.

use segue_model::{
    Change, ChosenName, Comparison, ConstraintKind, Context, Expression, Ident, IndexDefinition,
    IndexState, PartitionBound, PartitionChange, PartitionStrategy, Predicate, QualifiedName, Sql,
    Table, Target,
};

use super::draft::Draft;
use super::{add_check, add_foreign_key, add_key, author, create_index, expression, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Partition(target, PartitionChange::Attach { child, bound }) = change else {
        return None;
    };
    let parent = context.catalog.table(&target.name)?;
    if !is_used(&target.name, context) {
        return None;
    }
    let mut draft = Draft::new();
    let mut helpers = Vec::new();
    if is_used(child, context) {
        helpers.push(prove(&mut draft, child, inside(&target.name, bound, context)?, context));
        prepare(&mut draft, (&target.name, parent), child, context)?;
    }
    if let Some(default) = context.catalog.default_partition(&target.name) {
        helpers.push(prove(&mut draft, default, outside(&target.name, bound, context)?, context));
    }
    if helpers.is_empty() {
        return None;
    }
    draft.own(
        format!("Attach {child} to {}: the checks imply its bounds, no row is read.", target.name),
        change.clone(),
    );
    for (table, helper) in &helpers {
        dismiss(&mut draft, table, helper);
    }
    Some(draft)
}

/// The column of a partition key, where it is one plain column of a range or a list.
fn key(parent: &Table) -> Option<&Ident> {
    let by = parent.partitioning.as_ref()?;
    match (by.strategy, by.columns.as_slice()) {
        (PartitionStrategy::Range | PartitionStrategy::List, [column])
            if by.expressions.is_empty() =>
        {
            Some(column)
        }
        (PartitionStrategy::Range | PartitionStrategy::List | PartitionStrategy::Hash, _) => None,
    }
}

/// A CHECK that stays only until the partition is attached; gives back where it stands and its name.
pub(super) fn prove(
    draft: &mut Draft,
    table: &QualifiedName,
    condition: Expression,
    context: &Context<'_>,
) -> (QualifiedName, Ident) {
    let name = names::new_constraint(context.catalog, table, "", "bounds");
    let check = author::constraint(&name, ConstraintKind::Check(condition));
    add_check::append(draft, &Target::required(table.clone()), &check, context);
    (table.clone(), name)
}

/// Drops a CHECK that was there for the attach.
pub(super) fn dismiss(draft: &mut Draft, table: &QualifiedName, helper: &Ident) {
    draft.own(
        format!("Drop {helper} of {table}: it has served its purpose."),
        author::drop_constraint(&Target::required(table.clone()), helper),
    );
}

/// The rows a partition takes, by its own bound and those of the partitions it will be part of.
fn inside(
    parent: &QualifiedName,
    bound: &PartitionBound,
    context: &Context<'_>,
) -> Option<Expression> {
    let table = context.catalog.table(parent)?;
    let key = key(table)?;
    let own = condition(key, bound)?;
    let Some((above, its_bound)) = &table.partition_of else {
        return Some(own);
    };
    let outer = inside(above, its_bound, context)?;
    let sql = Sql::default()
        .verbatim(&own.text)
        .text(" AND ")
        .verbatim(&outer.text);
    Some(Expression {
        logic: Predicate::And(vec![own.logic, outer.logic]),
        ..expression(&sql, own.columns.into_iter().chain(outer.columns).collect())
    })
}

/// The rows a partition with this bound does not take.
pub(super) fn outside(
    parent: &QualifiedName,
    bound: &PartitionBound,
    context: &Context<'_>,
) -> Option<Expression> {
    let key = key(context.catalog.table(parent)?)?;
    let inside = condition(key, bound)?;
    let sql = Sql::literal("NOT (").verbatim(&inside.text).text(")");
    Some(Expression {
        logic: Predicate::Not(Box::new(inside.logic)),
        ..expression(&sql, inside.columns)
    })
}

/// A bound as a condition, as the server spells it: null is in no range.
fn condition(key: &Ident, bound: &PartitionBound) -> Option<Expression> {
    let mut sql = Sql::default().ident(key).text(" IS NOT NULL");
    let mut all = vec![Predicate::NotNull(key.clone())];
    match bound {
        PartitionBound::Range { from, to } => {
            let ([from], [to]) = (from.as_slice(), to.as_slice()) else {
                return None;
            };
            if !is_open(from) {
                sql = sql.text(" AND ").ident(key).text(" >= ").verbatim(from);
                all.push(compared(key, Comparison::GreaterOrEqual, from));
            }
            if !is_open(to) {
                sql = sql.text(" AND ").ident(key).text(" < ").verbatim(to);
                all.push(compared(key, Comparison::Less, to));
            }
        }
        PartitionBound::List(values) => {
            if values.iter().any(|value| value.eq_ignore_ascii_case("null")) {
                return None;
            }
            sql = sql
                .text(" AND ")
                .ident(key)
                .text(" IN (")
                .list(values, ", ", |sql, value| sql.verbatim(value))
                .text(")");
            all.push(Predicate::OneOf {
                column: key.clone(),
                values: values.clone(),
            });
        }
        PartitionBound::Hash { .. } | PartitionBound::Default => return None,
    }
    Some(Expression {
        logic: Predicate::And(all),
        ..expression(&sql, vec![key.clone()])
    })
}

fn compared(column: &Ident, operator: Comparison, value: &str) -> Predicate {
    Predicate::Comparison {
        column: column.clone(),
        operator,
        value: value.to_owned(),
    }
}

fn is_open(value: &str) -> bool {
    value.eq_ignore_ascii_case("minvalue") || value.eq_ignore_ascii_case("maxvalue")
}

/// What ATTACH would build or check besides the bounds: indexes, keys, foreign keys of the parent.
fn prepare(
    draft: &mut Draft,
    (parent_name, parent): (&QualifiedName, &Table),
    child: &QualifiedName,
    context: &Context<'_>,
) -> Option<()> {
    let target = Target::required(child.clone());
    for (_, index) in context.catalog.indexes_of(parent_name) {
        if index.constraint.is_none() && !has_index(child, &index.definition, context) {
            let name = names::index_of_partition(context.catalog, child, &index.definition, "idx");
            create_index::append(
                draft,
                &IndexDefinition {
                    name: ChosenName::Given(name),
                    table: child.clone(),
                    ..index.definition.clone()
                },
            );
        }
    }
    for constraint in &parent.constraints {
        let is_there = context.catalog.table(child).is_some_and(|table| {
            table
                .constraints
                .iter()
                .any(|own| own.kind == constraint.kind)
        });
        if is_there {
            continue;
        }
        let wanted = author::constraint(&constraint.name, constraint.kind.clone());
        match &constraint.kind {
            ConstraintKind::Unique(_) | ConstraintKind::PrimaryKey(_) => {
                let label = match constraint.kind {
                    ConstraintKind::PrimaryKey(_) => "pkey",
                    ConstraintKind::Check(_)
                    | ConstraintKind::NotNull(_)
                    | ConstraintKind::Unique(_)
                    | ConstraintKind::ForeignKey(_)
                    | ConstraintKind::Exclude { .. } => "key",
                };
                let columns = add_key::columns(&constraint.kind);
                let name =
                    names::new_relation(context.catalog, child, &joined(label, columns), label);
                let named = segue_model::Constraint {
                    name: ChosenName::Given(name),
                    ..wanted
                };
                add_key::append(draft, &target, &named, context)?;
            }
            ConstraintKind::ForeignKey(key) => {
                add_foreign_key::append_constraint(draft, &target, (&wanted, key), context);
            }
            ConstraintKind::Exclude { .. } => return None,
            ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => {}
        }
    }
    Some(())
}

fn joined(label: &str, columns: &[Ident]) -> String {
    if label == "pkey" {
        return String::new();
    }
    columns
        .iter()
        .map(Ident::as_str)
        .collect::<Vec<_>>()
        .join("_")
}

fn has_index(child: &QualifiedName, wanted: &IndexDefinition, context: &Context<'_>) -> bool {
    context.catalog.indexes_of(child).any(|(_, index)| {
        let own = &index.definition;
        index.state == IndexState::Valid
            && own.method == wanted.method
            && own.keys == wanted.keys
            && own.include == wanted.include
            && own.uniqueness == wanted.uniqueness
            && own.predicate == wanted.predicate
    })
}
