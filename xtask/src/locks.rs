//! `cargo xtask test --locks`: measures every case of the lock table again.

use crate::talk::{say, step};
use anyhow::{Context, Result, bail};
use segue_testkit::lock_cases::{self, LockCase};
use segue_testkit::observe::{Laboratory, Observation};
use segue_testkit::{Installed, TestServer, compare};

/// Runs of a statement outside a transaction until every phase was seen.
const RUNS_MAX: u32 = 30;

/// Measures all cases, or the one with this name, on every server and prints what differs.
///
/// # Errors
/// When anything differs from the table, or nothing could be measured.
pub(crate) fn measure(servers: &[Installed], only: Option<&str>) -> Result<()> {
    let mut cases = lock_cases::load();
    if let Some(name) = only {
        cases.retain(|case| case.name == name);
        if cases.is_empty() {
            bail!("the lock table has no case `{name}`");
        }
    }
    let mut measured = 0;
    let mut lines = Vec::new();
    for installed in servers {
        let major = installed.major;
        let of_version: Vec<&LockCase> = cases
            .iter()
            .filter(|case| case.versions.contains(&major))
            .collect();
        if of_version.is_empty() {
            say(&format!("the table has nothing for PostgreSQL {major}"));
            continue;
        }
        let count = of_version.len();
        step(&format!(
            "{count} cases on PostgreSQL {}",
            installed.version
        ));
        let server = TestServer::start(installed)?;
        let laboratory = Laboratory::prepare(&server)?;
        for case in of_version {
            measured += 1;
            lines.extend(differences(&laboratory, case, major)?);
        }
    }
    report(measured, &lines)
}

/// The lines of the table of differences for one case on one version.
fn differences(laboratory: &Laboratory<'_>, case: &LockCase, major: u16) -> Result<Vec<String>> {
    let different = |seen: &Observation| compare::differences(case.rows_on(major), &seen.rows);
    let observe = || {
        laboratory
            .observe(case)
            .with_context(|| format!("case {} on {major}", case.name))
    };
    let mut seen = observe()?;
    let mut runs = 1;
    while case.held.is_some() && runs < RUNS_MAX && !different(&seen).is_empty() {
        seen.join(observe()?);
        runs += 1;
    }
    let lines = different(&seen).into_iter().map(|found| {
        format!(
            "{major}  {:<40} {:<24} {:<24} {}",
            case.name, found.relation, found.expected, found.observed
        )
    });
    Ok(lines.collect())
}

fn report(measured: u32, lines: &[String]) -> Result<()> {
    if measured == 0 {
        bail!("no installed server has a version that the table covers");
    }
    if lines.is_empty() {
        say(&format!("{measured} measurements, no difference"));
        return Ok(());
    }
    let (case, relation, table, seen) = ("case", "relation", "table", "measured");
    say(&format!("    {case:<40} {relation:<24} {table:<24} {seen}"));
    for line in lines {
        say(line);
    }
    bail!("{} differences in {measured} measurements", lines.len())
}
