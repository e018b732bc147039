//! `cargo xtask bench`: `check` beside squawk on the same files, and alone at sizes where a mistake in the complexity shows;
//! `up` beside psql and dbmate; `backfill` beside one UPDATE.
//!
//! Prints ratios and passes no verdict; numbers of one machine mean nothing on another.

mod backfill;
mod corpus;
pub(crate) mod measure;
mod up;

use crate::arguments::{Arguments, Read};
use crate::install;
use crate::talk::{say, step};
use anyhow::{Context, Result, bail};
use measure::{Cost, measured, median};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The hidden verb under which xtask measures one program in a process of its own.
pub(crate) const MEASURE_VERB: &str = "measure-one";

const FILES: usize = 5_000;
const RUNS: usize = 5;
const SIZES: [usize; 3] = [500, 5_000, 50_000];
const BIG_FILE_BYTES: u64 = 100 << 20;

/// Runs the verb.
///
/// # Errors
/// When a binary is missing or does not run.
pub(crate) fn bench(arguments: &Arguments) -> Result<()> {
    let read = arguments.read(&["--quick"], &["--binary", "--files", "--rows"])?;
    match read.plain() {
        [what] if what == "check" => check(&read),
        [what] if what == "up" => up::up(&read),
        [what] if what == "backfill" => backfill::backfill(&read),
        _ => bail!("`bench` measures three things: `check`, `up` and `backfill`"),
    }
}

/// The program that `--binary` names, else one that is built now.
fn binary(read: &Read) -> Result<PathBuf> {
    if let Some(path) = read.value("--binary") {
        return std::path::absolute(path).context("the current directory is not known");
    }
    step("release binary");
    measure::release_binary()
}

fn check(read: &Read) -> Result<()> {
    let files = read.parsed("--files")?.unwrap_or(FILES);
    let segue = binary(read)?;
    let place = crate::root().join("target/bench");
    let folder = corpus::folder(&place, files)?;
    match install::squawk() {
        Ok(squawk) => beside(&segue, &squawk, &folder)?,
        Err(error) => say(&format!("squawk is not here, Segue runs alone: {error:#}")),
    }
    if read.has("--quick") {
        return Ok(());
    }
    flatness(&segue, &place)?;
    big_files(&segue, &place)?;
    version(&segue)
}

/// What both write: the report for people, and the same report for a machine.
const REPORTS: [(&str, &[&str], &[&str]); 2] = [
    ("the report for people", &[], &[]),
    (
        "the GitLab report",
        &["--output", "gitlab"],
        &["--reporter", "gitlab"],
    ),
];

/// Both programs in turn, so that a change of the machine's mood hits both.
fn beside(segue: &Path, squawk: &Path, folder: &Path) -> Result<()> {
    let files = corpus::list(folder)?;
    step(&format!(
        "{} files, {} bytes, {RUNS} runs each in turn",
        files.len(),
        corpus::bytes(folder)?
    ));
    for (report, our_words, their_words) in REPORTS {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..RUNS {
            ours.push(measured(check_command(segue, folder).args(our_words))?);
            let mut command = measure::command(squawk);
            command
                .current_dir(folder)
                .args(their_words)
                .args(files.iter().map(OsString::from));
            theirs.push(measured(&mut command)?);
        }
        let (ours, theirs) = (median(&ours), median(&theirs));
        let count = files.len();
        say(report);
        say("                 wall s   CPU s     files/s   peak MiB   exit");
        say(&line("segue check", &ours, count));
        say(&line("squawk", &theirs, count));
        say(&format!(
            "segue / squawk  {:6.2}  {:6.2}   {:9.2}  {:9.2}",
            ours.wall / theirs.wall,
            ours.cpu / theirs.cpu,
            theirs.wall / ours.wall,
            ours.peak_mib / theirs.peak_mib
        ));
    }
    Ok(())
}

fn flatness(segue: &Path, place: &Path) -> Result<()> {
    step("time per file at growing numbers of files");
    say("      files   wall s   CPU s   wall µs/file   CPU µs/file   peak MiB   exit");
    for size in SIZES {
        let folder = corpus::folder(place, size)?;
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(measured(&mut check_command(segue, &folder))?);
        }
        let cost = median(&runs);
        let files = count(size);
        say(&format!(
            "{size:>11}  {:7.3} {:7.3}   {:12.1}  {:12.1}  {:9.1}   {:>4}",
            cost.wall,
            cost.cpu,
            cost.wall * 1e6 / files,
            cost.cpu * 1e6 / files,
            cost.peak_mib,
            cost.exit
        ));
    }
    Ok(())
}

fn big_files(segue: &Path, place: &Path) -> Result<()> {
    step("one file of 100 MiB");
    say("                 wall s   CPU s     files/s   peak MiB   exit");
    let files = [
        ("COPY data", corpus::copy_dump(place, BIG_FILE_BYTES)?),
        ("INSERTs", corpus::insert_dump(place, BIG_FILE_BYTES)?),
    ];
    for (name, folder) in files {
        let cost = measured(&mut check_command(segue, &folder))?;
        say(&line(name, &cost, 1));
    }
    Ok(())
}

fn version(segue: &Path) -> Result<()> {
    step("segue --version");
    let mut runs = Vec::new();
    for _ in 0..20 {
        let mut command = measure::command(segue);
        command.arg("--version");
        runs.push(measured(&mut command)?);
    }
    say(&format!(
        "{:.1} ms CPU (median of 20)",
        median(&runs).cpu * 1e3
    ));
    Ok(())
}

fn check_command(segue: &Path, folder: &Path) -> Command {
    let mut command = measure::command(segue);
    command.arg("check").arg(folder);
    command
}

fn line(name: &str, cost: &Cost, files: usize) -> String {
    format!(
        "{name:<15} {:7.3} {:7.3}   {:9.0}  {:9.1}   {:>4}",
        cost.wall,
        cost.cpu,
        count(files) / cost.wall,
        cost.peak_mib,
        cost.exit
    )
}

fn count(files: usize) -> f64 {
    u32::try_from(files).map_or(f64::MAX, f64::from)
}

/// A directory that is made afresh, with nothing left from another run.
fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    Ok(folder.to_path_buf())
}
