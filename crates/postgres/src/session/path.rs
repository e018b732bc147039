//! Whose operators our own statements mean.
//!
//! The server's come first unless a search path names `pg_catalog` behind other namespaces: then `=` may be the user's. His
//! statements and expressions mean it so; ours never do. Source: PostgreSQL 17 manual, 5.10.3 and 5.10.5.

/// Whether a name of the user's may stand before the server's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// The server's stand first.
    Servers,
    /// The user's may.
    Shadowed,
}

impl Names {
    /// By the search path a session begins with.
    pub(super) fn by(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let first = path.split(',').next().unwrap_or_default();
        if path.contains("pg_catalog") && first.trim().trim_matches('"') != "pg_catalog" {
            Self::Shadowed
        } else {
            Self::Servers
        }
    }

    /// Behind a text of the user's, which may have set the path.
    pub(super) fn after(self, text: &str) -> Self {
        let sets = text.contains("search_path") || text.contains("SEARCH_PATH");
        if sets && text.to_ascii_lowercase().contains("pg_catalog") {
            Self::Shadowed
        } else {
            self
        }
    }

    /// Behind a statement with these values, one of which may be a path.
    pub(super) fn after_values(self, values: &[Option<&str>]) -> Self {
        match values {
            [Some("search_path"), Some(path)] if Self::by(path) == Self::Shadowed => Self::Shadowed,
            _ => self,
        }
    }
}

/// Whether a transaction is open, as far as our own statements open and end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transaction {
    None,
    Open,
}

impl Transaction {
    pub(super) fn after(self, text: &str) -> Self {
        let begins = text.starts_with("BEGIN");
        let ends = text.starts_with("COMMIT")
            || text.starts_with("ROLLBACK") && !text.starts_with("ROLLBACK TO")
            || begins && text.ends_with("COMMIT");
        if ends {
            Self::None
        } else if begins {
            Self::Open
        } else {
            self
        }
    }

    /// What puts the server's names first, and what puts the path back. In a transaction that is for the transaction, so
    /// that a path which the user sets in it is what stays.
    pub(super) fn own_path(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => (
                "SELECT pg_catalog.set_config('segue.path', pg_catalog.current_setting('search_path'), true), \
                 pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)",
                "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('segue.path'), true)",
            ),
            Self::None => (
                "SELECT pg_catalog.set_config('segue.path', pg_catalog.current_setting('search_path'), false), \
                 pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)",
                "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('segue.path'), false)",
            ),
        }
    }
}

/// True for a statement that names nothing but Segue's own tables and the server's (every other name is in quotes), and
/// neither reads nor makes settings, of which the path is one.
pub(super) fn is_only_ours(text: &str) -> bool {
    let names_others = text
        .split('\'')
        .step_by(2)
        .any(|outside| outside.contains('"'));
    let is_about_settings = [
        "set_config(",
        "pg_settings",
        "current_setting('search_path')",
    ]
    .iter()
    .any(|word| text.contains(word));
    !names_others && !is_about_settings
}

#[cfg(test)]
mod tests {
    use super::{Names, Transaction, is_only_ours};

    #[test]
    fn the_servers_names_are_shadowed_by_a_path_that_has_them_behind_others() {
        for path in [
            "\"$user\", public",
            "",
            "pg_catalog, own",
            "\"pg_catalog\", own",
        ] {
            assert_eq!(Names::by(path), Names::Servers, "{path}");
        }
        for path in ["own, pg_catalog", "public,PG_CATALOG"] {
            assert_eq!(Names::by(path), Names::Shadowed, "{path}");
        }
        let set = "SET search_path = own, pg_catalog";
        assert_eq!(Names::Servers.after(set), Names::Shadowed);
        assert_eq!(Names::Servers.after("SELECT 1"), Names::Servers);
        let values = [Some("search_path"), Some("own, pg_catalog")];
        assert_eq!(Names::Servers.after_values(&values), Names::Shadowed);
    }

    #[test]
    fn a_transaction_is_open_between_what_begins_and_what_ends_it() {
        let none = Transaction::None;
        assert_eq!(none.after("BEGIN"), Transaction::Open);
        assert_eq!(none.after("BEGIN;\nCREATE TABLE a ();\nCOMMIT"), none);
        assert_eq!(Transaction::Open.after("SELECT 1"), Transaction::Open);
        assert_eq!(Transaction::Open.after("ROLLBACK TO a"), Transaction::Open);
        assert_eq!(Transaction::Open.after("ROLLBACK"), none);
    }

    #[test]
    fn a_statement_with_a_name_in_quotes_is_not_only_ours() {
        assert!(is_only_ours("SELECT 'YYYY\"T\"' FROM segue.lease"));
        assert!(!is_only_ours("SELECT 1 FROM \"a\".\"b\""));
        assert!(!is_only_ours(
            "SELECT pg_catalog.set_config('a', 'b', true)"
        ));
    }
}
