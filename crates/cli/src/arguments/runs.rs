//! The flags of what runs: `up`, `down`, `contract`, `backfill`, and what they share.

use clap::{Args, ValueEnum};

use super::DatabaseArguments;

/// What `up`, `down` and `redo` are told.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two flags of the command line, read once each"
)]
pub(crate) struct UpArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// Which migrations, and how each statement is carried out
    #[command(flatten)]
    pub(crate) choice: ChoiceArguments,
    /// Show the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree to what this plan destroys; `segue plan` prints the hash
    #[arg(long, visible_alias = "allow-data-loss", value_name = "HASH")]
    pub(crate) approve: Vec<String>,
    /// Make no copy of an SQLite file before a step that destroys or rebuilds: there is a backup
    #[arg(long)]
    pub(crate) no_copy: bool,
    /// How locks are waited for
    #[command(flatten)]
    pub(crate) locks: LockArguments,
    /// What backfills may use
    #[command(flatten)]
    pub(crate) pace: PaceArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What `contract` is told.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two flags of the command line, which become enums at once"
)]
pub(crate) struct ContractArguments {
    /// The migration [default: all that wait]
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// Show each gate, what is seen through it and what is behind it; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Overrule what is seen; it is recorded
    #[arg(long)]
    pub(crate) accept_evidence: bool,
    /// Keep nothing of what is dropped: from here on nothing brings it back
    #[arg(long)]
    pub(crate) no_archive: bool,
    /// How long counters are watched first, in s
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) watch: u32,
    /// Agree to what is lost behind the gate; `--dry-run` prints the hash
    #[arg(long, visible_alias = "allow-data-loss", value_name = "HASH")]
    pub(crate) approve: Vec<String>,
    /// How locks are waited for
    #[command(flatten)]
    pub(crate) locks: LockArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What backfills may use.
#[derive(Clone, Debug, Args)]
pub(crate) struct PaceArguments {
    /// Workers of a backfill in this process
    #[arg(long = "backfill-workers", alias = "workers", value_name = "COUNT", env = "SEGUE_BACKFILL_WORKERS", hide_env_values = true,
          default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) workers: u32,
    /// How long one transaction of a backfill should take, in ms
    #[arg(long = "backfill-target", value_name = "MS", env = "SEGUE_BACKFILL_TARGET_MS", hide_env_values = true,
          default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(crate) target: u32,
    /// Stripes of a backfill's range [default: as many as the rows of a page allow]
    #[arg(long = "backfill-stripes", value_name = "COUNT", env = "SEGUE_BACKFILL_STRIPES", hide_env_values = true,
          value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) stripes: Option<u32>,
    /// A backfill waits while a replica is further behind, in MiB
    #[arg(
        long = "backfill-max-lag",
        value_name = "MIB",
        env = "SEGUE_BACKFILL_MAX_LAG_MIB",
        hide_env_values = true,
        default_value_t = 64
    )]
    pub(crate) max_lag: u64,
    /// A backfill waits while more sessions of others wait for locks
    #[arg(
        long = "backfill-max-waiters",
        value_name = "COUNT",
        env = "SEGUE_BACKFILL_MAX_WAITERS",
        hide_env_values = true,
        default_value_t = 5
    )]
    pub(crate) max_waiters: u64,
    /// A backfill waits while a replication slot keeps more log, in MiB [default: not looked at]
    #[arg(
        long = "backfill-max-slot",
        value_name = "MIB",
        env = "SEGUE_BACKFILL_MAX_SLOT_MIB",
        hide_env_values = true
    )]
    pub(crate) max_slot: Option<u64>,
    /// A backfill waits while more files of log wait to be archived [default: not looked at]
    #[arg(
        long = "backfill-max-archive",
        value_name = "FILES",
        env = "SEGUE_BACKFILL_MAX_ARCHIVE",
        hide_env_values = true
    )]
    pub(crate) max_archive: Option<u64>,
    /// A backfill waits while more sessions of others are active [default: not looked at]
    #[arg(
        long = "backfill-max-active",
        value_name = "COUNT",
        env = "SEGUE_BACKFILL_MAX_ACTIVE",
        hide_env_values = true
    )]
    pub(crate) max_active: Option<u64>,
    /// A backfill waits while a small write takes longer, in ms [default: not looked at]
    #[arg(
        long = "backfill-max-latency",
        value_name = "MS",
        env = "SEGUE_BACKFILL_MAX_LATENCY_MS",
        hide_env_values = true
    )]
    pub(crate) max_latency: Option<u64>,
}

/// What `backfill` is told.
#[derive(Debug, Args)]
pub(crate) struct BackfillArguments {
    /// What to do
    #[arg(value_name = "WHAT", default_value = "status")]
    pub(crate) what: BackfillWhat,
    /// Which backfill; `status` shows their numbers [default: the only one that is not done]
    #[arg(value_name = "NUMBER")]
    pub(crate) id: Option<String>,
    /// With `run`: only help, the proof is made by the process that runs the migration
    #[arg(long)]
    pub(crate) worker: bool,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// What it may use
    #[command(flatten)]
    pub(crate) pace: PaceArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What is done with backfills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackfillWhat {
    /// Show them: progress, rate, time left, and why one waits.
    Status,
    /// Let one wait before its next transaction.
    Pause,
    /// Let it go on.
    Resume,
    /// End it; what is done stays done.
    Cancel,
    /// Try again what was put aside.
    Retry,
    /// Work on it from this process too.
    Run,
}

/// Which migrations, in which order, and how their statements are carried out.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of the command line, which become enums at once"
)]
pub(crate) struct ChoiceArguments {
    /// Up to and including this migration; on the way down, down to it, which stays
    #[arg(long, value_name = "ID", conflicts_with = "steps")]
    pub(crate) to: Option<String>,
    /// So many migrations [default: all; for `down` 1]
    #[arg(long, value_name = "COUNT")]
    pub(crate) steps: Option<usize>,
    /// Send everything as written, also what is unsafe: for development databases
    #[arg(long, conflicts_with = "no_archive")]
    pub(crate) verbatim: bool,
    /// Run migrations too that lie before one that is done
    #[arg(long)]
    pub(crate) allow_out_of_order: bool,
    /// Keep nothing of what is dropped: its contract phase is the point of no return
    #[arg(long)]
    pub(crate) no_archive: bool,
}

/// How locks are waited for.
#[derive(Debug, Args)]
pub(crate) struct LockArguments {
    /// How long one try waits for a lock, in ms
    #[arg(long, value_name = "MS", env = "SEGUE_LOCK_TIMEOUT_MS", hide_env_values = true, default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) lock_timeout: u32,
    /// How often a lock is tried for
    #[arg(long, value_name = "COUNT", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: u32,
    /// Cancel our statement when more sessions than this wait behind it
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub(crate) max_blocked: u32,
}

/// How the answer of a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunOutput {
    /// For people.
    Human,
    /// One object.
    Json,
}
