//! `.env`: variables in a file, as the tools of applications read them. The real environment wins.
//!
//! Only what says which database is meant is taken. Nothing in it is run, and nothing of it is ever shown.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{CliError, Code};

/// The file that is read when none is named.
const FILE: &str = ".env";

/// Variables of a file.
#[derive(Default)]
pub(crate) struct EnvFile {
    /// Whether somebody named the file.
    pub(crate) is_named: bool,
    /// Them.
    pub(crate) variables: BTreeMap<String, String>,
}

/// Reads the file that was named, or `.env` in the working directory when it is there.
///
/// # Errors
/// [`Code::Settings`] when a named file cannot be read.
pub(crate) fn read(named: Option<&Path>) -> Result<EnvFile, CliError> {
    let path = named.unwrap_or(Path::new(FILE));
    match (std::fs::read_to_string(path), named) {
        (Ok(text), _) => Ok(EnvFile {
            is_named: named.is_some(),
            variables: variables(&text),
        }),
        (Err(cause), Some(_)) => Err(CliError::new(
            Code::Settings,
            "the file of variables cannot be read",
            "correct `--env-file`, then run the same command again",
        )
        .at(path.display().to_string())
        .because(cause)),
        (Err(_), None) => Ok(EnvFile::default()),
    }
}

/// `NAME=value` lines; `export` before, quotes around and a comment behind are understood.
fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let is_name = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_name.then(|| (name.to_owned(), unquoted(value.trim())))
        })
        .collect()
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        let Some(rest) = value.strip_prefix(quote) else {
            continue;
        };
        if let Some(end) = rest.find(quote) {
            return rest.get(..end).unwrap_or_default().to_owned();
        }
    }
    let end = value.find(" #").unwrap_or(value.len());
    value.get(..end).unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn quotes_comments_and_export_are_understood_and_nothing_is_run() {
        let found = variables(
            "# a comment\nexport DATABASE_URL=\"postgres://a:b#c@h/d\"\nA='$(rm x)' # no\nB=plain # behind\nC=x#y\n\nnot a line\n1 2=3\n",
        );
        assert_eq!(found["DATABASE_URL"], "postgres://a:b#c@h/d");
        assert_eq!(found["A"], "$(rm x)");
        assert_eq!(found["B"], "plain");
        assert_eq!(found["C"], "x#y");
        assert_eq!(found.len(), 4);
    }
}
