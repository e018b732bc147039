//! What is in a live database: as text that makes it again, and as the model's catalog.
//!
//! Reads only, in one snapshot, in a transaction of its own that is rolled back. Knows no rows, no roles, no owners.

mod dump;
mod fold;
mod here;
mod order;
mod queries;
mod read;

use std::collections::BTreeSet;

use segue_model::{Ident, QualifiedName};

pub use dump::dump;
pub use fold::introspect;
pub(crate) use here::catalog_after;

/// What a dump leaves out besides the server's own objects and those of extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpScope {
    /// Namespaces whose objects are left out.
    pub without: BTreeSet<Ident>,
}

/// Everything but the namespace Segue keeps its journal in.
impl Default for DumpScope {
    fn default() -> Self {
        Self {
            without: BTreeSet::from([Ident::from("segue"), Ident::from(segue_model::ARCHIVE)]),
        }
    }
}

/// How much of a database is read into a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntrospectScope {
    /// Everything but the namespace `segue`, the server's own objects and those of extensions.
    Whole,
    /// These relations and what belongs to them: columns, constraints, indexes, triggers, rules, policies. An index
    /// stands for its table. Those that do not exist are absent from the catalog.
    Relations(BTreeSet<QualifiedName>),
}

/// Why a database could not be read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectError<E: std::error::Error + 'static> {
    /// The server refused, or the connection failed.
    #[error("the catalog of the database could not be read")]
    Session(#[source] E),
    /// The server's catalog says something that it never should.
    #[error("the catalog of the database has {0}")]
    Unexpected(&'static str),
}
