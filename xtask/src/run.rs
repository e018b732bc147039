//! Running other programs, with a time limit where they talk to a network.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The cargo that runs us, started in the repository's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(crate::root());
    command
}

/// Runs a command, shows it and its output, and demands success.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    crate::talk::say(&format!("$ {shown}"));
    let status = command
        .status()
        .with_context(|| format!("could not run `{shown}`"))?;
    if status.success() {
        return Ok(());
    }
    bail!("`{shown}` failed ({status})")
}

/// As [`must`], but stopped after `limit`.
///
/// # Errors
/// As [`must`]; also when the time is over.
pub(crate) fn must_within(limit: Duration, command: &mut Command) -> Result<()> {
    let shown = shown(command);
    crate::talk::say(&format!("$ {shown}"));
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("could not run `{shown}`"))?;
    let started = now();
    loop {
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(());
            }
            bail!("`{shown}` failed ({status})");
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("`{shown}` did not end within {} s", limit.as_secs());
        }
        pause(Duration::from_millis(100));
    }
}

/// Whether a program can be started at all.
pub(crate) fn exists(program: &str, probe: &str) -> bool {
    Command::new(program)
        .arg(probe)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a program prints, when it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("could not run `{shown}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("`{shown}` failed ({})\n{said}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The real clock.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask measures and limits real time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a child process is polled, std cannot wait for one with a limit"
)]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut words = vec![name.to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
