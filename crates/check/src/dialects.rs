//! Which rules speak of which dialect. Most rest on how PostgreSQL locks, rewrites and plans: said of another server they
//! would be lies, so a rule is silent there unless it stands here.

use crate::Rule;

/// Their facts are those of every dialect: what is lost, what breaks, what was read, how the project's files are.
const EVERYWHERE: &[&str] = &[
    "add-column-required",
    "contradicts-history",
    "drop-column",
    "drop-object",
    "drop-table",
    "irreversible-step",
    "non-idempotent",
    "non-linear-history",
    "opaque-sql",
    "rename-column",
    "secret-in-sql",
    "suppression-expired",
    "suppression-unused",
    "suppression-without-reason",
    "syntax-error",
    "tool-configuration",
    "unknown-directive",
    "unreadable-file",
];
/// On PostgreSQL each of these facts has a rule of its own.
const NOT_ON_POSTGRES: &[&str] = &["refused-statement"];

const POSTGRES: &str = "postgres";

/// Whether what a rule says is true of a dialect, by that dialect's name.
pub fn speaks_of(rule: &Rule, dialect: &str) -> bool {
    let is_in = |list: &[&str]| list.contains(&rule.code);
    if dialect == POSTGRES {
        !is_in(NOT_ON_POSTGRES)
    } else {
        is_in(EVERYWHERE) || is_in(NOT_ON_POSTGRES)
    }
}

#[cfg(test)]
mod tests {
    use super::{EVERYWHERE, NOT_ON_POSTGRES, speaks_of};

    #[test]
    fn every_code_is_one_of_a_rule() {
        for code in EVERYWHERE.iter().chain(NOT_ON_POSTGRES) {
            assert!(crate::rule(code).is_some(), "{code}");
        }
    }

    #[test]
    fn what_is_said_of_locks_of_postgresql_is_said_of_nothing_else() {
        let rule = crate::rule("create-index-blocking").unwrap();
        assert!(speaks_of(rule, "postgres"));
        assert!(!speaks_of(rule, "sqlite"));
    }
}
