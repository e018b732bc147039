//! What a statement does to others while it runs: locks and work. Predicted and observed are one type.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ident, QualifiedName};

/// A lock mode, weakest first. The eight of PostgreSQL; other dialects add theirs when they come.
///
/// Source: PostgreSQL 17 manual, 13.3.1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// SELECT.
    AccessShare,
    /// SELECT FOR UPDATE, the foreign key check on the parent.
    RowShare,
    /// INSERT, UPDATE, DELETE.
    RowExclusive,
    /// VACUUM, concurrent index builds, VALIDATE.
    ShareUpdateExclusive,
    /// CREATE INDEX.
    Share,
    /// ADD FOREIGN KEY, CREATE TRIGGER.
    ShareRowExclusive,
    /// REFRESH MATERIALIZED VIEW CONCURRENTLY.
    Exclusive,
    /// Nearly all other changes of structure.
    AccessExclusive,
}

/// Whom a lock keeps waiting.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Blocks {
    /// Neither reads nor writes; at most other changes of structure and vacuum.
    Nobody,
    /// Writes.
    Writes,
    /// Reads and writes.
    ReadsAndWrites,
}

impl LockMode {
    /// Whom it keeps waiting, of the sessions of an application.
    pub fn blocks(self) -> Blocks {
        match self {
            Self::AccessShare
            | Self::RowShare
            | Self::RowExclusive
            | Self::ShareUpdateExclusive => Blocks::Nobody,
            Self::Share | Self::ShareRowExclusive | Self::Exclusive => Blocks::Writes,
            Self::AccessExclusive => Blocks::ReadsAndWrites,
        }
    }

    /// True when two sessions cannot hold the two modes on one relation. Source: PostgreSQL 17 manual, table 13.2.
    pub fn conflicts_with(self, other: Self) -> bool {
        let (weaker, stronger) = if self <= other {
            (self, other)
        } else {
            (other, self)
        };
        match stronger {
            Self::AccessExclusive => true,
            Self::Exclusive => weaker >= Self::RowShare,
            Self::ShareRowExclusive => weaker >= Self::RowExclusive,
            Self::Share => matches!(weaker, Self::RowExclusive | Self::ShareUpdateExclusive),
            Self::ShareUpdateExclusive => weaker == Self::ShareUpdateExclusive,
            Self::RowExclusive | Self::RowShare | Self::AccessShare => false,
        }
    }

    /// The manual's words: `ACCESS EXCLUSIVE`.
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.words())
    }
}

/// What a statement does while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Impact {
    /// The locks it takes on relations that existed before it.
    pub claims: Vec<LockClaim>,
    /// Scans, rewrites, index builds.
    pub work: Vec<Work>,
    /// What it waits for besides locks.
    pub waits: Vec<Wait>,
    /// Why the server would refuse it.
    pub refusals: Vec<Refusal>,
    /// Whether it can run in a transaction block.
    pub transaction: TransactionNeed,
    /// How much of it is known.
    pub certainty: Certainty,
}

/// One lock on one relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct LockClaim {
    /// On what.
    pub on: Locked,
    /// Which mode.
    pub mode: LockMode,
    /// When in the course of the statement.
    pub when: LockMoment,
    /// The part the relation plays.
    pub role: LockRole,
}

/// What is locked.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Locked {
    /// A relation: table, index, view, sequence.
    Relation(QualifiedName),
    /// The TOAST table of this table.
    Toast(QualifiedName),
    /// The index of the TOAST table of this table.
    ToastIndex(QualifiedName),
    /// Relations that cannot be named beforehand: `every table owned by app`.
    Unnamed(String),
}

impl Locked {
    /// The relation the application knows it by; none for unnamed ones.
    pub fn relation(&self) -> Option<&QualifiedName> {
        match self {
            Self::Relation(name) | Self::Toast(name) | Self::ToastIndex(name) => Some(name),
            Self::Unnamed(_) => None,
        }
    }
}

/// When in the course of a statement a lock is held.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LockMoment {
    /// From the start until the transaction ends, or the statement does where it runs outside one.
    Whole,
    /// Only in a phase at the end.
    AtEnd,
    /// For a moment only.
    Briefly,
}

/// The part a locked relation plays.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LockRole {
    /// The statement names it.
    Target,
    /// A partition or child of the target.
    Descendant,
    /// A parent of the target, or the partitioned table.
    Parent,
    /// The DEFAULT partition.
    DefaultPartition,
    /// The other table of a foreign key.
    ForeignKeyPartner,
    /// An index of the target or of another relation.
    Index,
    /// A TOAST table or its index.
    Toast,
    /// A sequence.
    Sequence,
    /// A view, or what a view reads.
    View,
    /// A type's relation, a dependent reached by CASCADE, and everything else.
    Dependent,
}

/// Work on the data of one relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Work {
    /// The relation: for an index build its table.
    pub on: QualifiedName,
    /// What is done.
    pub kind: WorkKind,
    /// Why.
    pub cause: Cause,
}

