//! A dropped database is gone with everything in it.

use segue_model::{Change, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "drop-database",
    summary: "a dropped database is gone with everything in it",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
`DROP DATABASE` removes every table of the database at once, needs no CASCADE, cannot run in a transaction and \
cannot be undone but from a backup. No migration of an application needs it.

Do it by hand, after a backup, on a server you have just looked at.

Source: PostgreSQL 17 manual, DROP DATABASE.",
    bad: &[Example::new("DROP DATABASE shop;").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE DATABASE shop;").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Other(other) = change else {
            continue;
        };
        if other.verb != "DROP DATABASE" {
            continue;
        }
        let name = other.name.as_ref().map_or_else(
            || "the database".to_owned(),
            |name| format!("database {name}"),
        );
        hits.push(
            Hit::new(
                Severity::Error,
                format!("dropping {name} loses every row in it"),
            )
            .advice("no migration needs this: do it by hand, after a backup"),
        );
    }
    hits
}
