//! What a catalog holds: tables, indexes, views, sequences, types, routines.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::{
    Column, ConstraintKind, Deferral, Enforcement, IndexDefinition, PartitionBound, Partitioning,
    Persistence, ReplicaIdentity, RoutineDefinition, TriggerDefinition, TriggerState,
    TypeDefinition, Validity, ViewDefinition,
};
use crate::{Constraint, DataType, Expression, Ident, QualifiedName};

/// When something came into being, in the course of a replay.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct Birth {
    /// The number of the migration; 0 is what was there before the first.
    pub migration: usize,
    /// The number of the transaction, counted over the whole replay.
    pub transaction: usize,
    /// The number of the statement, counted over the whole replay.
    pub statement: usize,
}

/// What has a name among the relations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A table, partitioned table or foreign table.
    Table(Box<Table>),
    /// An index.
    Index(Box<Index>),
    /// A view or materialized view.
    View(Box<View>),
    /// A sequence.
    Sequence(Sequence),
}

/// How much is known of an object.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Knowledge {
    /// Everything: it was created in front of our eyes.
    Whole,
    /// It was only mentioned: columns and the rest may exist that we have not seen.
    Assumed,
}

/// Whether a table can have rows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// None: it was created by this history and nothing has written to it since, in this migration.
    None,
    /// It may have any number.
    Unknown,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its constraints.
    pub constraints: Vec<TableConstraint>,
    /// The names of its indexes, which live beside it, in order of creation.
    pub indexes: Vec<Ident>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
    /// Its row security policies.
    pub policies: Vec<Policy>,
    /// Its rewrite rules.
    pub rules: Vec<Ident>,
    /// The tables it inherits from; not the partitioned table it belongs to.
    pub inherits: Vec<QualifiedName>,
    /// The partitioned table it belongs to, and which rows it takes.
    pub partition_of: Option<(QualifiedName, PartitionBound)>,
    /// How it is partitioned.
    pub partitioning: Option<Partitioning>,
    /// The composite type it has the columns of.
    pub of_type: Option<QualifiedName>,
    /// Permanent, unlogged, temporary.
    pub persistence: Persistence,
    /// Everything else that can be set.
    pub settings: TableSettings,
    /// When it was created.
    pub born: Birth,
    /// Whether it can have rows.
    pub rows: Rows,
    /// How much of it is known.
    pub knowledge: Knowledge,
}

/// What can be set on a table and no question is about, except by name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TableSettings {
    /// Storage options.
    pub parameters: BTreeMap<Ident, String>,
    /// Its tablespace; none for the default.
    pub tablespace: Option<Ident>,
    /// Its access method; none for the default.
    pub access_method: Option<Ident>,
    /// The index it is clustered on.
    pub cluster_on: Option<Ident>,
    /// What logical replicas get; none for the default.
    pub replica_identity: Option<ReplicaIdentity>,
    /// Row security is on.
    pub row_security: Option<crate::change::RowSecurity>,
    /// Its owner, where a statement said it.
    pub owner: Option<Ident>,
    /// A foreign table's server.
    pub server: Option<Ident>,
    /// Comments: the table's under the empty name, a column's under its own.
    pub comments: BTreeMap<String, String>,
}

/// A constraint of a table, named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableConstraint {
    /// Its name.
    pub name: Ident,
    /// What it demands. Unique and primary keys always list their columns here.
    pub kind: ConstraintKind,
    /// Whether the rows that were there were checked.
    pub validity: Validity,
    /// Whether it is checked.
    pub enforcement: Enforcement,
    /// When it is checked.
    pub deferral: Deferral,
    /// The index behind it, for unique, primary key and exclusion.
    pub index: Option<Ident>,
    /// When it was added.
    pub born: Birth,
}

/// A trigger of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// As written.
    pub definition: TriggerDefinition,
    /// Whether it fires.
    pub state: TriggerState,
}

/// A row security policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: Ident,
    /// The columns its conditions name.
    pub columns: Vec<Ident>,
}

/// Whether an index can be used.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum IndexState {
    /// It can.
    Valid,
    /// The index of a partitioned table that lacks the index of some partition, or a build that failed.
    Invalid,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its definition; the name is the given one.
    pub definition: IndexDefinition,
    /// Whether it can be used.
    pub state: IndexState,
    /// The constraint it serves.
    pub constraint: Option<Ident>,
    /// The index of the partitioned table it is part of.
    pub parent: Option<QualifiedName>,
    /// When it was created.
    pub born: Birth,
}

/// A view or materialized view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// As written.
    pub definition: ViewDefinition,
    /// The names of its indexes (materialized views only).
    pub indexes: Vec<Ident>,
    /// When it was created.
    pub born: Birth,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The table and column it goes with.
    pub owned_by: Option<(QualifiedName, Ident)>,
    /// When it was created.
    pub born: Birth,
}

/// A type of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserType {
    /// What it is.
    pub kind: UserTypeKind,
    /// When it was created.
    pub born: Birth,
    /// Labels added after it was created, and when.
    pub new_labels: Vec<(String, Birth)>,
}

/// What a user's type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserTypeKind {
    /// Enum, composite, range, base.
    Plain(TypeDefinition),
    /// A domain.
    Domain {
        /// The type under it.
        base: DataType,
        /// Its default.
        default: Option<Expression>,
        /// Its constraints.
        constraints: Vec<Constraint>,
    },
}

/// A routine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routine {
    /// As written.
    pub definition: RoutineDefinition,
    /// When it was created.
    pub born: Birth,
}

/// Extended statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatisticsObject {
    /// Their table.
    pub table: QualifiedName,
    /// Their columns.
    pub columns: Vec<Ident>,
}

/// What hung on a column and is put back on another of its name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Aside {
    /// Views and sequences, under their names.
    pub relations: BTreeMap<QualifiedName, Relation>,
    /// Policies of the column's table.
    pub policies: Vec<Policy>,
    /// Extended statistics.
    pub statistics: BTreeMap<QualifiedName, StatisticsObject>,
    /// Which writes the column's identity accepts; none when it had no identity.
    pub identity: Option<crate::change::IdentityMode>,
}

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// What it publishes.
    pub scope: PublicationScope,
}

/// What a publication publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicationScope {
    /// Every table.
    All,
    /// These tables; the columns are those of its list and filter.
    Tables(BTreeMap<QualifiedName, Vec<Ident>>),
}
