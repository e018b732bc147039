//! What is new since a git revision: the files that differ from the common ancestor, untracked ones included.
//!
//! Asks git itself, without a shell; never changes the repository and runs no program the repository configures.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use crate::error::{CliError, Code};

/// The files that are new or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    files: BTreeSet<PathBuf>,
}

impl Changed {
    /// True when this file, as it is shown, is new or changed.
    pub(crate) fn has(&self, shown: &str) -> bool {
        self.files.contains(&plain(Path::new(shown)))
    }

    /// Adds those of another folder.
    pub(crate) fn extend(&mut self, more: &Self) {
        self.files.extend(more.files.iter().cloned());
    }
}

/// The files below `directory` that are new or changed since the revision.
///
/// # Errors
/// [`Code::Revision`] when there is no git, no repository, no such revision, or no common ancestor.
pub(crate) fn changed_since(revision: &str, directory: &Path) -> Result<Changed, CliError> {
    let git = Git { directory };
    let ancestor = common_ancestor(&git, revision)?;
    let asks: [&[&str]; 2] = [
        &[
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--diff-filter=ACMT",
            "--relative",
            ancestor.trim(),
            "--",
            ".",
        ],
        &[
            "ls-files",
            "--others",
            "--exclude-standard",
            "-z",
            "--",
            ".",
        ],
    ];
    let mut files = BTreeSet::new();
    for ask in asks {
        let names = git.bytes(ask).map_err(|error| {
            wrong("git cannot list what changed".to_owned(), "git status").because(error)
        })?;
        for name in names
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
        {
            files.insert(plain(&directory.join(path(name))));
        }
    }
    Ok(Changed { files })
}

/// The commit that HEAD and the revision have in common.
fn common_ancestor(git: &Git<'_>, revision: &str) -> Result<String, CliError> {
    git.lines(&["rev-parse", "--is-inside-work-tree"])
        .map_err(|error| {
            let what = format!("{} is not inside a git repository", shown(git.directory));
            wrong(what, "run it inside the repository, or without `--base`").because(error)
        })?;
    let commit = [revision, "^{commit}"].concat();
    let commit = git
        .lines(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ])
        .map_err(|_| {
            let what = format!("git knows no revision `{revision}`");
            wrong(
                what,
                "git fetch --unshallow origin, or name a revision `git log` shows",
            )
        })?;
    git.lines(&["merge-base", commit.trim(), "HEAD"])
        .map_err(|_| {
            let what = format!("`{revision}` and HEAD have no common ancestor here");
            wrong(what, "git fetch --unshallow origin")
        })
}

fn wrong(what: String, next: &str) -> CliError {
    CliError::new(Code::Revision, what, next)
}

fn shown(directory: &Path) -> String {
    directory.display().to_string()
}

/// The path git names.
#[cfg(unix)]
pub(crate) fn path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(name))
}

/// The path git names.
#[cfg(not(unix))]
pub(crate) fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::new(&*String::from_utf8_lossy(name)))
}

/// The same path without `.`, so that two ways of writing it compare as equal.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .collect()
}

/// git in one folder.
pub(crate) struct Git<'a> {
    /// The folder.
    pub(crate) directory: &'a Path,
}

impl Git<'_> {
    /// What it prints, as text; what it complains of otherwise.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Result<String, String> {
        self.bytes(arguments)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What it prints; what it complains of otherwise.
    pub(crate) fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let run = Command::new("git")
            .arg("-C")
            .arg(self.directory)
            // A repository may name programs that git would run; this command only reads.
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.hooksPath=",
                "--literal-pathspecs",
            ])
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .output();
        match run {
            Ok(Output { status, stdout, .. }) if status.success() => Ok(stdout),
            Ok(Output { stderr, .. }) => Err(String::from_utf8_lossy(&stderr).trim().to_owned()),
            Err(error) => Err(format!("git could not be started: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_writing_a_path_compare_as_equal() {
        let changed = Changed {
            files: [plain(&Path::new(".").join("db/1.sql"))].into(),
        };
        assert!(changed.has("db/1.sql"));
        assert!(changed.has("./db/./1.sql"));
        assert!(!changed.has("1.sql"));
    }
}
