//! `cargo xtask release`: the checklist, and a release binary with its checksum.
//!
//! Publishes nothing and tags nothing: a person does, with the list in hand.

use crate::run;
use crate::talk::{say, step};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const CHECKLIST: &str = "\
Release checklist
  [ ] `.ci/run` passed on this commit
  [ ] `cargo xtask test --locks` shows no difference on every installed server
  [ ] `cargo xtask bench check` is no slower than at the last release
  [ ] `cargo deny check` and `typos` are clean
  [ ] CHANGELOG.md: \"Unreleased\" has become the version with today's date
  [ ] the version in Cargo.toml is the same, Cargo.lock is committed
  [ ] `cargo xtask docs --check` passed
  [ ] tag vX.Y.Z, push it, attach the binary and its checksum";

/// Runs the verb.
///
/// # Errors
/// When the build fails or the binary cannot be read.
pub(crate) fn release() -> Result<()> {
    say(CHECKLIST);
    step("release binary");
    let binary = crate::bench::measure::release_binary()?;
    let bytes =
        std::fs::read(&binary).with_context(|| format!("could not read {}", binary.display()))?;
    let mut digest = String::new();
    for byte in Sha256::digest(&bytes) {
        write!(digest, "{byte:02x}")?;
    }
    say(&format!("{digest}  {}", binary.display()));
    say(&format!("{} bytes", bytes.len()));
    let version = run::output(std::process::Command::new(&binary).arg("--version"))?;
    say(&version);
    Ok(())
}
