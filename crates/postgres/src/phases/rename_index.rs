//! ALTER TABLE index RENAME ▸ ALTER INDEX index RENAME.
//!
//! Measured: spelled ALTER TABLE it takes ACCESS EXCLUSIVE on the index, which stalls every query planned on its table;
//! spelled ALTER INDEX it takes SHARE UPDATE EXCLUSIVE. Source: lock table, sections 4 and 11.

use segue_model::{Change, Context, IndexChange, RenameSpelling, TableChange};

use super::draft::Draft;
use super::is_used;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let (from, to, presence) = if let Change::Index(IndexChange::Rename {
        from,
        to,
        presence,
        spelled: RenameSpelling::AlterTable,
    }) = change
    {
        (from, to, *presence)
    } else if let Change::Table(target, TableChange::Rename(to)) = change {
        // The text does not say what is renamed; the catalog does.
        context.catalog.index(&target.name)?;
        (&target.name, to, target.presence)
    } else {
        return None;
    };
    if let Some(index) = context.catalog.index(from)
        && !is_used(&index.definition.table, context)
    {
        return None;
    }
    let mut draft = Draft::new();
    draft.own(
        format!("Rename index {from} to {to} as an index: reads and writes go on."),
        Change::Index(IndexChange::Rename {
            from: from.clone(),
            to: to.clone(),
            presence,
            spelled: RenameSpelling::AlterIndex,
        }),
    );
    Some(draft)
}
