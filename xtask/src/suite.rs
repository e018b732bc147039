//! `cargo xtask test`: install what tests need, then run all of them.

use crate::arguments::Arguments;
use crate::talk::step;
use crate::{install, locks, run};
use anyhow::{Result, bail};

/// Runs the verb.
///
/// # Errors
/// When no server could be installed or a test fails.
pub(crate) fn test(arguments: &Arguments) -> Result<()> {
    let read = arguments.read(&["--all", "--locks"], &["--case"])?;
    if let [word, ..] = read.plain() {
        bail!("`test` takes no word such as {word}; a single test is run by cargo itself");
    }
    step("servers for tests");
    install::xmllint()?;
    install::pooler()?;
    let servers = install::servers()?;
    if read.has("--locks") {
        return locks::measure(&servers, read.value("--case"));
    }
    let slow = if read.has("--all") {
        Slow::Run
    } else {
        Slow::LeaveOut
    };
    workspace(slow)?;
    if read.has("--all") {
        locks::measure(&servers, None)?;
    }
    Ok(())
}

/// Whether tests that are marked as slow are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slow {
    Run,
    LeaveOut,
}

/// Every test of the workspace, with nextest when it is there.
fn workspace(slow: Slow) -> Result<()> {
    step("tests");
    if run::exists("cargo-nextest", "--version") {
        let mut tests = run::cargo(&["nextest", "run", "--workspace"]);
        if slow == Slow::Run {
            tests.env("SEGUE_TEST_ALL", "1");
        }
        run::must(&mut tests)?;
        step("examples in the documentation");
        return run::must(&mut run::cargo(&[
            "test",
            "--workspace",
            "--doc",
            "--quiet",
        ]));
    }
    // Without nextest this runs the examples in the documentation as well.
    let mut tests = run::cargo(&["test", "--workspace"]);
    if slow == Slow::Run {
        tests.env("SEGUE_TEST_ALL", "1");
    }
    run::must(&mut tests)
}
