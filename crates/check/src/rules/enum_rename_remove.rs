//! A renamed enum label is unknown to running code.

use segue_model::{Change, TypeChange, breaks};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "enum-rename-remove",
    summary: "a renamed enum label is unknown to running code",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
`RENAME VALUE` changes every stored value at once: running code that writes the old label fails, and code that \
reads the rows meets a label it does not know. PostgreSQL cannot remove a label at all.

Add the new label, deploy code that reads both and writes the new one, move the rows in batches, and stop using \
the old label; it may stay in the type.

Source: PostgreSQL 17 manual, ALTER TYPE.",
    bad: &[Example::new("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);")],
    good: &[Example::new("ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Type(name, TypeChange::RenameValue { from, to }) = change else {
            continue;
        };
        if !breaks(change, asked.catalog()).is_empty() {
            let message = format!(
                "running code that writes '{from}' of {name} fails, and code that reads it meets '{to}'"
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .advice("add the new label, deploy code that knows both, move the rows, and stop using the old one"),
            );
        }
    }
    hits
}
