//! `cargo xtask docs`: writes `docs/generated` from code, or checks that it is current.
//!
//! The pages come from the binary itself, so they cannot say anything else than it does.

use crate::arguments::Arguments;
use crate::run;
use crate::talk::say;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The hidden command of the binary that writes pages into a directory.
const COMMAND: &str = "generate-docs";

/// Writes pages into a directory.
type Generator = fn(&Path) -> Result<()>;

/// Everything that writes into `docs/generated`.
const GENERATORS: &[Generator] = &[pages_of_the_binary];

/// Runs the verb.
///
/// # Errors
/// When a page cannot be generated or, with `--check`, is stale.
pub(crate) fn docs(arguments: &Arguments) -> Result<()> {
    let read = arguments.read(&["--check"], &[])?;
    if read.has("--check") {
        return check();
    }
    if !is_available()? {
        return Ok(());
    }
    let fresh = generate()?;
    let place = committed();
    for (path, bytes) in files(fresh.path())? {
        let target = place.join(&path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        if std::fs::read(&target).ok().as_ref() != Some(&bytes) {
            std::fs::write(&target, &bytes)?;
            say(&format!("wrote docs/generated/{}", path.display()));
        }
    }
    for path in files(&place)?.into_keys() {
        if !fresh.path().join(&path).exists() {
            std::fs::remove_file(place.join(&path))?;
            say(&format!("removed docs/generated/{}", path.display()));
        }
    }
    Ok(())
}

/// Compares the committed pages with fresh ones.
///
/// # Errors
/// When a page is stale, missing or too many.
pub(crate) fn check() -> Result<()> {
    if !is_available()? {
        return Ok(());
    }
    let fresh = generate()?;
    let stale = stale(&files(&committed())?, &files(fresh.path())?);
    if stale.is_empty() {
        say("docs/generated is current");
        return Ok(());
    }
    bail!(
        "docs/generated is not current:\n  {}\nnext: `cargo xtask docs`, then commit the result",
        stale.join("\n  ")
    )
}

fn committed() -> PathBuf {
    crate::root().join("docs/generated")
}

/// What differs, a line a page.
fn stale(committed: &Pages, fresh: &Pages) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, bytes) in fresh {
        match committed.get(path) {
            None => lines.push(format!("missing {}", path.display())),
            Some(old) if old != bytes => lines.push(format!("stale {}", path.display())),
            Some(_) => {}
        }
    }
    for path in committed.keys().filter(|path| !fresh.contains_key(*path)) {
        lines.push(format!("no longer generated {}", path.display()));
    }
    lines
}

/// Whether the binary knows the command; says so when not.
fn is_available() -> Result<bool> {
    let mut sources = Vec::new();
    rust_sources(&crate::root().join("crates/cli/src"), &mut sources)?;
    for path in sources {
        if std::fs::read_to_string(&path)?.contains(COMMAND) {
            return Ok(true);
        }
    }
    say(&format!(
        "the binary has no `{COMMAND}` yet, nothing to generate"
    ));
    Ok(false)
}

fn rust_sources(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn generate() -> Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    for generator in GENERATORS {
        generator(place.path())?;
    }
    Ok(place)
}

fn pages_of_the_binary(place: &Path) -> Result<()> {
    let words = ["run", "--quiet", "-p", "segue-cli", "--", COMMAND];
    run::output(run::cargo(&words).arg(place)).map(drop)
}

/// Relative path and content of every page.
type Pages = BTreeMap<PathBuf, Vec<u8>>;

/// Every file below `place`; none when it does not exist.
fn files(place: &Path) -> Result<Pages> {
    let mut found = Pages::new();
    let mut open = vec![place.to_path_buf()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path)
                    .with_context(|| format!("could not read {}", path.display()))?;
                found.insert(path.strip_prefix(place)?.to_path_buf(), bytes);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Pages, stale};

    fn pages(list: &[(&str, &str)]) -> Pages {
        let page = |(path, text): &(&str, &str)| (path.into(), text.as_bytes().to_vec());
        list.iter().map(page).collect()
    }

    #[test]
    fn a_changed_a_missing_and_a_left_over_page_are_named() {
        let committed = pages(&[("a.md", "old"), ("gone.md", "x"), ("same.md", "s")]);
        let fresh = pages(&[("a.md", "new"), ("b.md", "x"), ("same.md", "s")]);
        let lines = ["stale a.md", "missing b.md", "no longer generated gone.md"];
        assert_eq!(stale(&committed, &fresh), lines);
    }
}
