//! Sequences. `setval` is in `data`.
//!
//! Source: PostgreSQL 17 manual, ALTER SEQUENCE; measured on 15 and 18.

use segue_model::{
    Cause, Fill, LockMode, LockRole, Presence, QualifiedName, Reaction, RefusalReason, Relation,
    SequenceChange, Shape, Target, WorkKind,
};

use super::ledger::Ledger;

/// What happens to a sequence.
pub(super) fn change(target: &Target, change: &SequenceChange, ledger: &mut Ledger<'_>) {
    let sequence = &target.name;
    match change {
        SequenceChange::Create { owned_by, .. } => {
            if let Some(owner) = owned_by.as_ref().and_then(|owner| owner.relation.as_ref()) {
                ledger.claim(owner, LockMode::AccessShare, LockRole::Dependent);
            }
        }
        SequenceChange::Drop { reaction } => drop_sequence(target, *reaction, ledger),
        // Every option makes a new file; OWNED BY does not (measured).
        SequenceChange::Alter { .. } => {
            ledger.claim(sequence, LockMode::ShareRowExclusive, LockRole::Target);
            ledger.work(sequence, WorkKind::NewFile, Cause::Storage);
        }
        SequenceChange::SetOwnedBy(owner) => {
            ledger.claim(sequence, LockMode::ShareRowExclusive, LockRole::Target);
            if let Some(table) = owner.as_ref().and_then(|owner| owner.relation.as_ref()) {
                ledger.claim(table, LockMode::AccessShare, LockRole::Dependent);
            }
        }
        SequenceChange::Rename(_)
        | SequenceChange::SetNamespace(_)
        | SequenceChange::SetOwner(_) => {
            ledger.claim(sequence, LockMode::AccessExclusive, LockRole::Target);
        }
    }
}

/// A default that draws from the sequence goes with CASCADE, under ACCESS EXCLUSIVE on its table.
fn drop_sequence(target: &Target, reaction: Reaction, ledger: &mut Ledger<'_>) {
    let name = &target.name;
    let Some(found) = ledger.catalog().sequence(name) else {
        ledger.assume();
        if target.presence == Presence::Required {
            ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
        }
        return;
    };
    ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
    let mut users: Vec<QualifiedName> = Vec::new();
    for (table, relation) in ledger.catalog().relations() {
        let Relation::Table(known) = relation else {
            continue;
        };
        let draws = known.columns.iter().any(|column| match &column.fill {
            Fill::Default(default) => default.shape == Shape::NextValue(name.clone()),
            Fill::Serial | Fill::Identity(_) => found
                .owned_by
                .as_ref()
                .is_some_and(|(owner, of)| owner == table && of == &column.name),
            Fill::None | Fill::Stored(_) | Fill::Virtual(_) => false,
        });
        if draws {
            users.push(table.clone());
        }
    }
    for user in users {
        match reaction {
            Reaction::Cascade => {
                ledger.claim(&user, LockMode::AccessExclusive, LockRole::Dependent);
            }
            Reaction::Restrict => ledger.refuse(
                RefusalReason::Dependents,
                format!(
                    "{name} cannot be dropped without CASCADE: a default of {user} draws from it"
                ),
            ),
        }
    }
}
