//! Json has no equality: DISTINCT, GROUP BY and UNION fail.

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-json",
    summary: "json has no equality: DISTINCT, GROUP BY and UNION fail",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
The type `json` has no equality operator. Once a table has such a column, `SELECT DISTINCT`, `GROUP BY` and \
`UNION` over its rows fail, also in queries that never cared for the column (`SELECT DISTINCT *`, an ORM's \
`distinct`).

Use `jsonb`, which has one, unless the exact text, its white space and the order of its keys must be kept.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN settings json;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN settings jsonb;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .added_columns()
        .into_iter()
        .filter(|added| added.column.data_type.is_built_in("json"))
        .map(|added| {
            let message = format!(
                "{} is json: SELECT DISTINCT, GROUP BY and UNION over the table's rows fail",
                added.shown()
            );
            Hit::new(Severity::Warning, message)
                .on(added.table)
                .advice("use jsonb, which has equality")
        })
        .collect()
}
