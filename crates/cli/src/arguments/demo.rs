//! What `demo` is told.

use clap::Args;

use super::RunOutput;
use crate::demo::story::Story;

/// What `demo` is told.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two flags of the command line that have nothing to do with each other"
)]
pub(crate) struct DemoArguments {
    /// Tell the story of one change instead, there and back again; its files are in the folder of `examples`
    #[arg(long, value_name = "STORY", conflicts_with = "compare")]
    pub(crate) story: Option<Story>,
    /// Run the same migrations as written too, on a server of their own under the same traffic
    #[arg(long)]
    pub(crate) compare: bool,
    /// Leave the server running, and print its address
    #[arg(long)]
    pub(crate) keep: bool,
    /// Orders in the shop, or rows of the story's table
    #[arg(long, value_name = "COUNT", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(100..=20_000_000))]
    pub(crate) rows: u64,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}
