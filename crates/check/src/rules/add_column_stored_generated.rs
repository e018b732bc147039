//! A stored generated column writes the whole table anew.

use segue_model::{Cause, Fill, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-stored-generated",
    summary: "a stored generated column writes the whole table anew",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`GENERATED ALWAYS AS (…) STORED` computes a value for every row: the table and all its indexes are written anew \
under ACCESS EXCLUSIVE.

PostgreSQL 18 can compute the value when it is read (`VIRTUAL`), which costs nothing to add; such a column \
cannot be indexed. Otherwise: a plain column, a trigger that fills it, and a backfill in batches.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN lower_name text GENERATED ALWAYS AS (lower(name)) STORED;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN lower_name text GENERATED ALWAYS AS (lower(name)) VIRTUAL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        let Fill::Stored(_) = &added.column.fill else {
            continue;
        };
        let Some(severity) = asked.stake(added.table).of_long_lock() else {
            continue;
        };
        if !asked.works(added.table, &WorkKind::Rewrite, Cause::StoredGenerated) {
            continue;
        }
        let message = format!(
            "adding {} as a stored generated column writes every row anew and rebuilds every index",
            added.shown()
        );
        hits.push(
            Hit::new(severity, message)
                .on(added.table)
                .with_lock()
                .steps_or(
                    "add the column without it, fill it in batches, then make it what it should be",
                ),
        );
    }
    hits
}
