//! One statement changes every row of a table.

use segue_model::{DataChange, Reach};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "unbatched-dml",
    summary: "one statement changes every row of a table",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
One UPDATE or DELETE over a whole table locks every row until it commits, writes the table a second time \
(bloat), and sends all of it to the replicas at once. A DELETE without WHERE takes everything.

Change the rows in batches by key, each its own transaction, and let the server breathe between them: `segue \
backfill`.",
    bad: &[Example::new("UPDATE users SET age = age + 1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("DELETE FROM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("UPDATE users SET age = 1 WHERE id = 5;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("CREATE TABLE t (a int); UPDATE t SET a = 1;")],
    ask: Ask::Changes(Kind::Data, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.data_changes() {
        let (table, reach, what) = match change {
            DataChange::Update { table, reach, .. } => (table, reach, "updates"),
            DataChange::Delete { table, reach, .. } => (table, reach, "deletes"),
            DataChange::Insert { .. }
            | DataChange::Merge { .. }
            | DataChange::Truncate { .. }
            | DataChange::CopyIn { .. }
            | DataChange::CopyOut { .. }
            | DataChange::Select(_)
            | DataChange::SetSequenceValue(_) => continue,
        };
        let stake = asked.stake(table);
        if let (Reach::All, Some(severity)) = (reach, stake.of_long_lock()) {
            let severity = severity.min(Severity::Warning);
            let message = format!(
                "one statement {what} every row of {table} ({}): its rows stay locked until it commits",
                stake.words()
            );
            hits.push(
                Hit::new(severity, message)
                    .on(table)
                    .steps_or("change the rows in batches by key, each in its own transaction"),
            );
        }
    }
    hits
}
