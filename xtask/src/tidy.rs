//! House rules that the compiler does not know.
//!
//! Reads the repository's own files (what git tracks or would track) and judges their text; it
//! changes nothing. Every check is a function from text to complaints, so each has its test.

mod imports;
mod source;

use crate::run;
use crate::talk::say;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// A file of the repository, read.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) content: String,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    /// The file.
    pub(crate) path: String,
    /// Counted from 1; 0 when the whole file is meant.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) what: String,
}

/// A question asked of all files together.
type Check = fn(&[Text]) -> Vec<Complaint>;

/// Every check, in the order of its complaints.
const CHECKS: &[Check] = &[
    source::length,
    source::banned_module_names,
    source::banned_words,
    source::forbidden_marks,
    source::printing,
    source::parser_imports,
    source::orphans,
    imports::crates,
];

/// Runs all checks and prints what they complain about.
///
/// # Errors
/// When there is a complaint, or the files cannot be listed.
pub(crate) fn run(root: &Path) -> Result<()> {
    let texts = texts(root)?;
    let complaints = complaints(&texts);
    for complaint in &complaints {
        let Complaint { path, line, what } = complaint;
        if *line == 0 {
            say(&format!("{path}: {what}"));
        } else {
            say(&format!("{path}:{line}: {what}"));
        }
    }
    if complaints.is_empty() {
        say(&format!("{} files are tidy", texts.len()));
        return Ok(());
    }
    bail!("{} complaints of tidy", complaints.len())
}

/// What all checks complain about.
pub(crate) fn complaints(texts: &[Text]) -> Vec<Complaint> {
    CHECKS.iter().flat_map(|check| check(texts)).collect()
}

/// Every text file that git tracks or would track.
fn texts(root: &Path) -> Result<Vec<Text>> {
    let mut list = Command::new("git");
    list.current_dir(root).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let mut paths: Vec<String> = match run::output(&mut list) {
        Ok(paths) => paths.split_terminator('\0').map(str::to_owned).collect(),
        // A copy without its history, or of another user's.
        Err(_) => walk(root)?,
    };
    paths.sort();
    paths.dedup();
    let read = |path: String| {
        // A file that is deleted but not yet committed, or no text.
        let content = std::fs::read_to_string(root.join(&path)).ok()?;
        Some(Text { path, content })
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

/// Every file below `root` but what is built and what git keeps.
fn walk(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let path = entry?.path();
            let inside = path.strip_prefix(root)?.to_string_lossy().into_owned();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && !path.is_symlink() && name != "target" && name != ".git" {
                open.push(path);
            } else if path.is_file() {
                found.push(inside);
            }
        }
    }
    Ok(found)
}

/// A complaint for each line that `is_wrong`.
fn lines_where(text: &Text, what: &str, is_wrong: impl Fn(&str) -> bool) -> Vec<Complaint> {
    let wrong = text
        .content
        .lines()
        .enumerate()
        .filter(|(_, line)| is_wrong(line));
    wrong
        .map(|(index, _)| Complaint {
            path: text.path.clone(),
            line: index + 1,
            what: what.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{texts, walk};

    #[test]
    fn a_copy_without_history_is_judged_all_the_same() {
        let place = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(place.path().join("target")).expect("made");
        std::fs::create_dir_all(place.path().join("src")).expect("made");
        for path in ["src/a.rs", "target/b.rs", "c.md"] {
            std::fs::write(place.path().join(path), "x").expect("written");
        }
        let mut paths = walk(place.path()).expect("walked");
        paths.sort();
        assert_eq!(paths, ["c.md", "src/a.rs"]);
        assert_eq!(texts(place.path()).expect("read").len(), 2);
    }
}
