//! Rows read and written, settings, and transaction control.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reaction;
use crate::{Expression, Ident, LockMode, QualifiedName, Query, Reach};

/// Rows are read or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataChange {
    /// INSERT.
    Insert {
        /// Into.
        table: QualifiedName,
        /// The columns.
        columns: InsertColumns,
        /// Where the rows come from.
        source: InsertSource,
        /// How each row is made of one row of one table, where it is: such a statement may be done in parts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        each: Option<Box<RowByRow>>,
    },
    /// UPDATE.
    Update {
        /// The table.
        table: QualifiedName,
        /// What is set.
        assignments: Vec<Assignment>,
        /// Which rows.
        reach: Reach,
        /// The condition.
        filter: Option<Expression>,
        /// Other relations it reads.
        reads: Vec<QualifiedName>,
    },
    /// DELETE.
    Delete {
        /// The table.
        table: QualifiedName,
        /// Which rows.
        reach: Reach,
        /// The condition.
        filter: Option<Expression>,
        /// Other relations it reads.
        reads: Vec<QualifiedName>,
    },
    /// MERGE.
    Merge {
        /// The table written.
        table: QualifiedName,
        /// The relations read.
        reads: Vec<QualifiedName>,
    },
    /// TRUNCATE.
    Truncate {
        /// The tables.
        tables: Vec<QualifiedName>,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
        /// `RESTART IDENTITY`.
        identity: TruncateIdentity,
    },
    /// COPY … FROM: rows come in.
    CopyIn {
        /// The table.
        table: QualifiedName,
    },
    /// COPY … TO: rows go out.
    CopyOut {
        /// The relations read.
        reads: Vec<QualifiedName>,
    },
    /// SELECT, VALUES, TABLE, CALL and the like.
    Select(Query),
    /// `setval('sequence', …)`, which takes a lock of a writer on the sequence.
    SetSequenceValue(QualifiedName),
}

/// What becomes of sequences at a TRUNCATE.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TruncateIdentity {
    /// They go on.
    Continue,
    /// They start again.
    Restart,
}

/// `column = expression`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Assignment {
    /// The column.
    pub column: Ident,
    /// The value.
    pub value: Expression,
}

/// Which columns an INSERT names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InsertColumns {
    /// These.
    Named(Vec<Ident>),
    /// None: values go by position.
    Positional,
}

/// Where an INSERT's rows come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InsertSource {
    /// So many rows stand in the statement.
    Values {
        /// Number of rows.
        rows: usize,
    },
    /// A query.
    Query(Query),
    /// DEFAULT VALUES.
    Defaults,
}

/// Rows made of the rows of one table, each of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct RowByRow {
    /// The table they are made of, under its own name.
    pub from: QualifiedName,
    /// The values, by position.
    pub values: Vec<Expression>,
    /// The condition on the rows they are made of.
    pub filter: Option<Expression>,
    /// What becomes of a row whose place is taken.
    pub taken: Taken,
}

/// What becomes of a row that a unique key refuses.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It is passed over.
    #[default]
    Skipped,
    /// It is an error.
    Refused,
}

/// For how long a setting holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SettingScope {
    /// `SET`: the session, or until the transaction is rolled back.
    Session,
    /// `SET LOCAL`: the transaction; nothing outside one.
    Local,
}

/// A setting, or an explicit lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionChange {
    /// SET.
    Set {
        /// The setting, lower case.
        name: Ident,
        /// Its value as written; none for DEFAULT.
        value: Option<String>,
        /// For how long.
        scope: SettingScope,
    },
    /// RESET; none for ALL.
    Reset(Option<Ident>),
    /// LOCK TABLE.
    Lock(LockTable),
    /// SET CONSTRAINTS.
    SetConstraints {
        /// The constraints; empty for ALL.
        names: Vec<Ident>,
        /// When they are checked from now on.
        timing: ConstraintTiming,
    },
    /// SHOW, LISTEN, DISCARD, PREPARE and the like: nothing that a question is about.
    Nothing {
        /// The statement's first word, upper case.
        verb: String,
    },
}

/// When deferrable constraints are checked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintTiming {
    /// At each statement, and now.
    Immediate,
    /// At the end of the transaction.
    Deferred,
}

/// LOCK TABLE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct LockTable {
    /// The tables.
    pub tables: Vec<QualifiedName>,
    /// The mode; ACCESS EXCLUSIVE where none is written.
    pub mode: LockMode,
    /// Whether the mode was written.
    pub mode_written: ModeWritten,
}

/// Whether a LOCK says its mode.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ModeWritten {
    /// It does.
    Yes,
    /// It leaves it to the server.
    No,
}

/// Transaction control written in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionChange {
    /// BEGIN, START TRANSACTION.
    Begin,
    /// COMMIT, END.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT.
    Savepoint(Ident),
    /// RELEASE SAVEPOINT.
    Release(Ident),
    /// ROLLBACK TO SAVEPOINT.
    RollbackTo(Ident),
    /// Anything else (PREPARE TRANSACTION, SET TRANSACTION …).
    Other,
}
