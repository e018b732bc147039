//! DROP TABLE of a partition: DETACH CONCURRENTLY ▸ DROP TABLE.
//!
//! Measured: dropped directly it takes ACCESS EXCLUSIVE on the parent; detached first, only on itself. Source: lock table,
//! section 8 (retire a partition).

use segue_model::{Change, Context, TableChange, Target};

use super::draft::Draft;
use super::{detach_partition, drop_referencing_table, is_used};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Table(target, TableChange::Drop { .. }) = change else {
        return None;
    };
    let (parent, _) = context
        .catalog
        .table(&target.name)?
        .partition_of
        .as_ref()?;
    if !is_used(&target.name, context) {
        return None;
    }
    let mut draft = Draft::new();
    detach_partition::append(
        &mut draft,
        &Target::required(parent.clone()),
        &target.name,
        context,
    )?;
    drop_referencing_table::append_keys(&mut draft, &target.name, context);
    drop_referencing_table::append_drop(&mut draft, change, &target.name);
    Some(draft)
}
