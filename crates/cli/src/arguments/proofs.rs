//! The flags of what proves and mends: `repair`, `env`, `approve`, `doctor`.

use clap::{Args, Subcommand};

use super::{DatabaseArguments, RunOutput};

/// What `repair` is told.
#[derive(Debug, Args)]
pub(crate) struct RepairArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// Do it; on a terminal you are asked first
    #[arg(long)]
    pub(crate) apply: bool,
    /// Only these migrations
    #[arg(long, value_name = "ID")]
    pub(crate) only: Vec<String>,
    /// Record these as done, whatever is proposed
    #[arg(long, value_name = "ID")]
    pub(crate) mark_applied: Vec<String>,
    /// Forget the record of these, whatever is proposed
    #[arg(long, value_name = "ID")]
    pub(crate) forget: Vec<String>,
    /// Take the text these files have now for what ran, whatever is proposed
    #[arg(long, value_name = "ID")]
    pub(crate) accept: Vec<String>,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What `env` is told.
#[derive(Debug, Args)]
pub(crate) struct EnvArguments {
    /// What to do
    #[command(subcommand)]
    pub(crate) verb: EnvVerb,
}

/// What can be done with an environment.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvVerb {
    /// Show what the database was marked as, and whether it still is that
    #[command(
        after_help = "Examples:\n  segue env show\n  segue env show --output json\n\nExit codes: 0 ok, 2 usage, 4 it is not what it was marked as, 5 no connection."
    )]
    Show(LookArguments),
    /// Write a marker into the database: its name, the server's identifier, when, by whom
    #[command(
        after_help = "Examples:\n  segue env mark production --protected\n  segue env mark staging --replace    a restored copy becomes staging\n\nExit codes: 0 marked, 2 usage, 4 it is marked as another one, 5 no connection."
    )]
    Mark(EnvMarkArguments),
}

/// What a verb is told that only looks: `doctor` and `env show`.
#[derive(Debug, Args)]
pub(crate) struct LookArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What `env mark` is told.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two flags of the command line, which become enums at once"
)]
pub(crate) struct EnvMarkArguments {
    /// The environment's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What is meant for development does not exist there: `down`, `redo`, `uninstall`, `--verbatim`
    #[arg(long)]
    pub(crate) protected: bool,
    /// Put this marker in the place of another one
    #[arg(long)]
    pub(crate) replace: bool,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
}

/// What `approve` is told.
#[derive(Debug, Args)]
pub(crate) struct ApproveArguments {
    /// The hash of the plan, as `segue plan` prints it
    #[arg(value_name = "HASH")]
    pub(crate) hash: String,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
}
