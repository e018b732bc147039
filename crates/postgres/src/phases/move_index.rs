//! ALTER INDEX SET TABLESPACE: the same index concurrently in the new tablespace ▸ drop the old one ▸ rename.
//!
//! Measured: SET TABLESPACE takes ACCESS EXCLUSIVE on the index, and so stalls the table's readers, while it copies. The
//! steps take SHARE UPDATE EXCLUSIVE on the table, the first two outside any transaction; the rename takes it on the index.
//! Refuses indexes of constraints and of partitioned tables. Source: lock table, section 4.

use segue_model::{
    Change, ChosenName, Context, IndexChange, IndexDefinition, Presence, RenameSpelling,
};

use super::draft::Draft;
use super::{author, create_index, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Index(IndexChange::SetTablespace { name, tablespace }) = change else {
        return None;
    };
    let index = context.catalog.index(name)?;
    let table = &index.definition.table;
    let is_partitioned = context
        .catalog
        .table(table)
        .is_some_and(|table| table.partitioning.is_some());
    if index.constraint.is_some() || index.parent.is_some() || is_partitioned || !is_used(table, context)
    {
        return None;
    }
    let moved = names::new_relation(context.catalog, name, "", "moved");
    let mut draft = Draft::new();
    create_index::append(
        &mut draft,
        &IndexDefinition {
            name: ChosenName::Given(moved.clone()),
            tablespace: Some(tablespace.clone()),
            ..index.definition.clone()
        },
    );
    draft.outside(
        format!("Drop the old index {name}: {moved} serves its queries."),
        author::drop_index(name),
    );
    draft.own(
        format!("Give {moved} the name {}.", name.name),
        Change::Index(IndexChange::Rename {
            from: name.sibling(moved.clone()),
            to: name.name.clone(),
            presence: Presence::Required,
            spelled: RenameSpelling::AlterIndex,
        }),
    );
    Some(draft)
}
