//! The statements of everything that is proven before a runner changes anything: which environment this is, who agreed,
//! who is in the way, and whether there is a way back. What they say is the dialect's, what they are for is said here.
//!
//! Every column and every parameter is text (see [`crate::Session::query_with`]); ages are in seconds, by the server.

use crate::Sql;

/// The statements of proofs.
///
/// Parameters are given as `$1 name`; "gives" lists the columns of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardStatements {
    /// Whether marker and approvals have their tables. Gives one row: `true` or `false`.
    pub is_installed: Sql,
    /// Creates them in the journal's namespace, where they are not there. Safe to run by two at once.
    pub install: Sql,

    /// What this server is. Gives one row: the database's name, whether it is a standby (`true`, `false`), the date (UTC).
    pub server: Sql,
    /// What no copy made from statements has: gives one row with an identifier that the server got when it was created.
    /// Not every role may ask.
    pub system_identifier: Sql,
    /// Gives at most one row: name, protected (`true`, `false`), system identifier or null, database, when (UTC, ISO
    /// 8601), by whom.
    pub marker: Sql,
    /// Writes the marker or replaces it: `$1 name`, `$2 protected`, `$3 system identifier or null`, `$4 by whom`.
    pub mark: Sql,

    /// Records that a person agreed to a plan: `$1 hash`, `$2 who`, `$3 what it destroys`.
    pub approve: Sql,
    /// Who agreed to a plan: `$1 hash`. Gives: who, when (UTC, ISO 8601).
    pub approvals: Sql,

    /// Transactions that are open for `$1 seconds` or longer, other than ours: a concurrent index build waits for them.
    /// Gives: id, who, state, age.
    pub old_transactions: Sql,
    /// Transactions that were prepared for a commit in two steps. Gives: name, who, age.
    pub prepared_transactions: Sql,
    /// Upkeep on a table that does not give way: `$1 namespace`, `$2 name`. Gives: id, what, age.
    pub unyielding_upkeep: Sql,

    /// Makes a named point that a restore can go back to: `$1 name`. Gives its position. Not every role may.
    pub restore_point: Sql,
    /// The log's position now. Gives one value.
    pub log_position: Sql,
    /// How the archiving of the log does. Gives one row: whether it is on, whether its last attempt failed (`true`,
    /// `false`), when it failed last, when it succeeded last, which file failed; null where never.
    pub archiving: Sql,
}
