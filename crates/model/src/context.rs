//! What a question is asked in: the catalog, the transaction so far, the session's settings, the server's facts.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Catalog, Ident, LockClaim, LockMode, Locked, QualifiedName, Reverse, Wrapping};

/// What a question is asked in.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What is in the database before the statement.
    pub catalog: &'a Catalog,
    /// The transaction the statement runs in, so far.
    pub transaction: &'a TransactionSoFar,
    /// The session's settings.
    pub settings: &'a Settings,
    /// The server.
    pub server: &'a ServerFacts,
    /// The ways back that a person declared for the statement.
    pub reverses: &'a [Reverse],
}

/// What is known of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its major version: 12 to 18 for PostgreSQL.
    pub version: u16,
    /// The sizes of its tables, where a statistics file or a live server gave them.
    pub sizes: BTreeMap<QualifiedName, TableSize>,
    /// Rows from which on a table is large: an UPDATE or DELETE of it runs in batches.
    pub large_rows: u64,
}

impl ServerFacts {
    /// A server of this version, of which nothing else is known.
    pub fn new(version: u16) -> Self {
        Self {
            version,
            sizes: BTreeMap::new(),
            large_rows: LARGE_ROWS_DEFAULT,
        }
    }
}

/// Rows below which a scan or rewrite is over before anybody notices: about 10 ms of work on a slow disk.
pub const SMALL_ROWS: u64 = 10_000;

/// The size of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableSize {
    /// Rows.
    pub rows: u64,
    /// Bytes of the heap and TOAST; none when only the rows are known.
    pub bytes: Option<u64>,
}

/// Who opened the transaction a statement runs in.
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
pub enum TransactionState {
    /// Nobody: the statement commits by itself.
    #[default]
    None,
    /// The tool sends several statements in one message: one implicit transaction.
    ImplicitBatch,
    /// The tool, for this section or migration.
    Tool,
    /// The tool, for the whole run.
    ToolWholeRun,
    /// The file says BEGIN.
    File,
}

/// The transaction a statement runs in, up to that statement.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TransactionSoFar {
    /// Who opened it.
    pub state: TransactionState,
    /// How the tool runs the section.
    pub wrapping: Option<Wrapping>,
    /// How many statements it has had.
    pub statements: usize,
    /// How many statements the whole section has: 1 means that nothing else shares the message.
    pub section_statements: usize,
    /// The locks it holds, with the number of the statement in the section that took them.
    pub held: Vec<HeldLock>,
    /// The tables it has written rows of.
    pub written: BTreeSet<QualifiedName>,
    /// The tables it has read rows of.
    pub read: BTreeSet<QualifiedName>,
    /// The tables for which deferred events may be pending.
    pub pending_events: BTreeSet<QualifiedName>,
    /// The labels it has added to enums.
    pub new_labels: BTreeSet<(QualifiedName, String)>,
    /// Whether deferrable constraints wait for its end by SET CONSTRAINTS.
    pub deferred: Deferred,
}

/// Whether SET CONSTRAINTS put checks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Deferred {
    /// As each constraint says.
    #[default]
    AsDeclared,
    /// Put off.
    All,
    /// Done at once.
    None,
}

/// A lock the transaction holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// The lock.
    pub claim: LockClaim,
    /// The number of the statement that took it, in its section, from 0.
    pub statement: usize,
}

impl TransactionSoFar {
    /// True inside a transaction block, or in a message with other statements.
    pub fn is_open(&self) -> bool {
        match self.state {
            TransactionState::None => false,
            TransactionState::ImplicitBatch
            | TransactionState::Tool
            | TransactionState::ToolWholeRun
            | TransactionState::File => true,
        }
    }

    /// The strongest mode it holds on a relation.
    pub fn holds(&self, relation: &QualifiedName) -> Option<LockMode> {
        self.held
            .iter()
            .filter(|held| matches!(&held.claim.on, Locked::Relation(name) if name == relation))
            .map(|held| held.claim.mode)
            .max()
    }
}

/// From how many rows on a table is large when nobody says otherwise: one UPDATE of so many takes about a second.
pub const LARGE_ROWS_DEFAULT: u64 = 100_000;

/// The settings of the session, as the statements so far left them. Names in lower case, values as written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// By SET: they last.
    pub session: BTreeMap<Ident, String>,
    /// By SET LOCAL: they end with the transaction.
    pub local: BTreeMap<Ident, String>,
}

impl Settings {
    /// The value in force, unquoted; none when no statement set it.
    pub fn value(&self, name: &str) -> Option<&str> {
        let name = Ident::new(name);
        self.local
            .get(&name)
            .or_else(|| self.session.get(&name))
            .map(|value| value.trim_matches('\''))
    }

    /// A duration in milliseconds: `200`, `'5s'`, `1min`. None when not set or not understood.
    pub fn duration_ms(&self, name: &str) -> Option<u64> {
        parse_duration_ms(self.value(name)?)
    }
}

/// Reads a duration as PostgreSQL does: a bare number is milliseconds. Source: PostgreSQL 17 manual, 19.1.1.
pub fn parse_duration_ms(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('\'');
    let digits = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "us" => return number.parse::<u64>().ok().map(|micros| micros / 1000),
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::parse_duration_ms;

    #[test]
    fn a_bare_number_is_milliseconds() {
        assert_eq!(parse_duration_ms("200"), Some(200));
        assert_eq!(parse_duration_ms("'5s'"), Some(5000));
        assert_eq!(parse_duration_ms("1min"), Some(60_000));
        assert_eq!(parse_duration_ms("soon"), None);
    }
}
