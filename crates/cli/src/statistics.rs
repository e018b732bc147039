//! The statistics file: how large the tables of the real database are.
//!
//! A table that is not in it has an unknown size, which is never taken for small.

use std::collections::BTreeMap;
use std::path::Path;

use segue_model::{Ident, QualifiedName, TableSize};
use serde::Deserialize;

use crate::error::{CliError, Code};

/// The only version there is.
const VERSION: u32 = 1;
const NEXT: &str = "write it again with the query in docs/statistics.md";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    tables: BTreeMap<String, Size>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    rows: u64,
    bytes: Option<u64>,
}

/// Reads the file; `default_namespace` is where a bare name lives.
///
/// # Errors
/// [`Code::Statistics`] with the line where there is one.
pub(crate) fn read(
    path: &Path,
    default_namespace: &Ident,
) -> Result<BTreeMap<QualifiedName, TableSize>, CliError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CliError::new(Code::Statistics, "the statistics file cannot be read", NEXT)
            .at(&shown)
            .because(error)
    })?;
    parse(&text, default_namespace).map_err(|(what, place)| {
        CliError::new(Code::Statistics, what, NEXT).at(format!("{shown}{place}"))
    })
}

type Wrong = (String, String);

fn parse(
    text: &str,
    default_namespace: &Ident,
) -> Result<BTreeMap<QualifiedName, TableSize>, Wrong> {
    let file: File =
        serde_json::from_str(text.trim_start_matches('\u{FEFF}')).map_err(|error| {
            let place = format!(":{}:{}", error.line(), error.column());
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            (
                format!("the statistics file is not as it should be: {what}"),
                place,
            )
        })?;
    if file.version != VERSION {
        let what = format!(
            "the statistics file has version {}, and this Segue knows version {VERSION}",
            file.version
        );
        return Err((what, String::new()));
    }
    let mut sizes = BTreeMap::new();
    for (key, size) in file.tables {
        let name = name(&key, default_namespace)
            .ok_or_else(|| (format!("`{key}` is no name of a table"), String::new()))?;
        let size = TableSize {
            rows: size.rows,
            bytes: size.bytes,
        };
        sizes.insert(name, size);
    }
    Ok(sizes)
}

/// `table`, `namespace.table`, parts with other than small letters, digits and `_` in double quotes.
fn name(key: &str, default_namespace: &Ident) -> Option<QualifiedName> {
    let (first, rest) = part(key)?;
    if rest.is_empty() {
        return Some(QualifiedName {
            namespace: default_namespace.clone(),
            name: first,
        });
    }
    let (second, rest) = part(rest.strip_prefix('.')?)?;
    rest.is_empty().then_some(QualifiedName {
        namespace: first,
        name: second,
    })
}

/// One part of a name, and what follows it.
fn part(text: &str) -> Option<(Ident, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        let (bare, rest) = text.split_at_checked(end)?;
        let is_bare = !bare.is_empty() && !bare.contains('"');
        return is_bare.then(|| (Ident::new(bare), rest));
    };
    let mut stored = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter != '"' {
            stored.push(letter);
            continue;
        }
        let rest = quoted.get(at + 1..)?;
        if !rest.starts_with('"') {
            return (!stored.is_empty()).then(|| (Ident::new(stored), rest));
        }
        stored.push('"');
        letters.next();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> Ident {
        Ident::new("public")
    }

    #[test]
    fn names_may_be_bare_qualified_or_quoted() {
        assert_eq!(
            name("users", &public()),
            Some(QualifiedName::new("public", "users"))
        );
        assert_eq!(
            name("app.users", &public()),
            Some(QualifiedName::new("app", "users"))
        );
        assert_eq!(
            name("\"a.b\".\"c\"\"d\"", &public()),
            Some(QualifiedName::new("a.b", "c\"d"))
        );
        for wrong in ["", "a.", ".a", "a.b.c", "\"a", "\"\"", "a\"b"] {
            assert_eq!(name(wrong, &public()), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_with_and_without_bytes() {
        let text = r#"{"version": 1, "tables": {"public.users": {"rows": 41000000, "bytes": 8000}, "logs": {"rows": 1}}}"#;
        let sizes = parse(text, &public()).unwrap();
        let users = sizes[&QualifiedName::new("public", "users")];
        assert_eq!((users.rows, users.bytes), (41_000_000, Some(8000)));
        assert_eq!(sizes[&QualifiedName::new("public", "logs")].bytes, None);
    }

    #[test]
    fn another_version_and_an_unknown_key_are_refused() {
        let version = parse(r#"{"version": 2, "tables": {}}"#, &public()).unwrap_err();
        assert!(version.0.contains("version 2"), "{}", version.0);
        let key = parse("{\"version\": 1,\n \"tabels\": {}}", &public()).unwrap_err();
        assert!(key.0.contains("tabels"), "{}", key.0);
        assert!(key.1.starts_with(":2:"), "{}", key.1);
    }
}
