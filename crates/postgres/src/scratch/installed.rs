//! Which `PostgreSQL` servers are installed on this machine.
//!
//! Looks in this order and keeps the first of each major version: the search path, `pg_config --bindir`, the places of
//! distributions and installers, then packages that the caller names. Installs and downloads nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ScratchError;

/// Where distributions and installers put a directory for each version, and where in it the programs are.
const PLACES: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr/local/opt", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/Library/PostgreSQL", "bin"),
    ("/usr", "bin"),
];

/// One installed server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The major version, for example 15.
    pub major: u16,
    /// The full version as the server prints it, for example `15.20`.
    pub version: String,
    /// The directory with `initdb`, `pg_ctl` and `postgres`.
    pub bin: PathBuf,
    /// The smallest directory that can be copied elsewhere and still works, if there is one.
    pub relocatable: Option<PathBuf>,
}

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Directories of programs that win over all others.
    pub first: Vec<PathBuf>,
    /// The search path, as the environment has it.
    pub path: OsString,
    /// Packages that can be copied, and where in each the programs are.
    pub packages: Vec<(PathBuf, PathBuf)>,
}

impl Installed {
    /// The server whose programs are in `bin`.
    ///
    /// # Errors
    /// When one of `initdb`, `pg_ctl` and `postgres` is missing or does not tell its version.
    pub fn at(bin: &Path) -> Result<Self, ScratchError> {
        for program in ["initdb", "pg_ctl", "postgres"] {
            if !bin.join(program).is_file() {
                return Err(ScratchError::new(format!(
                    "there is no `{program}` in {}",
                    bin.display()
                )));
            }
        }
        let output = Command::new(bin.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|cause| {
                ScratchError::caused(format!("could not run {}", bin.display()), cause)
            })?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (version, major) = version_of(&text).ok_or_else(|| {
            ScratchError::new(format!(
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
pub fn installed(search: &Search) -> Vec<Installed> {
    let on_path =
        std::env::split_paths(&search.path).filter(|place| place.join("initdb").is_file());
    let usual = PLACES
        .iter()
        .flat_map(|(parent, inner)| subdirectories(Path::new(parent), inner));
    let fixed = search
        .first
        .iter()
        .cloned()
        .chain(on_path)
        .chain(pg_config_bindir())
        .chain(usual)
        .map(|bin| (bin, None));
    let copied = search
        .packages
        .iter()
        .map(|(root, inner)| (root.join(inner), Some(root.clone())));
    let mut found: BTreeMap<u16, Installed> = BTreeMap::new();
    for (bin, root) in fixed.chain(copied) {
        if let Ok(mut server) = Installed::at(&bin) {
            server.relocatable = root;
            found.entry(server.major).or_insert(server);
        }
    }
    found.into_values().collect()
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let directory = PathBuf::from(text.trim());
    directory.is_dir().then_some(directory)
}

/// `<parent>/*/<inner>`, in the order of the names, as far as there is a server.
fn subdirectories(parent: &Path, inner: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path().join(inner))
        .filter(|directory| directory.join("initdb").is_file())
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
