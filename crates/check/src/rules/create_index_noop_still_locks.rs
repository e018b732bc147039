//! IF NOT EXISTS waits for the lock even when the index is there.

use segue_model::{Build, IndexChange, Presence};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "create-index-noop-still-locks",
    summary: "IF NOT EXISTS waits for the lock even when the index is there",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
`CREATE INDEX IF NOT EXISTS` takes SHARE on the table before it looks: it queues behind long writes, and later \
writers queue behind it, all for nothing when the index exists. And it does not look at the index: another \
definition, or an invalid one, is fine with it.

Ask the catalog first.

Source: measured on 15 and 18. No other linter reports it.",
    bad: &[Example::new("CREATE INDEX IF NOT EXISTS users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);")],
    good: &[Example::new("CREATE INDEX users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);")],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Create {
            index,
            build: Build::Blocking,
            presence: Presence::Lenient,
        } = change
        else {
            continue;
        };
        let name = index.table.sibling(index.name.ident().clone());
        if asked.catalog().index(&name).is_some() && asked.stake(&index.table).matters() {
            let message = format!(
                "{name} exists: IF NOT EXISTS does nothing, and waits for the lock on {} all the same",
                index.table
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&index.table)
                    .with_lock()
                    .advice("ask the catalog first, or remove the statement"),
            );
        }
    }
    hits
}
