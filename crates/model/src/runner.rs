//! The statements of a runner: journal, lease, locks, blockers. What they say is the dialect's, what they are for is
//! said here.
//!
//! Every column is text and every parameter is text (see [`crate::Session::query_with`]); times are the server's.

use crate::Sql;

/// The statements of a runner.
///
/// Parameters are given as `$1 name`; "gives" lists the columns of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerStatements {
    /// Whether the journal is there. Gives one row: `t` or `f`, and the format's number or null.
    pub is_installed: Sql,
    /// The format of the journal that is there. Gives one row with its number.
    pub format: Sql,
    /// Creates the journal where it is not there. Several statements; safe to run by two at once.
    pub install: Sql,
    /// Removes every trace of the journal.
    pub uninstall: Sql,

    /// Opens a transaction.
    pub begin: Sql,
    /// Commits it.
    pub commit: Sql,
    /// Rolls it back.
    pub rollback: Sql,
    /// First in every step's transaction: `$1 epoch`, `$2 lock timeout in ms`. Gives one row with the transaction's id
    /// (null where there is none) while the lease is ours, none when it is not. Until the transaction ends nobody can
    /// take the lease.
    pub fence: Sql,
    /// Sets how long a statement outside a transaction waits for a lock: `$1 ms`, 0 for no limit.
    pub session_lock_timeout: Sql,
    /// Which server answers, so that a reconnect notices a failover. Gives one row that stays the same until then; no
    /// right of an administrator is needed.
    pub identity: Option<Sql>,
    /// What a role lacks: `$1 namespace`, `$2 relation`, `$3 right` (`SELECT`, `INSERT` …, or `OWNER`). Gives one row a
    /// GRANT that is missing.
    pub rights: Option<Sql>,
    /// Puts every setting of the session back to what it was at connect.
    pub reset_settings: Sql,
    /// What became of a transaction: `$1 its id`. Gives one row: `committed`, `aborted`, `in progress` or null (unknown).
    pub outcome: Option<Sql>,

    /// Takes the lease when it is free or its holder has been silent: `$1 holder`, `$2 silence in ms`. Gives the new
    /// epoch, or no row.
    pub take_lease: Sql,
    /// Says that the holder is alive: `$1 epoch`. Gives a row while the lease is ours.
    pub beat: Sql,
    /// Gives the lease up: `$1 epoch`.
    pub release_lease: Sql,
    /// Who has it. Gives at most one row: holder, epoch, silence in ms.
    pub lease: Sql,

    /// Writes a migration's record or replaces it: `$1 id`, `$2 path`, `$3 name`, `$4 state`, `$5 raw checksum`,
    /// `$6 semantic checksum`, `$7 plan hash`, `$8 took ms`, `$9 version of Segue`, `$10 normalized text`,
    /// `$11 plan` (null when it is one transaction).
    pub record_migration: Sql,
    /// Removes a migration's record and its steps: `$1 id`.
    pub forget_migration: Sql,
    /// All migrations in the order they were recorded. Gives: id, path, name, state, raw, semantic, plan hash, took ms,
    /// when (UTC, ISO 8601).
    pub migrations: Sql,
    /// Says that a run has done all it set out to do: what was recorded until now is a finished release.
    pub settle: Sql,
    /// The migrations recorded since a run last did all it set out to do: they belong to the release that is under way.
    /// Gives: id.
    pub unsettled: Sql,
    /// The text and the plan recorded for one: `$1 id`. Gives the normalized text, and the plan or null.
    pub recorded_text: Sql,
    /// Writes a step's record or replaces it: `$1 migration`, `$2 step`, `$3 state`, `$4 purpose`.
    pub record_step: Sql,
    /// The steps of one migration: `$1 id`. Gives: step, state.
    pub steps: Sql,
    /// Adds a line to the log: `$1 actor`, `$2 what`, `$3 migration or null`.
    pub record_event: Sql,

    /// The server's major version. Gives one number.
    pub server_version: Sql,
    /// This session's id, as the three statements below take it. Gives one value.
    pub session_id: Sql,
    /// Who keeps a session waiting: `$1 session id`. Gives: id, who, state with its age, statement.
    pub blockers: Option<Sql>,
    /// How many sessions wait behind one: `$1 session id`. Gives a number.
    pub waiting_behind: Option<Sql>,
    /// Cancels what a session runs: `$1 session id`.
    pub cancel: Option<Sql>,
    /// The namespace of the server's own statistics of statements. Gives one name, or no row where there are none.
    pub workload: Option<Sql>,
    /// How many rows a table has, at most `$3`: `$1 namespace`, `$2 name`. Gives a number. Estimates are allowed.
    pub row_estimate: Sql,
}
