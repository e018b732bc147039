//! Rows changed in bounded transactions: what is done to each row, in which order the table is walked, and what a
//! runner says to the server for it.
//!
//! Positions are the dialect's: a list of texts, one for each part of the key, or one for a place in the heap. The
//! engine hands them back as they came and compares none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DataType, Expression, Ident, QualifiedName, Sql, Taken};

/// Rows changed in batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Backfill {
    /// The table.
    pub table: QualifiedName,
    /// What happens to each row.
    pub kind: BackfillKind,
    /// Which rows still need it.
    pub remaining: Expression,
    /// What shows that it is complete.
    pub proof: BackfillProof,
}

/// What happens to each row of a backfill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackfillKind {
    /// Columns get values.
    Update {
        /// Which, and what.
        assignments: Vec<(Ident, Expression)>,
    },
    /// It goes.
    Delete,
    /// Values of it go to another table; a row that is there already stays as it is.
    Copy {
        /// The other table.
        into: QualifiedName,
        /// Its columns, and what they get.
        columns: Vec<(Ident, Expression)>,
        /// What becomes of a row that is there already.
        #[serde(default)]
        taken: Taken,
    },
}

/// What shows that a backfill is complete.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum BackfillProof {
    /// No row is left that needs it: doing a row twice is harmless, so any order will do, and passes repeat until one
    /// snapshot of the table shows none.
    NoneRemain,
    /// Each range of the key was done exactly once: doing a row twice would be wrong, or rows that need it may come
    /// again, which are not the statement's.
    EachRangeOnce,
}

impl Backfill {
    /// Columns get values in the rows that still need it, until none does.
    pub fn update(
        table: QualifiedName,
        assignments: Vec<(Ident, Expression)>,
        remaining: Expression,
    ) -> Self {
        Self {
            table,
            kind: BackfillKind::Update { assignments },
            remaining,
            proof: BackfillProof::NoneRemain,
        }
    }

    /// True when it copies into the archive.
    pub fn archives(&self) -> bool {
        matches!(&self.kind, BackfillKind::Copy { into, .. } if into.namespace.as_str() == crate::ARCHIVE)
    }

    /// What it does to the rows that need it, as one statement would: for people to read.
    pub fn shown(&self) -> Sql {
        let valued = |sql: Sql, (column, value): &(Ident, Expression)| {
            sql.ident(column).text(" = ").verbatim(&value.text)
        };
        let sql = match &self.kind {
            BackfillKind::Update { assignments } => Sql::literal("UPDATE ")
                .name(&self.table)
                .text(" SET ")
                .list(assignments, ", ", valued),
            BackfillKind::Delete => Sql::literal("DELETE FROM ").name(&self.table),
            BackfillKind::Copy { into, columns, .. } => Sql::literal("INSERT INTO ")
                .name(into)
                .text(" (")
                .list(columns, ", ", |sql, (column, _)| sql.ident(column))
                .text(") SELECT ")
                .list(columns, ", ", |sql, (_, value)| sql.verbatim(&value.text))
                .text(" FROM ")
                .name(&self.table),
        };
        sql.text(" WHERE ").verbatim(&self.remaining.text)
    }
}

/// How a table is walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Walk {
    /// In which order.
    pub order: WalkOrder,
    /// How the rows of a range are told apart, when it is done in stripes.
    pub striping: Striping,
    /// Why it is so: one sentence.
    pub reason: String,
}

/// In which order a table is walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WalkOrder {
    /// As the rows lie in the heap. The unit of a range is a page. People know a row by these columns; by its place, when
    /// there is none.
    Pages(Vec<Ident>),
    /// By a unique key without nulls. The unit of a range is a row.
    Key(Vec<(Ident, DataType)>),
}

/// How the rows of a range are told apart. Each stripe is a transaction of its own: what it leaves behind in a page
/// has room for the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Striping {
    /// They are not: stripes would gain nothing.
    None,
    /// By the low bits of an integer column without nulls.
    Bits(Ident),
    /// By a hash of a column without nulls.
    Hash(Ident),
    /// By a hash of the place in the heap.
    Place,
}

