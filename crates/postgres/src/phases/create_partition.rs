//! CREATE TABLE … PARTITION OF: CREATE TABLE (LIKE parent) ▸ ATTACH.
//!
//! Measured: PARTITION OF takes ACCESS EXCLUSIVE on the parent, and scans a DEFAULT partition under it; LIKE takes ACCESS SHARE, and
//! ATTACH of the empty table SHARE UPDATE EXCLUSIVE; a DEFAULT partition is told beforehand what it cannot hold.
//! Source: lock table, section 8 (new empty partition; attach beside a DEFAULT partition).
//!
//! LIKE copies what PARTITION OF copies: neither identity (which ATTACH refuses since 17) nor statistics nor comments.

use segue_model::{
    Change, Context, Inheritance, LikeSource, PartitionChange, TableChange, TableDefinition, Target,
};

use super::draft::Draft;
use super::{attach_partition, is_used};

/// Columns have a compression of their own since this version. Source: PostgreSQL 14 release notes.
const COMPRESSION_SINCE: u16 = 14;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Table(target, TableChange::Create(table)) = change else {
        return None;
    };
    let Inheritance::PartitionOf { parent, bound } = &table.inheritance else {
        return None;
    };
    if !is_used(parent, context) || !table.columns.is_empty() || !table.constraints.is_empty() {
        return None;
    }
    let mut including: Vec<String> = ["constraints", "defaults", "generated", "indexes", "storage"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    if context.server.version >= COMPRESSION_SINCE {
        including.push("compression".to_owned());
    }
    let alone = TableDefinition {
        inheritance: Inheritance::None,
        like: vec![LikeSource {
            table: parent.clone(),
            including,
        }],
        ..table.as_ref().clone()
    };
    let child = &target.name;
    let mut draft = Draft::new();
    let mut helpers = Vec::new();
    if let Some(default) = context.catalog.default_partition(parent) {
        let condition = attach_partition::outside(parent, bound, context)?;
        helpers.push(attach_partition::prove(&mut draft, default, condition, context));
    }
    draft.own(
        format!("Create {child} by itself, in the shape of {parent}."),
        Change::Table(target.clone(), TableChange::Create(Box::new(alone))),
    );
    draft.own(
        format!("Attach {child} to {parent} while reads and writes of {parent} go on."),
        Change::Partition(
            Target::required(parent.clone()),
            PartitionChange::Attach {
                child: child.clone(),
                bound: bound.clone(),
            },
        ),
    );
    for (table, helper) in &helpers {
        attach_partition::dismiss(&mut draft, table, helper);
    }
    Some(draft)
}
