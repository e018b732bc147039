//! Tables, partitions, and what happens to them as a whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Column, Constraint, Reaction};
use crate::{Expression, Ident, Parameter, QualifiedName, Query};

/// A table to be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct TableDefinition {
    /// Its own columns, in order.
    pub columns: Vec<Column>,
    /// Its constraints, those written beside columns included; NOT NULL is part of the column.
    pub constraints: Vec<Constraint>,
    /// `LIKE` clauses.
    pub like: Vec<LikeSource>,
    /// `INHERITS`, `PARTITION OF`, `OF`.
    pub inheritance: Inheritance,
    /// `PARTITION BY`.
    pub partitioning: Option<Partitioning>,
    /// Permanent, unlogged or temporary.
    pub persistence: Persistence,
    /// `AS SELECT …`: the rows it starts with.
    pub query: Option<Query>,
    /// `WITH (…)`.
    pub parameters: Vec<Parameter>,
    /// `TABLESPACE`.
    pub tablespace: Option<Ident>,
    /// A foreign table's server.
    pub server: Option<Ident>,
}

/// `LIKE source INCLUDING …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct LikeSource {
    /// The table copied from.
    pub table: QualifiedName,
    /// What is copied besides names, types and NOT NULL: `all`, `defaults`, `indexes`, `constraints` …, lower case.
    pub including: Vec<String>,
}

/// Where else a table's columns come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inheritance {
    /// Nowhere.
    None,
    /// Parents, by `INHERITS`.
    Inherits(Vec<QualifiedName>),
    /// It is a partition.
    PartitionOf {
        /// The partitioned table.
        parent: QualifiedName,
        /// Which rows it takes.
        bound: PartitionBound,
    },
    /// It has the columns of a composite type.
    OfType(QualifiedName),
}

/// Which rows a partition takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionBound {
    /// `FROM (…) TO (…)`, the values as written.
    Range {
        /// Inclusive.
        from: Vec<String>,
        /// Exclusive.
        to: Vec<String>,
    },
    /// `IN (…)`, the values as written.
    List(Vec<String>),
    /// `WITH (MODULUS m, REMAINDER r)`.
    Hash {
        /// The modulus.
        modulus: u32,
        /// The remainder.
        remainder: u32,
    },
    /// `DEFAULT`.
    Default,
}

/// How a table is partitioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Partitioning {
    /// By what.
    pub strategy: PartitionStrategy,
    /// The key columns, where they are plain columns.
    pub columns: Vec<Ident>,
    /// The key's expressions, where they are not.
    pub expressions: Vec<Expression>,
}

/// By what a table is partitioned.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PartitionStrategy {
    /// Ranges.
    Range,
    /// Lists of values.
    List,
    /// Hashes.
    Hash,
}

/// Whether a table outlives a crash, or the session.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Persistence {
    /// It does.
    Permanent,
    /// It is empty after a crash, and not on replicas.
    Unlogged,
    /// It is gone with the session.
    Temporary,
}

/// What a logical replica gets to find a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaIdentity {
    /// The primary key.
    Default,
    /// The whole old row.
    Full,
    /// Nothing: updates and deletes fail where the table is published.
    Nothing,
    /// This index's columns.
    Index(Ident),
}

/// Row security of a table.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// `ENABLE`.
    Enable,
    /// `DISABLE`.
    Disable,
    /// `FORCE`: for the owner too.
    Force,
    /// `NO FORCE`.
    NoForce,
}

/// Whether a trigger or rule fires.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TriggerState {
    /// In ordinary sessions.
    Enable,
    /// Never.
    Disable,
    /// In replication sessions only.
    EnableReplica,
    /// In both.
    EnableAlways,
}

/// What happens to a table as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableChange {
    /// It is created. `Target::presence` says `IF NOT EXISTS`.
    Create(Box<TableDefinition>),
    /// It is dropped, alone or in a list (one change each).
    Drop {
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename(Ident),
    /// Its namespace changes.
    SetNamespace(Ident),
    /// Its owner changes.
    SetOwner(Ident),
    /// `SET (fillfactor = …)` or `RESET (…)`.
    SetParameters(Vec<Parameter>),
    /// It is copied to another tablespace.
    SetTablespace(Ident),
    /// It becomes logged or unlogged, and is rewritten.
    SetPersistence(Persistence),
    /// Its rows are stored in another way.
    SetAccessMethod(Ident),
    /// `CLUSTER ON` an index, or `SET WITHOUT CLUSTER`.
    SetCluster(Option<Ident>),
    /// What logical replicas get.
    SetReplicaIdentity(ReplicaIdentity),
    /// Row security is switched.
    SetRowSecurity(RowSecurity),
    /// A trigger, or all (none), is switched.
    SetTrigger {
        /// Which; none for `ALL` and `USER`.
        trigger: Option<Ident>,
        /// Whether it fires.
        state: TriggerState,
    },
    /// A rule is switched.
    SetRule {
        /// Which.
        rule: Ident,
        /// Whether it applies.
        state: TriggerState,
    },
    /// It inherits from another table from now on.
    Inherit(QualifiedName),
    /// It does not any more.
    NoInherit(QualifiedName),
    /// It becomes a typed table (some) or stops being one (none).
    OfType(Option<QualifiedName>),
}

/// What happens to a partition of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionChange {
    /// A table becomes a partition.
    Attach {
        /// The table.
        child: QualifiedName,
        /// Which rows it takes.
        bound: PartitionBound,
    },
    /// A partition becomes a table of its own.
    Detach {
        /// The partition.
        child: QualifiedName,
        /// `CONCURRENTLY`.
        build: Build,
    },
    /// A detach that was interrupted is finished.
    FinishDetach {
        /// The partition.
        child: QualifiedName,
    },
}
