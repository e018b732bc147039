//! What is lost for real: not what the migration itself has made.

use segue_model::{
    Catalog, Change, DataChange, Loss, LossKind, Persistence, QualifiedName, Replay, Statement,
};

/// What a statement takes away for ever from tables that were there before.
pub(super) fn real(statement: &Statement, losses: &[Loss], replay: &Replay) -> Vec<Loss> {
    let is_plain_update = statement
        .changes
        .iter()
        .all(|change| matches!(change, Change::Data(DataChange::Update { .. })));
    if is_plain_update {
        return Vec::new();
    }
    losses
        .iter()
        .filter(|loss| match loss.kind {
            LossKind::Rows | LossKind::Values | LossKind::Precision | LossKind::Unknown => true,
            LossKind::Structure | LossKind::Durability => false,
        })
        .filter(|loss| {
            loss.relation
                .as_ref()
                .is_none_or(|name| !is_own(name, &replay.catalog))
        })
        .cloned()
        .collect()
}

/// True for a table that this very migration made. What an earlier one of the same release made may have rows by now: the
/// run may have stopped between the two.
fn is_own(name: &QualifiedName, catalog: &Catalog) -> bool {
    catalog.table(name).is_some_and(|table| {
        table.persistence == Persistence::Temporary
            || (table.born.migration == catalog.now.migration && table.born.statement > 0)
    })
}
