//! TRUNCATE empties a table at once.

use segue_model::{Change, DataChange, LossKind, LossNaming, destroys};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "truncate",
    summary: "TRUNCATE empties a table at once",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
`TRUNCATE` removes every row of the table, its partitions and its children, fires no row triggers, and takes \
ACCESS EXCLUSIVE until the transaction ends. Only a rollback or a backup brings the rows back.

When rows have to go, delete them in batches that keep the others reading, and keep what may be asked for again \
in an archive. Test data belongs into a seed script, not into a migration.

Source: PostgreSQL 17 manual, TRUNCATE; measured on 15 and 18.",
    bad: &[Example::new("TRUNCATE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("TRUNCATE TABLE events;").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    good: &[Example::new("CREATE TABLE draft (id int); TRUNCATE draft;"), Example::new("DELETE FROM orders WHERE code = 'x';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Data(DataChange::Truncate { .. }) = change else {
            continue;
        };
        for loss in destroys(change, asked.catalog()) {
            if let (LossKind::Rows, LossNaming::Named, Some(table)) =
                (loss.kind, loss.named, &loss.relation)
            {
                let message = format!("TRUNCATE loses every row of {table}");
                hits.push(
                    Hit::new(Severity::Error, message)
                        .on(table)
                        .with_lock()
                        .advice("delete the rows in batches, and keep in an archive what may be needed again"),
                );
            }
        }
    }
    hits
}
