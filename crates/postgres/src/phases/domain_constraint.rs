//! ALTER DOMAIN ADD CHECK: NOT VALID ▸ VALIDATE.
//!
//! Measured: added at once, and validated later alike, it takes SHARE on every table that uses the domain and scans it;
//! NOT VALID takes no lock on a table. There is no online way: the plan only keeps the two apart. Source: lock table,
//! sections 4 and 8.

use segue_model::{
    Change, ConstraintKind, Context, DomainChange, Link, Validity,
};

use super::draft::Draft;
use super::{author, is_used, names};

/// What every plan says that must block writers.
pub(super) const NO_ONLINE_WAY: &str = "there is no online way";

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Domain(domain, DomainChange::AddConstraint(constraint)) = change else {
        return None;
    };
    let ConstraintKind::Check(_) = &constraint.kind else {
        return None;
    };
    let is_unused = context.catalog.types.contains_key(domain)
        && context
            .catalog
            .linked(&Link::HasType(domain.clone()))
            .all(|table| !is_used(table, context));
    if constraint.validity == Validity::NotValid || is_unused {
        return None;
    }
    let name = names::constraint(context.catalog, domain, &constraint.name);
    let mut draft = Draft::new();
    draft.own(
        format!("Add {name} to domain {domain} for new values: no table is locked."),
        Change::Domain(
            domain.clone(),
            DomainChange::AddConstraint(author::not_valid(constraint, &name)),
        ),
    );
    draft.own(
        format!("Check every table that uses {domain} against {name}: writes to them wait."),
        Change::Domain(
            domain.clone(),
            DomainChange::ValidateConstraint(name.clone()),
        ),
    );
    draft.remark(format!(
        "VALIDATE stops writes to every table that uses {domain} while it reads them: {NO_ONLINE_WAY}. Prefer a CHECK on \
         each table, which can be validated beside writers.",
    ));
    Some(draft)
}
