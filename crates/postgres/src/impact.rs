//! What a statement locks, scans, rewrites and builds, on PostgreSQL 12 to 18.

use segue_model::{Change, Context, Impact};

/// Locks and work of one statement.
pub(crate) fn impact(_changes: &[Change], _context: &Context<'_>) -> Impact {
    Impact::default()
}