/// What is done with the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Every row is read.
    Scan,
    /// Every row is written anew, and every index built again.
    Rewrite,
    /// The files are copied as they are (tablespace).
    Copy,
    /// An index is built.
    BuildIndex(Ident),
    /// A new, empty file takes the place of the old one (TRUNCATE, sequences).
    NewFile,
    /// Rows are read or written by a query of the user's: how many depends on it.
    Rows,
}

/// Why data has to be read or written.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A default that differs from row to row.
    VolatileDefault,
    /// A stored generated column.
    StoredGenerated,
    /// `serial`.
    Serial,
    /// An identity column.
    Identity,
    /// A domain with constraints.
    ConstrainedDomain,
    /// A type whose values are stored differently.
    TypeChange,
    /// A collation or operator class that sorts differently.
    SortOrderChange,
    /// A `USING` that computes new values.
    UsingExpression,
    /// A session time zone that is not UTC.
    TimeZone,
    /// A CHECK that has to hold for every row.
    Check,
    /// NOT NULL that has to hold for every row.
    NotNull,
    /// A foreign key that has to hold for every row.
    ForeignKey,
    /// A unique or primary key.
    UniqueKey,
    /// An exclusion constraint.
    Exclusion,
    /// An index as such.
    Index,
    /// The bounds of a partition.
    PartitionBound,
    /// Rows of the DEFAULT partition that may belong to the new one.
    DefaultPartition,
    /// Another form of storage (LOGGED, access method, tablespace, CLUSTER, VACUUM FULL).
    Storage,
    /// A materialized view's query.
    Refresh,
    /// The rows the user asked for.
    Query,
    /// A constraint of a domain.
    DomainConstraint,
    /// Rows are removed.
    Removal,
}

/// What a statement waits for besides the locks it names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Every transaction that has written the table.
    Writers,
    /// Every transaction that uses the table.
    Users,
    /// Every old snapshot in the database.
    OldSnapshots,
}

/// Whether a statement can run in a transaction block.
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
#[serde(rename_all = "snake_case")]
pub enum TransactionNeed {
    /// It can.
    #[default]
    Either,
    /// It cannot; nor in a message with other statements.
    MustBeOutside,
}

/// How much of an answer is known.
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
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Everything the statement touches is known.
    #[default]
    Known,
    /// Part of it rests on objects the catalog does not know: what could matter was assumed.
    Assumed,
    /// Unknown: treated as the worst.
    Unknown,
}

/// Why the server would refuse a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Refusal {
    /// The kind of reason.
    pub reason: RefusalReason,
    /// One sentence with the user's names.
    pub message: String,
}

/// The kind of reason for a refusal.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// It cannot run in a transaction block.
    InsideTransaction,
    /// It cannot run in a message with others.
    InsideBatch,
    /// Something depends on the object.
    Dependents,
    /// The target is partitioned.
    Partitioned,
    /// A DEFAULT partition exists.
    DefaultPartition,
    /// The index cannot serve as a constraint.
    IneligibleIndex,
    /// The new enum label cannot be used before it is committed.
    UncommittedEnumValue,
    /// Deferred events are pending.
    PendingTriggerEvents,
    /// The version does not have it.
    Version,
    /// The combination is not supported.
    Unsupported,
}

impl Impact {
    /// The strongest mode on this relation itself.
    pub fn strongest_on(&self, relation: &QualifiedName) -> Option<LockMode> {
        self.claims
            .iter()
            .filter(|claim| matches!(&claim.on, Locked::Relation(name) if name == relation))
            .map(|claim| claim.mode)
            .max()
    }

    /// The strongest mode on anything.
    pub fn strongest(&self) -> Option<LockMode> {
        self.claims.iter().map(|claim| claim.mode).max()
    }

    /// The work that this cause asks for.
    pub fn work_for(&self, cause: Cause) -> impl Iterator<Item = &Work> {
        self.work.iter().filter(move |work| work.cause == cause)
    }

    /// Adds what another impact has and this one lacks; a stronger mode on the same thing stays beside a weaker one.
    pub fn absorb(&mut self, other: Self) {
        for claim in other.claims {
            if !self.claims.contains(&claim) {
                self.claims.push(claim);
            }
        }
        for work in other.work {
            if !self.work.contains(&work) {
                self.work.push(work);
            }
        }
        for wait in other.waits {
            if !self.waits.contains(&wait) {
                self.waits.push(wait);
            }
        }
        self.refusals.extend(other.refusals);
        self.transaction = self.transaction.max(other.transaction);
        self.certainty = self.certainty.max(other.certainty);
    }
}

#[cfg(test)]
mod tests {
    use super::LockMode as M;

    #[test]
    fn the_conflict_table_is_the_manuals() {
        let modes = [
            M::AccessShare,
            M::RowShare,
            M::RowExclusive,
            M::ShareUpdateExclusive,
            M::Share,
            M::ShareRowExclusive,
            M::Exclusive,
            M::AccessExclusive,
        ];
        let table = [
            ".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX",
            "XXXXXXXX",
        ];
        for (row, one) in modes.iter().enumerate() {
            let line: String = modes
                .iter()
                .map(|other| if one.conflicts_with(*other) { 'X' } else { '.' })
                .collect();
            assert_eq!(line, table[row], "{one}");
        }
    }
}
