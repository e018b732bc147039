//! SET UNLOGGED rewrites the table, and a crash will empty it.

use segue_model::{Persistence, TableChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-unlogged",
    summary: "SET UNLOGGED rewrites the table, and a crash will empty it",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
An unlogged table is emptied by every crash of the server, and does not exist on replicas: reads there fail, and \
a failover loses it. The change itself writes every row anew under ACCESS EXCLUSIVE.

Unlogged is for rows that can be computed again at any time. Create such a table anew, under its own name, and \
leave the one that holds data logged.

Source: PostgreSQL 17 manual, CREATE TABLE (UNLOGGED); measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users SET UNLOGGED;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("CREATE TABLE cache (id bigint PRIMARY KEY); ALTER TABLE cache SET UNLOGGED;"), Example::new("CREATE UNLOGGED TABLE cache (id bigint PRIMARY KEY);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::SetPersistence(Persistence::Unlogged) = change else {
            continue;
        };
        let table = &target.name;
        let is_already = asked
            .catalog()
            .table(table)
            .is_some_and(|known| known.persistence == Persistence::Unlogged);
        if !is_already && asked.stake(table).matters() {
            let message = format!(
                "from now on a crash empties {table} and replicas do not have it; every row is written anew for it"
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(table)
                    .with_lock()
                    .advice("leave it logged; make a new unlogged table for rows that can be computed again"),
            );
        }
    }
    hits
}
