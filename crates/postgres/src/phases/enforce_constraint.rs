//! ALTER CONSTRAINT … ENFORCED (18): drop it; add it again NOT VALID, in one transaction ▸ VALIDATE.
//!
//! Measured: ENFORCED checks every row at once under ACCESS EXCLUSIVE; the steps take ACCESS EXCLUSIVE on both tables for a
//! moment, then scan under SHARE UPDATE EXCLUSIVE. Source: lock table, sections 2 and 8 (foreign key).

use segue_model::{
    Change, ChosenName, Constraint, ConstraintChange, Context, Enforcement, Validity,
};

use super::draft::Draft;
use super::{author, is_used};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Constraint(
        target,
        ConstraintChange::SetEnforcement {
            name,
            enforcement: Enforcement::Enforced,
        },
    ) = change
    else {
        return None;
    };
    let found = context.catalog.table(&target.name)?.constraint(name)?;
    if found.enforcement == Enforcement::Enforced || !is_used(&target.name, context) {
        return None;
    }
    let again = Constraint {
        name: ChosenName::Given(name.clone()),
        kind: found.kind.clone(),
        validity: Validity::NotValid,
        enforcement: Enforcement::Enforced,
        deferral: found.deferral,
    };
    let table = &target.name;
    let mut draft = Draft::new();
    draft.own(
        format!("Drop {name} of {table}, which nothing checks."),
        author::drop_constraint(target, name),
    );
    draft.with_previous(
        format!("Add {name} again for new rows: no row is read."),
        author::add(target, again),
    );
    draft.own(
        format!("Check the rows of {table} against {name} while reads and writes go on."),
        author::validate(target, name),
    );
    Some(draft)
}
