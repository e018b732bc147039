//! `cargo xtask <verb>`: everything a developer runs that is not plain cargo.
//!
//! Development only. Installs tools for tests under `target/tools` and, for a PostgreSQL server
//! that is missing, through apt; it changes nothing else outside the repository.

mod arguments;
mod bench;
mod ci;
mod docs;
mod install;
mod locks;
mod new_rule;
mod release;
mod run;
mod suite;
mod talk;
mod tidy;

use anyhow::{Result, bail};
use arguments::Arguments;
use std::path::PathBuf;
use std::process::ExitCode;
use talk::say;

const USAGE: &str = "\
cargo xtask <verb>

  test [--all] [--locks [--case NAME]]   install what tests need, run them; --locks measures
                                         the lock table again on every installed server;
                                         --all does both, with the slow tests
  ci [--skip-test] [--fuzz-seconds N]    everything a change must pass
  fuzz [--seconds N]                     the fuzz tests, for a bounded time
  tidy                                   house rules that the compiler does not know
  docs [--check]                         write docs/generated, or check that it is current
  new-rule CODE                          a stub of a rule, registered
  bench check [--files N] [--quick]      `segue check` beside squawk on a generated corpus
  bench up [--files N] [--quick]         `segue up` beside psql and dbmate on N small migrations
  release                                the checklist, and a release binary with its checksum
";

fn main() -> ExitCode {
    match dispatch(&Arguments::of_process()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            talk::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &Arguments) -> Result<()> {
    match arguments.verb() {
        "test" => suite::test(arguments),
        "ci" => ci::ci(arguments),
        "fuzz" => ci::fuzz(arguments),
        "tidy" => tidy::run(&root()),
        "docs" => docs::docs(arguments),
        "new-rule" => new_rule::new_rule(&root(), arguments),
        "bench" => bench::bench(arguments),
        bench::MEASURE_VERB => bench::measure::child(arguments),
        "release" => release::release(),
        "" | "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(())
        }
        unknown => bail!("there is no verb `{unknown}`\n\n{USAGE}"),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    segue_testkit::workspace_root()
}
