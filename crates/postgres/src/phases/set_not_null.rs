//! SET NOT NULL: a proof that is checked beside readers and writers, then the column.
//!
//! Measured, 12 to 17: `CHECK (c IS NOT NULL) NOT VALID` takes ACCESS EXCLUSIVE and does no work ▸ VALIDATE scans under SHARE
//! UPDATE EXCLUSIVE ▸ SET NOT NULL uses the proof; DROP CONSTRAINT, two statements in one transaction (in one ALTER TABLE
//! the drop would run first, and the scan comes back). 18: `NOT NULL c NOT VALID` ▸ VALIDATE, and nothing else: SET NOT NULL
//! over a NOT NULL that is not valid would scan under ACCESS EXCLUSIVE. Source: lock table, sections 2 and 8.

use segue_model::{
    Change, ColumnChange, Constraint, ConstraintChange, ConstraintKind, Context, Enforcement,
    Ident, Nullability, Target, Validity,
};

use super::draft::Draft;
use super::{add_check, author, is_used, names};

/// How it is known that a column has no null.
pub(super) enum Proof {
    /// By the column, or by a CHECK of the user's: nothing has to go afterwards.
    Users,
    /// By a NOT NULL constraint of the server's, which makes the column NOT NULL at once (18).
    Column,
    /// By a CHECK of ours, which has to go.
    Ours(Ident),
}

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    if let Change::Constraint(target, ConstraintChange::Add(constraint)) = change {
        return named(target, constraint, context);
    }
    let Change::Column(target, ColumnChange::SetNotNull(column)) = change else {
        return None;
    };
    let is_proven = context
        .catalog
        .table(&target.name)
        .is_some_and(|table| table.proves_not_null(column));
    if is_proven || !is_used(&target.name, context) {
        return None;
    }
    let mut draft = Draft::new();
    append(&mut draft, target, column, context);
    Some(draft)
}

/// `ADD CONSTRAINT n NOT NULL c` (18).
fn named(target: &Target, constraint: &Constraint, context: &Context<'_>) -> Option<Draft> {
    let ConstraintKind::NotNull(column) = &constraint.kind else {
        return None;
    };
    let is_refused = context
        .catalog
        .column(&target.name, column)
        .is_some_and(|column| column.nullability == Nullability::NotNull);
    if constraint.validity == Validity::NotValid
        || constraint.enforcement == Enforcement::NotEnforced
        || is_refused
        || context.server.version < 18
        || !is_used(&target.name, context)
    {
        return None;
    }
    let mut draft = Draft::new();
    add_check::append(&mut draft, target, constraint, context);
    Some(draft)
}

/// The whole recipe for one column.
pub(super) fn append(draft: &mut Draft, target: &Target, column: &Ident, context: &Context<'_>) {
    let table = &target.name;
    let set = author::column(target, ColumnChange::SetNotNull(column.clone()));
    match prove(draft, target, column, context) {
        Proof::Column => {}
        Proof::Users => draft.own(
            format!("Set {column} of {table} to NOT NULL: a CHECK proves it, no row is read."),
            set,
        ),
        Proof::Ours(proof) => {
            draft.own(
                format!("Set {column} of {table} to NOT NULL: {proof} proves it, no row is read."),
                set,
            );
            dismiss(draft, target, &proof);
        }
    }
}

/// What makes a column refuse null again: at once for new rows, in a transaction with others; and what follows, which checks
/// the rows that are there beside readers and writers. `name` is what 18 calls the constraint.
pub(super) fn again(
    target: &Target,
    column: &Ident,
    name: Option<&Ident>,
    context: &Context<'_>,
) -> (Vec<Change>, Vec<Change>) {
    let not_valid = |name: &Ident, kind: ConstraintKind| {
        let constraint = author::constraint(name, kind);
        vec![author::add(target, author::not_valid(&constraint, name))]
    };
    if let Some(name) = name {
        return (
            not_valid(name, ConstraintKind::NotNull(column.clone())),
            vec![author::validate(target, name)],
        );
    }
    let proof = names::new_constraint(
        context.catalog,
        &target.name,
        column.as_str(),
        "not_null_proof",
    );
    (
        not_valid(&proof, ConstraintKind::Check(author::is_not_null(column))),
        vec![
            author::validate(target, &proof),
            author::column(target, ColumnChange::SetNotNull(column.clone())),
            author::drop_constraint(target, &proof),
        ],
    )
}

/// Drops our CHECK in the transaction that made it unnecessary.
pub(super) fn dismiss(draft: &mut Draft, target: &Target, proof: &Ident) {
    draft.with_previous(
        format!("Drop {proof}: it has served its purpose."),
        author::drop_constraint(target, proof),
    );
}

/// Makes sure, beside readers and writers, that a column has no null.
pub(super) fn prove(
    draft: &mut Draft,
    target: &Target,
    column: &Ident,
    context: &Context<'_>,
) -> Proof {
    let table = context.catalog.table(&target.name);
    if table.is_some_and(|table| table.proves_not_null(column)) {
        return Proof::Users;
    }
    let is_newest = context.server.version >= 18;
    let unchecked = table.into_iter().flat_map(|table| &table.constraints).find(|constraint| {
        constraint.validity == Validity::NotValid
            && constraint.enforcement == Enforcement::Enforced
            && match &constraint.kind {
                ConstraintKind::NotNull(named) => is_newest && named == column,
                ConstraintKind::Check(check) => !is_newest && check.logic.proves_not_null(column),
                ConstraintKind::Unique(_)
                | ConstraintKind::PrimaryKey(_)
                | ConstraintKind::ForeignKey(_)
                | ConstraintKind::Exclude { .. } => false,
            }
    });
    if let Some(constraint) = unchecked {
        draft.own(
            format!(
                "Check the rows of {} against {}, which is there and not yet checked, while reads and writes go on.",
                target.name, constraint.name
            ),
            author::validate(target, &constraint.name),
        );
        return if is_newest { Proof::Column } else { Proof::Users };
    }
    let label = if is_newest { "not_null" } else { "not_null_proof" };
    let name = names::new_constraint(context.catalog, &target.name, column.as_str(), label);
    let kind = if is_newest {
        ConstraintKind::NotNull(column.clone())
    } else {
        ConstraintKind::Check(author::is_not_null(column))
    };
    add_check::append(draft, target, &author::constraint(&name, kind), context);
    if is_newest {
        Proof::Column
    } else {
        Proof::Ours(name)
    }
}
