//! The statements of a runner: journal, lease, locks, blockers. What they say is the dialect's, what they are for is
//! said here.
//!
//! Every column is text and every parameter is text (see [`crate::Session::query_with`]); times are the server's.

use crate::{GuardStatements, Sql};

/// The statements of a runner.
///
/// Parameters are given as `$1 name`; "gives" lists the columns of a row.
#[derive(Clone, Debug)]
pub struct RunnerStatements {
    /// Whether the journal is there. Gives one row: `t` or `f`, and the format's number or null.
    pub is_installed: Sql,
    /// The format of the journal that is there. Gives one row with its number.
    pub format: Sql,
    /// Creates the journal where it is not there. Several statements; safe to run by two at once.
    pub install: Sql,
    /// Removes every trace of the journal.
    pub uninstall: Sql,

    /// Opens a transaction. Where only one may write at a time, it is the one from here on.
    pub begin: Sql,
    /// Commits it. A commit that fails may leave the transaction open: it is rolled back.
    pub commit: Sql,
    /// Rolls it back.
    pub rollback: Sql,
    /// First in every step's transaction: `$1 epoch`, `$2 lock timeout in ms`. Gives one row with the transaction's id
    /// (null where there is none) while the lease is ours, none when it is not. Until the transaction ends nobody can
    /// take the lease.
    pub fence: Sql,
    /// Sets how long the session's statements wait for a lock, in ms, 0 for no limit; a fence may say otherwise for its
    /// transaction.
    pub session_lock_timeout: fn(u32) -> Sql,
    /// Which server answers, so that a reconnect notices a failover. Gives one row that stays the same until then; no
    /// right of an administrator is needed. None where there is no server.
    pub identity: Option<Sql>,
    /// What a role lacks: `$1 namespace`, `$2 relation`, `$3 right` (`SELECT`, `INSERT` …, or `OWNER`). Gives one row a
    /// GRANT that is missing. None where there are no rights.
    pub rights: Option<Sql>,
    /// Puts every setting of the session back to what it was at connect; none where a new connection does.
    pub reset_settings: Option<Sql>,
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
    /// The records of these migrations, and the newest of all others, in the order they were recorded: `$1 ids as a JSON
    /// array`, `$2 how many others at most`. Gives: id, path, name, state, raw, semantic, plan hash, took ms, when (UTC,
    /// ISO 8601), how many others there are; at least one row, whose id is null when there is no record to give.
    pub migrations: Sql,
    /// The migrations whose plan was recorded, in the order they were recorded. Gives: id.
    pub planned: Sql,
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
    /// This session's id, as the three statements below take it. Gives one value, null where there is none.
    pub session_id: Sql,
    /// Who keeps a session waiting: `$1 session id`. Gives: id, who, state with its age, statement.
    pub blockers: Option<Sql>,
    /// How many sessions wait behind one: `$1 session id`. Gives a number.
    pub waiting_behind: Option<Sql>,
    /// Cancels what a session runs: `$1 session id`.
    pub cancel: Option<Sql>,
    /// The namespace of the server's own statistics of statements. Gives one name, or no row where there are none.
    pub workload: Option<Sql>,
    /// About how many rows a table has: `$1 namespace`, `$2 name`. Gives a number; where there is none, rows are counted.
    pub row_estimate: Option<Sql>,
    /// The tables of the database and their sizes. Gives: namespace, name, rows (an estimate), bytes. None where sizes are
    /// not kept.
    pub table_sizes: Option<Sql>,

    /// What the archive holds. Gives: relation, rows (an estimate), bytes, comment or null, and the time now (UTC, ISO 8601). None
    /// where nothing is kept.
    pub archived: Option<Sql>,

    /// How many rows refer to one that is not there, in all tables. Gives the number, and a few of them in words or
    /// null. Asked before the commit of what touched tables; none where the server lets none come about.
    pub dangling: Option<Sql>,
    /// The faults of what is stored, one row each. Asked before the commit of what destroys or rebuilds.
    pub integrity: Option<Sql>,
    /// What every session has set before its first statement, by name: what questions are asked in.
    pub settings: &'static [(&'static str, &'static str)],
    /// Environment, approvals, preflight and restore points; none where there is nothing of the kind.
    pub guards: Option<GuardStatements>,
}
