//! INSERT, UPDATE, DELETE, SELECT. How many rows a statement meets is the user's query's business.

use segue_model::{Cause, DataChange, InsertSource, QualifiedName, Query, WorkKind};

use super::{Ledger, no_such};

pub(super) fn change(change: &DataChange, ledger: &mut Ledger<'_>) {
    match change {
        DataChange::Insert { table, source, .. } => {
            written(table, &[], ledger);
            match source {
                InsertSource::Query(query) => reads(query, ledger),
                InsertSource::Values { .. } | InsertSource::Defaults => {}
            }
        }
        DataChange::Update { table, reads, .. } | DataChange::Delete { table, reads, .. } => {
            written(table, reads, ledger);
        }
        DataChange::Select(query) => reads(query, ledger),
        DataChange::Merge { .. }
        | DataChange::Truncate { .. }
        | DataChange::CopyIn { .. }
        | DataChange::CopyOut { .. }
        | DataChange::SetSequenceValue(_) => no_such("this way to change rows", ledger),
    }
}

/// Triggers and foreign keys may write further tables: all of them live in the same file.
fn written(table: &QualifiedName, others: &[QualifiedName], ledger: &mut Ledger<'_>) {
    ledger.writes(table);
    ledger.known(table);
    ledger.work(table, WorkKind::Rows, Cause::Query);
    for other in others {
        ledger.reads(other);
        ledger.work(other, WorkKind::Rows, Cause::Query);
    }
}

/// The relations of a query.
pub(super) fn reads(query: &Query, ledger: &mut Ledger<'_>) {
    for relation in &query.relations {
        ledger.reads(relation);
        ledger.work(relation, WorkKind::Rows, Cause::Query);
    }
}
