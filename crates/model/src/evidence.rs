//! What speaks against opening a gate: questions that a dialect writes and the engine asks.

use crate::Sql;

/// One question: does anybody still use what would go?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What an answer means: the beginning of a line for people.
    pub what: String,
    /// How it is read.
    pub kind: EvidenceKind,
    /// The question; `$1` is the migration that waits. A counter gives one number, a fact gives a row
    /// for each user found.
    pub query: Sql,
}

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// A number that grows while the old side is in use.
    Counter,
    /// Each row is a user.
    Fact,
}
