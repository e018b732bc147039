//! An integer key runs out at 2,147,483,647.

use segue_model::{ConstraintKind, KeyColumns};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "int-primary-key",
    summary: "an integer key runs out at 2,147,483,647",
    question: Question::Fails,
    group: Group::Design,
    page: "\
A 32-bit key, fed by a sequence, is used up after two billion inserts, failed ones included. Widening it later \
writes the table and every table that references it; seven public outages had this cause.

Use `bigint` while the table is new: it costs four bytes a row.",
    bad: &[Example::new("CREATE TABLE t (id int PRIMARY KEY);"), Example::new("CREATE TABLE t (id serial PRIMARY KEY);")],
    good: &[Example::new("CREATE TABLE t (id bigint PRIMARY KEY);"), Example::new("CREATE TABLE t (code int, id bigint PRIMARY KEY);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, definition) in asked.created_tables() {
        for constraint in &definition.constraints {
            let ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) = &constraint.kind
            else {
                continue;
            };
            let [key] = columns.as_slice() else {
                continue;
            };
            let small = definition.columns.iter().find(|column| {
                &column.name == key
                    && (column.data_type.is_built_in("integer")
                        || column.data_type.is_built_in("smallint"))
            });
            if let Some(column) = small {
                let message = format!(
                    "key {} is {}: it runs out, and widening it later writes the table anew",
                    crate::select::column(table, key),
                    column.data_type
                );
                hits.push(
                    Hit::new(Severity::Note, message)
                        .on(table)
                        .advice("use bigint while the table is new"),
                );
            }
        }
    }
    hits
}
