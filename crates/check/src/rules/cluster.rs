//! CLUSTER rewrites the table while nobody can use it.

use segue_model::{MaintenanceChange, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "cluster",
    summary: "CLUSTER rewrites the table while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`CLUSTER` writes the table anew in the order of an index and builds every index again, under ACCESS EXCLUSIVE. \
The order is lost again with the next writes.

`pg_repack --order-by` does the same beside the application. `ALTER TABLE … CLUSTER ON` only marks the index and \
is harmless.

Source: PostgreSQL 17 manual, CLUSTER; measured on 15 and 18.",
    bad: &[Example::new("CLUSTER users USING users_pkey;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CLUSTER;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("ALTER TABLE users CLUSTER ON users_pkey;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE TABLE draft (id int PRIMARY KEY); CLUSTER draft USING draft_pkey;")],
    ask: Ask::Changes(Kind::Maintenance, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.maintenance() {
        let MaintenanceChange::Cluster { table, .. } = change else {
            continue;
        };
        let advice = "pg_repack --order-by does it beside the application";
        let Some(table) = table else {
            let message = "CLUSTER writes every table that was clustered before anew, each while nobody can use it";
            hits.push(Hit::new(Severity::Error, message).advice(advice));
            continue;
        };
        if let Some(severity) = asked.stake(table).of_long_lock() {
            let message =
                format!("CLUSTER writes every row of {table} anew while nobody can use it");
            hits.push(
                Hit::new(severity, message)
                    .on(table)
                    .with_lock()
                    .advice(advice),
            );
        }
    }
    hits
}