/// What other runners are given as one statement.
#[derive(Clone, Copy, Debug)]
pub enum Script<'a> {
    /// A question that must give no row, and what is said when it does.
    Probe(&'a Sql, &'a str),
    /// A backfill in batches that commit. Sent outside a transaction.
    Batches {
        /// It.
        backfill: &'a Backfill,
        /// How its table is walked.
        walk: &'a Walk,
        /// A table that keeps how far it is, where no row may be done twice.
        progress: &'a QualifiedName,
    },
    /// Removes that table.
    Forget(&'a QualifiedName),
    /// How long this transaction waits for each lock, in ms.
    LockTimeout(u32),
    /// A statement that fails and says why.
    Refusal(&'a str),
}

/// A backfill that cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwalkable(pub String);

/// A statement for a range that begins where the table begins, and one for a range after a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BySide {
    /// From the beginning.
    pub from_start: Sql,
    /// After `$lower`: its parts are the first parameters.
    pub after: Sql,
}

/// What a runner says to the server to walk one table or partition.
///
/// `$upper` is one parameter for each part of a position, as `$lower` is. Positions are given back as such parts, in
/// columns of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillStatements {
    /// The parts of a position.
    pub width: usize,
    /// The last position now. Gives no row when the table is empty.
    pub end: Sql,
    /// Does it to the rows of a range that need it: `[$lower] $upper`.
    pub apply: BySide,
    /// The same for one stripe: `[$lower] $upper $mask $stripe`; the number of stripes is a power of two and the mask one
    /// less. Stripes do not overlap, and together they are the range.
    pub apply_stripe: Option<BySide>,
    /// Cuts what follows into slices: `[$lower] $upper $units $slices`. Gives the end of each, in order; fewer than `$slices`
    /// when the range ends first.
    pub slices: BySide,
    /// The rows of a range, needed or not, in order: `[$lower] $upper`. Gives the end of the range that holds this row alone,
    /// and then the row's name for people.
    pub rows: BySide,
    /// The rows of the whole table, with all partitions, that still need it. Gives one number.
    pub remaining: Sql,
    /// Gives one row: pages, rows (an estimate; -1 for unknown), and how well the order of the walk follows the heap
    /// (0 to 1; null for unknown).
    pub statistics: Sql,
}

