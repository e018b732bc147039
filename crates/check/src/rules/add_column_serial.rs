//! A serial column writes the whole table anew.

use segue_model::{Cause, Fill, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-serial",
    summary: "a serial column writes the whole table anew",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`serial` and `bigserial` are a sequence with `nextval()` as the default, and `nextval()` is volatile: every row \
gets its number while the table is locked with ACCESS EXCLUSIVE.

The safe way: add a plain `bigint` column, create a sequence owned by it, set the default for new rows, fill the \
old ones in batches, then make it NOT NULL.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN number bigserial;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN number bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        if added.column.fill != Fill::Serial {
            continue;
        }
        let Some(severity) = asked.stake(added.table).of_long_lock() else {
            continue;
        };
        if !asked.works(added.table, &WorkKind::Rewrite, Cause::Serial) {
            continue;
        }
        let message = format!(
            "adding {} as serial numbers every row: the table is written anew and every index rebuilt",
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
