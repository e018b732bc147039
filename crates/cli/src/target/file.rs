//! Addresses of SQLite files: `sqlite:app.db`, `sqlite:///srv/app.db`, `file:./app.db`, `app.db`.

use std::path::PathBuf;

/// What such an address begins with.
const SCHEMES: &[&str] = &["sqlite:", "sqlite3:", "file:"];
/// What a path without a scheme ends with.
const ENDINGS: &[&str] = &[".db", ".db3", ".sqlite", ".sqlite3"];
/// How the file is opened is decided here: these say nothing else.
const MODES: &[&str] = &["mode=rw", "mode=rwc"];

/// The path of an address that is one of a file, or why it is not understood; none for another kind of address.
pub(super) fn path(text: &str) -> Option<Result<PathBuf, String>> {
    let scheme = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
    let Some(rest) = scheme else {
        let is_path = !text.contains("://") && !text.contains('=');
        let is_named = ENDINGS.iter().any(|ending| text.ends_with(ending));
        return (is_path && is_named).then(|| Ok(PathBuf::from(text)));
    };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Some(in_url(path, query))
}

fn in_url(path: &str, query: &str) -> Result<PathBuf, String> {
    if let Some(other) = query
        .split('&')
        .find(|part| !part.is_empty() && !MODES.contains(part))
    {
        return Err(format!("`{other}` is not understood"));
    }
    if path.is_empty() || path == ":memory:" {
        return Err("a database in memory is gone when the command ends: name a file".to_owned());
    }
    decoded(path)
        .map(PathBuf::from)
        .ok_or_else(|| "what follows a `%` is no character".to_owned())
}

/// `%20` is a space.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut parts = path.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::path;
    use std::path::PathBuf;

    #[test]
    fn an_address_of_a_file_is_its_path() {
        for (text, expected) in [
            ("sqlite:app.db", "app.db"),
            ("sqlite://app.db", "app.db"),
            ("sqlite:///srv/app.db", "/srv/app.db"),
            ("sqlite:/srv/app.db", "/srv/app.db"),
            ("sqlite3:data/app", "data/app"),
            ("file:./dev.db", "./dev.db"),
            ("sqlite:///a%20b.db?mode=rwc", "/a b.db"),
            ("./app.sqlite3", "./app.sqlite3"),
        ] {
            assert_eq!(path(text), Some(Ok(PathBuf::from(expected))), "{text}");
        }
    }

    #[test]
    fn an_address_of_a_server_is_none_of_a_file() {
        for text in [
            "",
            "postgres://app@localhost/shop.db",
            "host=localhost dbname=shop.db",
            "shop",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_and_not_guessed() {
        for text in [
            "sqlite::memory:",
            "sqlite:",
            "sqlite:a.db?cache=shared",
            "sqlite:%zz",
        ] {
            assert!(path(text).unwrap().is_err(), "{text}");
        }
    }
}
