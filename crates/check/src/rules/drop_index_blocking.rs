//! DROP INDEX locks the table against readers and writers.

use segue_model::{Build, IndexChange, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-index-blocking",
    summary: "DROP INDEX locks the table against readers and writers",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
`DROP INDEX` takes ACCESS EXCLUSIVE on the table as well as on the index. It is over in a moment once it has the \
lock, but while it waits for a long query, every later query waits behind it.

`DROP INDEX CONCURRENTLY`, outside a transaction, takes SHARE UPDATE EXCLUSIVE on the table.

Source: measured on 15 and 18.",
    bad: &[Example::new("DROP INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);")],
    good: &[Example::new("DROP INDEX CONCURRENTLY users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);").wrapped(Wrapping::Autocommit), Example::new("CREATE TABLE t (a int); CREATE INDEX t_a ON t (a); DROP INDEX t_a;")],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Drop { name, build, .. } = change else {
            continue;
        };
        let Some(index) = asked.catalog().index(name) else {
            if *build == Build::Blocking {
                let message =
                    format!("dropping {name} locks its table against readers and writers");
                hits.push(
                    Hit::new(Severity::Warning, message)
                        .steps_or("DROP INDEX CONCURRENTLY, outside a transaction"),
                );
            }
            continue;
        };
        let table = &index.definition.table;
        if !asked.stake(table).matters() {
            continue;
        }
        if *build == Build::Blocking {
            let message = format!("dropping {name} locks {table} against readers and writers");
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(table)
                    .with_lock()
                    .steps_or("DROP INDEX CONCURRENTLY, outside a transaction"),
            );
        }
    }
    hits
}
