//! The model of what is in a database. Built by replaying changes, or read from a server by a dialect.
//!
//! Ordered throughout: the same changes give the same bytes. Every look-up is logarithmic: who depends on a relation is
//! kept in `links`, so that fifty thousand migrations replay at the same pace as five hundred.

mod links;
mod lookup;
mod relation;

use std::collections::{BTreeMap, BTreeSet};

use crate::{Ident, QualifiedName};

pub use links::Link;
pub use relation::{
    Aside, Birth, Index, IndexState, Knowledge, Policy, Publication, PublicationScope, Relation,
    Routine, Rows, Sequence, StatisticsObject, Table, TableConstraint, TableSettings, Trigger,
    UserType, UserTypeKind, View,
};

/// The model of what is in a database.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Catalog {
    /// The namespaces created so far; the dialect's own are not listed.
    pub namespaces: BTreeSet<Ident>,
    /// Tables, indexes, views, sequences: they share one space of names per namespace.
    relations: BTreeMap<QualifiedName, Relation>,
    /// Types that are not a table's.
    pub types: BTreeMap<QualifiedName, UserType>,
    /// Routines; several may share a name.
    pub routines: BTreeMap<QualifiedName, Vec<Routine>>,
    /// Extensions.
    pub extensions: BTreeSet<Ident>,
    /// Publications.
    pub publications: BTreeMap<Ident, Publication>,
    /// Extended statistics.
    pub statistics: BTreeMap<QualifiedName, StatisticsObject>,
    /// Where the replay stands: stamped on everything that is created.
    pub now: Birth,
    /// The number of the first migration of the present release, when several go out together: what it creates belongs
    /// to no running code. None when each migration is a release of its own.
    pub release: Option<usize>,
    /// What hangs on columns and is set aside, by table and column, until the end of the transaction.
    pub aside: BTreeMap<(QualifiedName, Ident), Aside>,
    /// Who depends on what.
    links: BTreeMap<Link, BTreeSet<QualifiedName>>,
}
