//! IF NOT EXISTS accepts the invalid index that a failed build left behind.

use segue_model::{Build, IndexChange, Presence, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "concurrently-if-not-exists",
    summary: "IF NOT EXISTS accepts the invalid index that a failed build left behind",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
A concurrent build that fails (a lock timeout, a duplicate, a killed session) leaves an index that is INVALID: \
it costs every write and serves no query. `CREATE INDEX CONCURRENTLY IF NOT EXISTS` then finds the name, prints \
a notice, and succeeds: the migration counts as done and the index is never usable.

Leave `IF NOT EXISTS` out. Before a retry, read `pg_index.indisvalid`, drop the leftover with `DROP INDEX \
CONCURRENTLY`, build again, and check that it is valid.

Source: reproduced on 15 and 18. Other linters recommend IF NOT EXISTS here.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        if let IndexChange::Create {
            index,
            build: Build::Concurrently,
            presence: Presence::Lenient,
        } = change
        {
            let message = format!(
                "if an earlier build of {} failed, IF NOT EXISTS keeps the invalid index and reports success",
                index.name.ident()
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&index.table)
                    .advice("leave IF NOT EXISTS out; before a retry drop an index that is not valid with DROP INDEX CONCURRENTLY"),
            );
        }
    }
    hits
}
