//! Views and materialized views. REFRESH is in `maintenance`.
//!
//! Source: PostgreSQL 17 manual, CREATE VIEW, ALTER VIEW, ALTER MATERIALIZED VIEW; measured on 15 and 18.

use segue_model::{
    Change, LockMode, LockRole, Locked, Presence, QualifiedName, Reaction, RefusalReason,
    TableChange, Target, ViewChange, ViewKind,
};

use super::ledger::Ledger;
use super::{data, removal, storage};

/// What happens to a view.
pub(super) fn change(
    target: &Target,
    change: &ViewChange,
    dropped: &[QualifiedName],
    ledger: &mut Ledger<'_>,
) {
    let view = &target.name;
    match change {
        // What it reads is locked ACCESS SHARE; a materialized one reads every row at once.
        ViewChange::Create(definition) => {
            let exists = ledger.catalog().relation(view).is_some();
            if exists && target.presence == Presence::Lenient {
                return;
            }
            match definition.kind {
                ViewKind::View => data::claim_reads(&definition.query.relations, ledger),
                ViewKind::Materialized => data::read(&definition.query, ledger),
            }
        }
        ViewChange::Replace(definition) => {
            if ledger.catalog().view(view).is_some() {
                ledger.claim(view, LockMode::AccessExclusive, LockRole::Target);
            }
            data::claim_reads(&definition.query.relations, ledger);
        }
        ViewChange::Drop { reaction, .. } => drop_view(target, *reaction, dropped, ledger),
        ViewChange::Rename { .. }
        | ViewChange::RenameColumn { .. }
        | ViewChange::SetNamespace(_)
        | ViewChange::SetColumnDefault(_) => {
            ledger.claim(view, LockMode::AccessExclusive, LockRole::Target);
        }
        // A materialized view's indexes and TOAST get the new owner too (measured on 15).
        ViewChange::SetOwner(_) => removal::claim_view(view, LockRole::Target, ledger),
        ViewChange::SetParameters(_) => set_parameters(view, ledger),
    }
}

/// Storage options of a materialized view are those of a table (measured on 15); a view's own take ACCESS EXCLUSIVE.
fn set_parameters(view: &QualifiedName, ledger: &mut Ledger<'_>) {
    let is_stored = ledger
        .catalog()
        .view(view)
        .is_some_and(|found| found.definition.kind == ViewKind::Materialized);
    if !is_stored {
        return ledger.claim(view, LockMode::AccessExclusive, LockRole::Target);
    }
    ledger.claim(view, LockMode::ShareUpdateExclusive, LockRole::Target);
    if storage::has_toast(ledger.catalog(), view) {
        ledger.claim_on(
            Locked::Toast(view.clone()),
            LockMode::ShareUpdateExclusive,
            LockRole::Toast,
        );
    }
}

fn drop_view(
    target: &Target,
    reaction: Reaction,
    dropped: &[QualifiedName],
    ledger: &mut Ledger<'_>,
) {
    let view = &target.name;
    if ledger.catalog().relation(view).is_none() {
        ledger.assume();
        if target.presence == Presence::Lenient {
            return;
        }
    }
    removal::claim_view(view, LockRole::Target, ledger);
    let over: Vec<QualifiedName> = ledger
        .catalog()
        .views_of(view)
        .map(|(name, _)| name.clone())
        .collect();
    match reaction {
        Reaction::Cascade => removal::views(view, None, reaction, ledger),
        Reaction::Restrict => {
            for reader in over.iter().filter(|reader| !dropped.contains(reader)) {
                ledger.refuse(
                    RefusalReason::Dependents,
                    format!("{view} cannot be dropped without CASCADE: the view {reader} reads it"),
                );
            }
        }
    }
}

/// ALTER TABLE spelled for a view: ACCESS EXCLUSIVE but for storage options of a materialized one.
pub(super) fn alter_by_table(target: &Target, changes: &[&Change], ledger: &mut Ledger<'_>) {
    let only_parameters = changes
        .iter()
        .all(|change| matches!(change, Change::Table(_, TableChange::SetParameters(_))));
    if only_parameters {
        return set_parameters(&target.name, ledger);
    }
    let sets_owner = changes
        .iter()
        .any(|change| matches!(change, Change::Table(_, TableChange::SetOwner(_))));
    if sets_owner {
        removal::claim_view(&target.name, LockRole::Target, ledger);
    } else {
        ledger.claim(&target.name, LockMode::AccessExclusive, LockRole::Target);
    }
}
