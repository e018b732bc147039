//! LOCK TABLE; settings and SET CONSTRAINTS lock nothing.
//!
//! Source: PostgreSQL 17 manual, LOCK; measured on 15 and 18.

use segue_model::{LockRole, LockTable, OtherObject, RefusalReason, SessionChange};

use super::ledger::Ledger;
use super::storage;

/// What a statement about the session locks.
pub(super) fn change(change: &SessionChange, ledger: &mut Ledger<'_>) {
    match change {
        SessionChange::Lock(lock) => lock_tables(lock, ledger),
        SessionChange::Set { .. }
        | SessionChange::Reset(_)
        | SessionChange::SetConstraints { .. }
        | SessionChange::Nothing { .. } => {}
    }
}

/// The mode goes down to children and partitions, and through a view to what it reads (measured on 15).
///
/// Wider for LOCK TABLE ONLY: the change does not carry ONLY.
fn lock_tables(lock: &LockTable, ledger: &mut Ledger<'_>) {
    if !ledger.context.transaction.is_open() {
        ledger.refuse(
            RefusalReason::Unsupported,
            "LOCK TABLE can only be used in a transaction block".to_owned(),
        );
    }
    let catalog = ledger.catalog();
    for name in &lock.tables {
        ledger.claim(name, lock.mode, LockRole::Target);
        let mut reached = vec![name.clone()];
        let mut next = 0;
        while let Some(current) = reached.get(next).cloned() {
            let below = match catalog.view(&current) {
                Some(view) => view.definition.query.relations.clone(),
                None => storage::family(catalog, &current, segue_model::Scope::WithDescendants),
            };
            for relation in below {
                if !reached.contains(&relation) {
                    ledger.claim(&relation, lock.mode, LockRole::Descendant);
                    reached.push(relation);
                }
            }
            next += 1;
        }
    }
}

/// What is named and not modelled locks no relation of the user's; some of it cannot run in a transaction block.
///
/// Source: PostgreSQL 17 manual, the Notes of these commands.
pub(super) fn other(object: &OtherObject, ledger: &mut Ledger<'_>) {
    let verb = object.verb.as_str();
    let outside = ["DATABASE", "TABLESPACE", "SUBSCRIPTION"]
        .iter()
        .any(|kind| {
            verb.ends_with(kind) && (verb.starts_with("CREATE") || verb.starts_with("DROP"))
        });
    if outside || verb.starts_with("ALTER SYSTEM") {
        ledger.must_be_outside(verb);
    }
}
