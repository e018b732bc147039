//! What undoes it.

use crate::{Catalog, Change, Inverse};

/// What undoes the change, asked of the catalog before it.
pub fn inverse(_change: &Change, _before: &Catalog) -> Inverse {
    Inverse::Nothing
}
