//! The flags of `archive`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{DatabaseArguments, LockArguments, RunOutput};
use crate::settings::duration;

/// What `archive` is told.
#[derive(Debug, Args)]
pub(crate) struct ArchiveArguments {
    /// What to do
    #[command(subcommand)]
    pub(crate) verb: ArchiveVerb,
}

/// What is done with what is kept.
#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveVerb {
    /// Show what is kept: from where, since when, how much
    #[command(
        after_help = "Examples:\n  segue archive list\n  segue archive list --output json\n\nExit codes: 0 ok, 2 usage, 5 no connection."
    )]
    List(KeptArguments),
    /// Bring a dropped table or the values of a dropped column back to their place
    #[command(
        after_help = "Examples:\n  segue archive restore public.old_orders\n  segue archive restore public.users.nickname\n\nRefused when something stands in the place. Kill it at any moment and run it again.\nExit codes: 0 restored and verified, 2 nothing of this name is kept, 4 refused, 8 partial: run it again."
    )]
    Restore(RestoreArguments),
    /// Remove what is kept, for ever
    #[command(
        after_help = "Examples:\n  segue archive purge --older-than 30d\n  segue archive purge public.old_orders --yes\n\nShows what is lost and asks; without a terminal it needs --yes, or --approve with the hash it shows.\nExit codes: 0 purged, 2 nothing of this name is kept, 4 nobody agreed."
    )]
    Purge(PurgeArguments),
}

/// What `archive list` is told.
#[derive(Debug, Args)]
pub(crate) struct KeptArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What `archive restore` is told.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The table (`public.users`) or column (`public.users.name`), or its name in the archive
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// How locks are waited for
    #[command(flatten)]
    pub(crate) locks: LockArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What `archive purge` is told.
#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    /// Only these, named as `restore` takes them [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Only what has been kept for longer: 12h, 30d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
    /// Agree to all that is shown; where people have to agree, it does not count
    #[arg(long)]
    pub(crate) yes: bool,
    /// Agree to one of them by the hash that is shown
    #[arg(long, value_name = "HASH")]
    pub(crate) approve: Vec<String>,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// How locks are waited for
    #[command(flatten)]
    pub(crate) locks: LockArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}
