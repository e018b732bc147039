//! Another access method rewrites the table while nobody can use it.

use segue_model::{Cause, TableChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-access-method",
    summary: "another access method rewrites the table while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`SET ACCESS METHOD` (PostgreSQL 15) writes every row into the new form of storage and builds every index again, \
under ACCESS EXCLUSIVE.

Create a table with the new access method beside it, keep it in step by a trigger, fill it in batches, and swap \
the names. When the table has that access method already nothing is written, and nothing is reported.

Source: PostgreSQL 17 manual, ALTER TABLE.",
    bad: &[Example::new("ALTER TABLE users SET ACCESS METHOD columnar;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE users SET ACCESS METHOD heap;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::SetAccessMethod(_) = change else {
            continue;
        };
        if asked.works(&target.name, &WorkKind::Rewrite, Cause::Storage)
            && let Some(severity) = asked.stake(&target.name).of_long_lock()
        {
            let message = format!(
                "SET ACCESS METHOD writes every row of {} anew while nobody can use it",
                target.name
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or(
                        "fill a new table with that access method in batches, and swap the names",
                    ),
            );
        }
    }
    hits
}
