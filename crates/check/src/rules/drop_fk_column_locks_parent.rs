//! Dropping a foreign key column locks the referenced table too.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-fk-column-locks-parent",
    summary: "dropping a foreign key column locks the referenced table too",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
With the column goes its foreign key, and that takes ACCESS EXCLUSIVE on the referenced table as well: its \
readers and writers wait, and the request queues behind every long query there.

The safe way: drop the foreign key alone, in a short transaction with a lock timeout and a retry, then drop the \
column.

Source: measured on 15 and 18. No other linter reports it.",
    bad: &[Example::new("ALTER TABLE orders DROP COLUMN user_id;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));")],
    good: &[Example::new("ALTER TABLE orders DROP COLUMN user_id;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::Drop { name, .. } = change else {
            continue;
        };
        let Some(table) = asked.catalog().table(&target.name) else {
            continue;
        };
        for (_, key) in table
            .foreign_keys()
            .filter(|(_, key)| key.columns.contains(name))
        {
            if asked.stake(&key.references).matters() && key.references != target.name {
                let message = format!(
                    "dropping {} drops its foreign key, which keeps readers and writers of {} waiting too",
                    crate::select::column(&target.name, name),
                    key.references
                );
                hits.push(
                    Hit::new(Severity::Warning, message)
                        .on(&key.references)
                        .with_lock()
                        .steps_or("drop the foreign key alone first, in a short transaction, then the column"),
                );
            }
        }
    }
    hits
}
