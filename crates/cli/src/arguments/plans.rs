//! The flags of `plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ChoiceArguments, DatabaseArguments, LockArguments, PaceArguments};

/// What `plan` is told.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of the command line, which become enums at once"
)]
pub(crate) struct PlanArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// Which migrations, and how each statement is carried out
    #[command(flatten)]
    pub(crate) choice: ChoiceArguments,
    /// Show what a team reviews: forward, back, what is lost at each point, the window, the point of no return
    #[arg(long, conflicts_with_all = ["why", "write"])]
    pub(crate) rollback: bool,
    /// Show for each statement which way was taken and what would change the choice
    #[arg(long, conflicts_with_all = ["rollback", "write"])]
    pub(crate) why: bool,
    /// Write the phases as files that any runner can run, each with its way back, into this folder
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "segue-plan")]
    pub(crate) write: Option<PathBuf>,
    /// Try the first slice of each backfill and roll it back
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How locks are waited for
    #[command(flatten)]
    pub(crate) locks: LockArguments,
    /// What backfills may use
    #[command(flatten)]
    pub(crate) pace: PaceArguments,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: PlanOutput,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanOutput {
    /// For a terminal.
    Human,
    /// One object.
    Json,
    /// One page that needs nothing else.
    Html,
    /// For a pull request.
    Markdown,
}
