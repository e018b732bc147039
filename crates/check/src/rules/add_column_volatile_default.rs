//! A default that differs from row to row writes the whole table anew.

use segue_model::{Cause, Fill, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-volatile-default",
    summary: "a default that differs from row to row writes the whole table anew",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`ADD COLUMN … DEFAULT f()` computes a value for every row when `f` is volatile (`random()`, `gen_random_uuid()`, \
`clock_timestamp()`). The table and all its indexes are written anew under ACCESS EXCLUSIVE: nobody reads or \
writes until that is done.

Constant and stable defaults (`5`, `'x'`, `now()`) have cost nothing since PostgreSQL 11: the value is kept \
once, in the catalog. They are not reported.

The safe way: add the column without a default, set the default for new rows, fill the old rows in batches, and \
then, if it has to be NOT NULL, make it so by the recipe of `set-not-null`.

Source: PostgreSQL 17 manual, ALTER TABLE, notes; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN seen timestamptz NOT NULL DEFAULT clock_timestamp();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN a int DEFAULT 1, ADD COLUMN b float8 DEFAULT random();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN created timestamptz NOT NULL DEFAULT now();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN a int DEFAULT -1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN a int DEFAULT (1);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN a text DEFAULT lower('A');").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN a timestamp DEFAULT timezone('utc', now());").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN a timestamptz DEFAULT pg_catalog.now();").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("CREATE TABLE users (id int); ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        let Fill::Default(_) = &added.column.fill else {
            continue;
        };
        let Some(severity) = asked.stake(added.table).of_long_lock() else {
            continue;
        };
        if !asked.works(added.table, &WorkKind::Rewrite, Cause::VolatileDefault) {
            continue;
        }
        let message = format!(
            "adding {} with a volatile default writes every row anew and rebuilds every index",
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
