//! Files that were edited after they were merged, from git's history of one folder, read in one go.
//!
//! What counts is the main line: edits on a branch before it was merged are nobody's business. Never changes the
//! repository; without one the answer is that nothing is known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::release::Git;

/// What the history of a folder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// The files that were edited after they were merged, as they are shown, and how often.
    Known(BTreeMap<PathBuf, usize>),
    /// There is none, and why.
    Unknown(String),
}

/// Reads the history of the folder.
pub(crate) fn history(directory: &Path) -> History {
    let git = Git { directory };
    if git.bytes(&["rev-parse", "--is-inside-work-tree"]).is_err() {
        return History::Unknown("not a git repository".to_owned());
    }
    // On a branch, only what is on the main line already was merged.
    let start = git
        .lines(&["merge-base", "HEAD", "origin/HEAD"])
        .map_or_else(|_| "HEAD".to_owned(), |commit| commit.trim().to_owned());
    let log = git.bytes(&[
        "log",
        "--first-parent",
        "-m",
        "-M",
        "--name-status",
        "-z",
        "--no-ext-diff",
        "--no-textconv",
        "--relative",
        "--format=%x01",
        &start,
        "--",
        ".",
    ]);
    match log {
        Ok(bytes) if bytes.is_empty() => History::Unknown("not committed yet".to_owned()),
        Ok(bytes) => {
            let edited = edits(&bytes);
            History::Known(
                edited
                    .into_iter()
                    .map(|(file, times)| (crate::release::plain(&directory.join(file)), times))
                    .collect(),
            )
        }
        Err(_) => History::Unknown("not committed yet".to_owned()),
    }
}

/// One line of `--name-status`.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Added(PathBuf),
    Edited(PathBuf),
    Removed(PathBuf),
    Renamed {
        from: PathBuf,
        to: PathBuf,
        is_same: bool,
    },
}

/// How often each file that is still there was edited after the commit that added it.
fn edits(log: &[u8]) -> BTreeMap<PathBuf, usize> {
    let mut files: BTreeMap<PathBuf, usize> = BTreeMap::new();
    // git begins with the newest commit; files live from the oldest on.
    for event in events(log).into_iter().rev() {
        match event {
            Event::Added(path) => {
                files.insert(path, 0);
            }
            Event::Edited(path) => *files.entry(path).or_default() += 1,
            Event::Removed(path) => {
                files.remove(&path);
            }
            Event::Renamed { from, to, is_same } => {
                let times = files.remove(&from).unwrap_or_default();
                files.insert(to, times + usize::from(!is_same));
            }
        }
    }
    files.retain(|_, times| *times > 0);
    files
}

fn events(log: &[u8]) -> Vec<Event> {
    let mut fields = log
        .split(|byte| matches!(byte, 0 | 1))
        .map(<[u8]>::trim_ascii_start)
        .filter(|field| !field.is_empty());
    let mut found = Vec::new();
    while let Some(status) = fields.next() {
        let Some(path) = fields.next().map(crate::release::path) else {
            break;
        };
        let event = match status.first() {
            Some(b'A') => Event::Added(path),
            Some(b'D') => Event::Removed(path),
            Some(b'R' | b'C') => {
                let Some(to) = fields.next().map(crate::release::path) else {
                    break;
                };
                match status.first() {
                    Some(b'C') => Event::Added(to),
                    _renamed => Event::Renamed {
                        from: path,
                        to,
                        is_same: status.ends_with(b"100"),
                    },
                }
            }
            _modified => Event::Edited(path),
        };
        found.push(event);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(log: &str) -> Vec<(String, usize)> {
        edits(log.as_bytes())
            .into_iter()
            .map(|(path, times)| (path.display().to_string(), times))
            .collect()
    }

    #[test]
    fn an_edit_counts_and_the_commit_that_added_the_file_does_not() {
        let log = "\u{1}\0\0M\0a.sql\0\u{1}\0\0A\0a.sql\0A\0b.sql\0";
        assert_eq!(edited(log), [("a.sql".to_owned(), 1)]);
    }

    #[test]
    fn a_rename_carries_the_edits_along_and_is_none_itself() {
        let log = "\u{1}\0\0R100\0a.sql\0b.sql\0\u{1}\0\0M\0a.sql\0\u{1}\0\0A\0a.sql\0";
        assert_eq!(edited(log), [("b.sql".to_owned(), 1)]);
        let log = "\u{1}\0\0R100\0a.sql\0b.sql\0\u{1}\0\0A\0a.sql\0";
        assert_eq!(edited(log), []);
    }

    #[test]
    fn a_file_that_is_gone_is_not_reported() {
        let log = "\u{1}\0\0D\0a.sql\0\u{1}\0\0M\0a.sql\0\u{1}\0\0A\0a.sql\0";
        assert_eq!(edited(log), []);
    }
}