/// What a runner says to the server about the journal of backfills.
///
/// Positions are JSON arrays of text, null for the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillJournal {
    /// Whether it is there. Gives `t` or `f`.
    pub is_installed: Sql,
    /// Creates it where it is not there; safe to run by two at once.
    pub install: Sql,
    /// Settings that expressions may depend on. Gives name and value.
    pub settings: Sql,
    /// Sets one for the session: `$1 name`, `$2 value`.
    pub set: Sql,
    /// Makes a session one that works on backfills: `$1 lock timeout in ms`.
    pub prepare_session: Sql,
    /// The tables and partitions that rows are in: `$1 namespace`, `$2 name`. Gives namespace, name, and whether rows can be
    /// reached there (`t` or `f`).
    pub leaves: Sql,

    /// Writes one down: `$1 migration`, `$2 step`, `$3 table`, `$4 definition`, `$5 rows expected`. Gives its id; no row when it is
    /// there already.
    pub create: Sql,
    /// One of them: `$1 migration`, `$2 step`. Gives id, state, pass, definition, proof.
    pub find: Sql,
    /// Removes one with all that belongs to it: `$1 migration`, `$2 step`.
    pub forget: Sql,
    /// The same as `find` by `$1 id`.
    pub by_id: Sql,
    /// All. Gives id, migration, step, table, state, why it waits, pass, rows done, rows expected, ranges done, ranges open, workers, rows
    /// in quarantine, seconds since the start, rows per second lately, proof.
    pub list: Sql,
    /// A table or partition to walk, or to walk again: `$1 id`, `$2 part`, `$3 namespace`, `$4 name`, `$5 end` (null when it is empty).
    pub put_part: Sql,
    /// The tables and partitions: `$1 id`. Gives part, namespace, name.
    pub parts: Sql,
    /// Where it stands: `$1 id`. Gives state, pass, parts not exhausted, ranges not done, rows in quarantine, rows changed, rows expected.
    pub course: Sql,
    /// Changes its state: `$1 id`, `$2 state`, `$3 why, or null`. A backfill that is done stays so.
    pub set_state: Sql,
    /// Says why it waits: `$1 id`, `$2 why, or null`.
    pub hold: Sql,
    /// Another pass: `$1 id`, `$2 the number of the one that ends`. Gives a row unless somebody did it before.
    pub next_pass: Sql,
    /// It is complete: `$1 id`, `$2 proof`. Its ranges go.
    pub finish: Sql,

    /// Takes a range whose worker has been silent, or belonged to a runner that lost the lease: `$1 id`, `$2 worker`, `$3 silence in
    /// ms`, `$4 the runner's epoch` (null for a helper). Gives part, number, claim, lower, upper, stripes,
    /// stripe, reached.
    pub adopt: Sql,
    /// Locks the first part that is not exhausted, and with it the right to cut a range off: `$1 id`. Gives part, frontier, end, pass.
    pub frontier: Sql,
    /// A new range of the caller's: `$1 id`, `$2 part`, `$3 worker`, `$4 lower`, `$5 upper`, `$6 stripes`, `$7 the runner's epoch`
    /// (null for a helper). Gives number, claim.
    pub put_range: Sql,
    /// Moves the frontier: `$1 id`, `$2 part`, `$3 position`, `$4 whether the part is exhausted` (`t` or `f`).
    pub move_frontier: Sql,
    /// First in every transaction that changes rows: `$1 id`, `$2 part`, `$3 number`, `$4 claim`. Gives the backfill's state while the
    /// range is the caller's; nobody can take it before the transaction ends.
    pub fence: Sql,
    /// Last in it: `$1 id`, `$2 part`, `$3 number`, `$4 claim`, `$5 stripe`, `$6 reached`, `$7 rows changed`, `$8 state`, `$9 took ms`. Gives a row while the
    /// range is the caller's.
    pub record: Sql,
    /// Where a range of the caller's stands: `$1 id`, `$2 part`, `$3 number`, `$4 claim`. Gives stripe, reached, state.
    pub reload: Sql,
    /// Says that the worker is alive: `$1 id`, `$2 part`, `$3 number`, `$4 claim`.
    pub beat: Sql,

    /// Puts a row aside: `$1 id`, `$2 part`, `$3 lower`, `$4 upper`, `$5 row`, `$6 error`.
    pub put_aside: Sql,
    /// What is aside: `$1 id`. Gives part, row, error.
    pub aside: Sql,
    /// Makes ranges of what is aside, to be tried again, and empties the quarantine: `$1 id`.
    pub retry: Sql,

    /// Who keeps dead rows from going, if anybody does who began more than `$1 ms` ago. Gives one line, or no row.
    pub old_snapshot: Sql,
    /// The bytes written to the log so far. Gives one number.
    pub log_bytes: Sql,
    /// What the pace follows.
    pub pace: PaceStatements,
}

/// What the pace of a backfill follows. Each gives rows of a name and a number; the number is null where it may not be
/// read. No row: there is nothing to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceStatements {
    /// For each replica, the bytes of log it has not replayed.
    pub replica_lag: Sql,
    /// For each replication slot, the bytes of log that are kept for it.
    pub slot_backlog: Sql,
    /// Files of log that wait to be archived; no row where nothing is archived.
    pub archive_backlog: Sql,
    /// Sessions of others that wait for a lock.
    pub lock_waiters: Sql,
    /// Sessions of others that run a statement.
    pub active_sessions: Sql,
    /// A small write, which is timed: `$1 id`. Its rows do not matter.
    pub probe: Sql,
}
