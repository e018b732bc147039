//! What one run of a program costs: time, CPU and peak memory.
//!
//! The system tells the peak memory only of the largest child of a process, so every program is
//! run by a fresh xtask that has no other child.

use super::MEASURE_VERB;
use crate::arguments::Arguments;
use crate::run;
use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of processor time, user and system together.
    pub(crate) cpu: f64,
    /// The largest resident size, in MiB.
    pub(crate) peak_mib: f64,
    /// The exit code, or -1 for a signal.
    pub(crate) exit: i32,
}

/// A command that [`measured`] runs: xtask itself, told which program to run.
pub(crate) fn command(program: &Path) -> Command {
    let this = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("xtask"));
    let mut command = Command::new(this);
    command.arg(MEASURE_VERB).arg(program);
    command
}

/// Runs a command made by [`command`].
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn measured(command: &mut Command) -> Result<Cost> {
    let text = run::output(command)?;
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [wall, cpu, peak_mib, exit] = numbers.as_slice() else {
        bail!("a measurement did not end with four numbers: {text}");
    };
    Ok(Cost {
        wall: *wall,
        cpu: *cpu,
        peak_mib: *peak_mib,
        exit: if *exit < 0.0 { -1 } else { exit_code(*exit) },
    })
}

/// The child's side of [`measured`]: runs one program and prints what it cost.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn child(arguments: &Arguments) -> Result<()> {
    let [program, words @ ..] = arguments.rest() else {
        bail!("`{MEASURE_VERB}` is for xtask itself");
    };
    let started = run::now();
    let status = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("could not run {program}"))?;
    let wall = started.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        let whole = i32::try_from(time.tv_sec()).map_or(0.0, f64::from);
        let micros = i32::try_from(time.tv_usec()).map_or(0.0, f64::from);
        whole + micros / 1e6
    };
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    let peak_mib = i32::try_from(usage.max_rss()).map_or(0.0, f64::from) / 1024.0;
    let exit = status.code().unwrap_or(-1);
    crate::talk::say(&format!("{wall} {cpu} {peak_mib} {exit}"));
    Ok(())
}

/// Each number's own median.
pub(crate) fn median(runs: &[Cost]) -> Cost {
    let middle = |number: fn(&Cost) -> f64| {
        let mut numbers: Vec<f64> = runs.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        wall: middle(|run| run.wall),
        cpu: middle(|run| run.cpu),
        peak_mib: middle(|run| run.peak_mib),
        exit: runs.first().map_or(-1, |run| run.exit),
    }
}

/// Builds the release binary and says where it is.
///
/// # Errors
/// When the build fails.
pub(crate) fn release_binary() -> Result<PathBuf> {
    run::must(&mut run::cargo(&["build", "--release", "-p", "segue-cli"]))?;
    let metadata = run::output(&mut run::cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let target = metadata
        .split_once("\"target_directory\":\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(directory, _)| PathBuf::from(directory))
        .context("cargo did not tell its target directory")?;
    let binary = target.join("release/segue");
    if binary.is_file() {
        return Ok(binary);
    }
    bail!("the build left no {}", binary.display())
}

fn exit_code(number: f64) -> i32 {
    (0..=255)
        .find(|code| (f64::from(*code) - number).abs() < 0.5)
        .unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::{Cost, median};

    #[test]
    fn the_median_is_taken_of_each_number_alone() {
        let run = |wall, cpu| Cost {
            wall,
            cpu,
            peak_mib: 1.0,
            exit: 3,
        };
        let middle = median(&[run(1.0, 9.0), run(2.0, 7.0), run(9.0, 8.0)]);
        assert!((middle.wall - 2.0).abs() < 1e-9);
        assert!((middle.cpu - 8.0).abs() < 1e-9);
        assert_eq!(middle.exit, 3);
    }
}
