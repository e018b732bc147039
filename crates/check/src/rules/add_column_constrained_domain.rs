//! A column of a domain with constraints writes the whole table anew.

use segue_model::{Cause, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-constrained-domain",
    summary: "a column of a domain with constraints writes the whole table anew",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
A domain may refuse null or check its values, so the server computes the new column's value for every row, even \
when it is null everywhere: the table and all its indexes are written anew under ACCESS EXCLUSIVE.

The safe way: use the domain's base type, and put the condition on the table as a CHECK that is added NOT VALID \
and then validated.

Source: measured on 15 and 18. No other linter reports it.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN score positive;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE DOMAIN positive AS int CHECK (VALUE > 0);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN score plain DEFAULT 1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE DOMAIN plain AS int;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        let Some(severity) = asked.stake(added.table).of_long_lock() else {
            continue;
        };
        if !asked.works(added.table, &WorkKind::Rewrite, Cause::ConstrainedDomain) {
            continue;
        }
        let message = format!(
            "adding {} of a domain with constraints writes every row anew, even without a default",
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
