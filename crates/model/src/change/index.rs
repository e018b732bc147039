//! Indexes and what happens to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Presence, Reaction, Scope};
use crate::{ChosenName, Collation, Expression, Ident, Parameter, QualifiedName};

/// An index to be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct IndexDefinition {
    /// Its name; it lives beside its table.
    pub name: ChosenName,
    /// Its table or materialized view.
    pub table: QualifiedName,
    /// `ON ONLY`: nothing is built on the partitions.
    pub scope: Scope,
    /// The method: `btree` where none is written.
    pub method: Ident,
    /// The key.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE`.
    pub include: Vec<Ident>,
    /// Whether two equal keys are refused.
    pub uniqueness: Uniqueness,
    /// `WHERE`.
    pub predicate: Option<Expression>,
    /// `WITH (…)`.
    pub parameters: Vec<Parameter>,
    /// `TABLESPACE`.
    pub tablespace: Option<Ident>,
}

/// Whether an index refuses equal keys.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Uniqueness {
    /// It does not.
    NotUnique,
    /// It does; nulls are distinct.
    Unique,
    /// It does, and nulls are equal (`NULLS NOT DISTINCT`).
    UniqueNullsEqual,
}

/// One part of an index's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct IndexKey {
    /// A column or an expression.
    pub part: IndexKeyPart,
    /// The collation, where one was written.
    pub collation: Option<Collation>,
    /// The operator class, where one was written.
    pub operator_class: Option<QualifiedName>,
    /// ASC or DESC.
    pub direction: Direction,
    /// NULLS FIRST or LAST, where it was written.
    pub nulls: NullsOrder,
}

/// What one part of a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndexKeyPart {
    /// A column.
    Column(Ident),
    /// An expression.
    Expression(Expression),
}

/// The order of a key.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Ascending.
    Ascending,
    /// Descending.
    Descending,
}

/// Where nulls stand in a key.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NullsOrder {
    /// Not written: last when ascending, first when descending.
    Default,
    /// First.
    First,
    /// Last.
    Last,
}

/// How an index is built, dropped, or built again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Build {
    /// Under a lock that stops writes (or, for a drop, everything).
    Blocking,
    /// `CONCURRENTLY`.
    Concurrently,
}

/// What happens to an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndexChange {
    /// It is built.
    Create {
        /// The index.
        index: IndexDefinition,
        /// How.
        build: Build,
        /// `IF NOT EXISTS`.
        presence: Presence,
    },
    /// It is dropped.
    Drop {
        /// Its name.
        name: QualifiedName,
        /// How.
        build: Build,
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// It is built again.
    Rebuild {
        /// Its name.
        name: QualifiedName,
        /// How.
        build: Build,
    },
    /// `ALTER INDEX … RENAME`.
    Rename {
        /// From.
        from: QualifiedName,
        /// To.
        to: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// `ALTER TABLE index RENAME` takes a stronger lock than `ALTER INDEX index RENAME`.
        spelled: RenameSpelling,
    },
    /// `SET (…)` or `RESET (…)`.
    SetParameters {
        /// Its name.
        name: QualifiedName,
        /// What is set or reset.
        parameters: Vec<Parameter>,
    },
    /// `ALTER COLUMN n SET STATISTICS`.
    SetStatistics(QualifiedName),
    /// It is moved to another tablespace.
    SetTablespace {
        /// Its name.
        name: QualifiedName,
        /// Where to.
        tablespace: Ident,
    },
    /// It goes when the extension goes.
    DependsOnExtension(QualifiedName),
    /// The index of a partition becomes part of the parent's.
    AttachPartition {
        /// The parent's index.
        parent: QualifiedName,
        /// The partition's index.
        child: QualifiedName,
    },
}

/// Which statement renames an index.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RenameSpelling {
    /// `ALTER INDEX`.
    AlterIndex,
    /// `ALTER TABLE`.
    AlterTable,
}
