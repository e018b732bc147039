//! A NOT NULL column without a default fails on a table with rows, and refuses inserts of running code.

use segue_model::{Fill, Nullability};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-required",
    summary: "a NOT NULL column without a default fails on a table with rows, and refuses inserts of running code",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
`ADD COLUMN … NOT NULL` without a default fails as soon as the table has one row. On an empty table it succeeds, \
and from then on every insert of code that does not know the column is refused.

The safe way: add it nullable, let the application write it, fill the old rows in batches, then make it NOT \
NULL. Or give it a constant default, which costs nothing.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN country text NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN country text NOT NULL DEFAULT 'de';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN country text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN number bigserial;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .added_columns()
        .into_iter()
        .filter(|added| added.column.nullability != Nullability::Nullable && added.column.fill == Fill::None)
        .map(|added| {
            let message = format!(
                "adding {} as NOT NULL without a default fails when the table has a row, and refuses inserts of code that does not know the column",
                added.shown()
            );
            Hit::new(Severity::Error, message)
                .on(added.table)
                .steps_or("add it nullable, let the application write it, fill the old rows in batches, then make it NOT NULL; or give it a constant default")
        })
        .collect()
}
