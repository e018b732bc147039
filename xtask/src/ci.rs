//! `cargo xtask ci`: everything a change must pass, in the order that fails fastest.

use crate::arguments::Arguments;
use crate::talk::{say, step};
use crate::{docs, run, suite, tidy};
use anyhow::Result;

/// Seconds that `ci` fuzzes when nothing else is said.
const FUZZ_SECONDS: u64 = 60;

/// Runs the verb.
///
/// # Errors
/// The first step that fails.
pub(crate) fn ci(arguments: &Arguments) -> Result<()> {
    let read = arguments.read(&["--skip-test"], &["--fuzz-seconds"])?;
    let fuzz_seconds = read.parsed("--fuzz-seconds")?.unwrap_or(FUZZ_SECONDS);
    step("format");
    run::must(&mut run::cargo(&["fmt", "--all", "--check"]))?;
    step("tidy");
    tidy::run(&crate::root())?;
    step("lints");
    run::must(&mut run::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    step("generated pages");
    docs::check()?;
    if !read.has("--skip-test") {
        suite::test(&Arguments::new(["test".to_owned()]))?;
    }
    step("fuzz");
    fuzz_for(fuzz_seconds)?;
    say("\nall steps of ci passed");
    Ok(())
}

/// Runs the fuzz tests alone.
///
/// # Errors
/// When one of them fails.
pub(crate) fn fuzz(arguments: &Arguments) -> Result<()> {
    let read = arguments.read(&[], &["--seconds"])?;
    fuzz_for(read.parsed("--seconds")?.unwrap_or(FUZZ_SECONDS))
}

fn fuzz_for(seconds: u64) -> Result<()> {
    let tests = crate::root().join("crates/cli/tests");
    if !tests.join("fuzz.rs").is_file() && !tests.join("fuzz/main.rs").is_file() {
        say("there are no fuzz tests yet (crates/cli/tests/fuzz.rs)");
        return Ok(());
    }
    let words = [
        "test",
        "-p",
        "segue-cli",
        "--profile",
        "fuzz",
        "--test",
        "fuzz",
        "--",
        "--nocapture",
    ];
    run::must(run::cargo(&words).env("SEGUE_FUZZ_SECONDS", seconds.to_string()))
}
