//! SET LOGGED rewrites the table while nobody can use it.

use segue_model::{Cause, Persistence, TableChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-logged",
    summary: "SET LOGGED rewrites the table while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`SET LOGGED` writes the whole table into the write-ahead log and builds every index again, under ACCESS \
EXCLUSIVE: readers and writers wait.

Create a logged table beside it, keep it in step by a trigger, fill it in batches, and swap the names in one \
short transaction. On a table that is logged already the statement does nothing, and is not reported.

Source: PostgreSQL 17 manual, ALTER TABLE; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE cache SET LOGGED;").after("CREATE UNLOGGED TABLE cache (id bigint PRIMARY KEY, line text);")],
    good: &[Example::new("ALTER TABLE users SET LOGGED;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE UNLOGGED TABLE cache (id bigint PRIMARY KEY); ALTER TABLE cache SET LOGGED;")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::SetPersistence(Persistence::Permanent) = change else {
            continue;
        };
        if asked.works(&target.name, &WorkKind::Rewrite, Cause::Storage)
            && let Some(severity) = asked.stake(&target.name).of_long_lock()
        {
            let message = format!(
                "SET LOGGED writes every row of {} anew while nobody can use it",
                target.name
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("fill a new logged table in batches, and swap the names"),
            );
        }
    }
    hits
}
