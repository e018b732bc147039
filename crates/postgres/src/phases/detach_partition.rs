//! DETACH PARTITION ▸ DETACH PARTITION CONCURRENTLY (14 and later).
//!
//! Measured: DETACH takes ACCESS EXCLUSIVE on the parent; concurrently SHARE UPDATE EXCLUSIVE, and ACCESS EXCLUSIVE on the
//! partition alone at its end, outside any transaction. Refused while a DEFAULT partition exists. Source: lock table,
//! sections 2, 5 and 7 (7).

use segue_model::{Build, Change, Context, PartitionChange, QualifiedName, Target};

use super::draft::Draft;
use super::is_used;

/// The first version with DETACH CONCURRENTLY. Source: PostgreSQL 14 release notes.
const SINCE_VERSION: u16 = 14;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Partition(
        target,
        PartitionChange::Detach {
            child,
            build: Build::Blocking,
        },
    ) = change
    else {
        return None;
    };
    let mut draft = Draft::new();
    append(&mut draft, target, child, context)?;
    draft.remark(format!(
        "The server leaves a CHECK on {child} that repeats its former bounds; one that was interrupted is completed with \
         DETACH PARTITION … FINALIZE."
    ));
    Some(draft)
}

/// Detaches beside readers and writers; none where the server refuses that, or nobody is hurt.
pub(super) fn append(
    draft: &mut Draft,
    target: &Target,
    child: &QualifiedName,
    context: &Context<'_>,
) -> Option<()> {
    if context.server.version < SINCE_VERSION
        || context.catalog.default_partition(&target.name).is_some()
        || !is_used(&target.name, context)
    {
        return None;
    }
    draft.outside(
        format!("Detach {child} from {} while reads and writes go on.", target.name),
        Change::Partition(
            target.clone(),
            PartitionChange::Detach {
                child: child.clone(),
                build: Build::Concurrently,
            },
        ),
    );
    Some(())
}
