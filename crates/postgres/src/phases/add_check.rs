//! ADD CHECK: NOT VALID ▸ VALIDATE.
//!
//! Measured: validated at once it scans under ACCESS EXCLUSIVE; `NOT VALID` takes the same lock and does no work; VALIDATE
//! scans under SHARE UPDATE EXCLUSIVE, in another transaction. Source: lock table, section 8.

use segue_model::{
    Change, Constraint, ConstraintChange, ConstraintKind, Context, Enforcement, Target, Validity,
};

use super::draft::Draft;
use super::{author, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Constraint(target, ConstraintChange::Add(constraint)) = change else {
        return None;
    };
    let ConstraintKind::Check(_) = &constraint.kind else {
        return None;
    };
    if constraint.validity == Validity::NotValid
        || constraint.enforcement == Enforcement::NotEnforced
        || !is_used(&target.name, context)
    {
        return None;
    }
    let mut draft = Draft::new();
    append(&mut draft, target, constraint, context);
    Some(draft)
}

/// Adds a constraint for new rows, then reads the old ones.
pub(super) fn append(
    draft: &mut Draft,
    target: &Target,
    constraint: &Constraint,
    context: &Context<'_>,
) {
    let table = &target.name;
    let name = names::constraint(context.catalog, table, &constraint.name);
    draft.own(
        format!("Add {name} to {table} for new rows: no row is read."),
        author::add(target, author::not_valid(constraint, &name)),
    );
    draft.own(
        format!("Check the rows of {table} against {name} while reads and writes go on."),
        author::validate(target, &name),
    );
}
