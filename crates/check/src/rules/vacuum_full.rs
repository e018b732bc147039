//! VACUUM FULL rewrites the table while nobody can use it.

use segue_model::{MaintenanceChange, VacuumMode, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "vacuum-full",
    summary: "VACUUM FULL rewrites the table while nobody can use it",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`VACUUM FULL` writes the table anew and builds every index again, under ACCESS EXCLUSIVE. Readers and writers \
wait for all of it, and it needs as much free disk as the table has rows.

Plain `VACUUM` makes the space usable again and blocks nobody. To give it back to the disk, `pg_repack` works \
beside the application.

Source: PostgreSQL 17 manual, VACUUM; measured on 15 and 18.",
    bad: &[Example::new("VACUUM FULL users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit), Example::new("VACUUM (FULL, ANALYZE) users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit), Example::new("VACUUM FULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("VACUUM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit), Example::new("VACUUM (ANALYZE) users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Changes(Kind::Maintenance, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.maintenance() {
        let MaintenanceChange::Vacuum {
            tables,
            mode: VacuumMode::Full,
        } = change
        else {
            continue;
        };
        let advice = "VACUUM without FULL frees the space for reuse; pg_repack gives it back to the disk beside the application";
        if tables.is_empty() {
            let message =
                "VACUUM FULL writes every table of the database anew, each while nobody can use it";
            hits.push(Hit::new(Severity::Error, message).advice(advice));
        }
        for table in tables {
            if let Some(severity) = asked.stake(table).of_long_lock() {
                let message =
                    format!("VACUUM FULL writes every row of {table} anew while nobody can use it");
                hits.push(
                    Hit::new(severity, message)
                        .on(table)
                        .with_lock()
                        .advice(advice),
                );
            }
        }
    }
    hits
}
