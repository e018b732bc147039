//! REFERENCES beside a new column with a default checks every row of both tables.

use segue_model::{Cause, ConstraintKind, Fill, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-fk-with-default",
    summary: "REFERENCES beside a new column with a default checks every row of both tables",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
With a default, every existing row gets a value that must exist in the referenced table. The check runs under \
ACCESS EXCLUSIVE on the table and SHARE ROW EXCLUSIVE on the referenced one: readers and writers of the one, and \
writers of the other, wait until all rows are checked.

The safe way: add the column with its default, then the foreign key `NOT VALID`, then `VALIDATE CONSTRAINT` in a \
transaction of its own.",
    bad: &[Example::new("ALTER TABLE orders ADD COLUMN user_id bigint DEFAULT 1 REFERENCES users (id);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE TABLE orders (id bigint PRIMARY KEY);")],
    good: &[Example::new("ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE TABLE orders (id bigint PRIMARY KEY);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        for constraint in added.constraints {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else {
                continue;
            };
            let Some(severity) = asked.stake(added.table).of_long_lock() else {
                continue;
            };
            if added.column.fill == Fill::None
                || !asked.works(added.table, &WorkKind::Scan, Cause::ForeignKey)
            {
                continue;
            }
            let message = format!(
                "adding {} with a default and REFERENCES checks every row against {} under lock",
                added.shown(),
                key.references
            );
            hits.push(
                Hit::new(severity, message)
                    .on(added.table)
                    .with_lock()
                    .steps_or("add the column with its default, then the foreign key NOT VALID, then validate it"),
            );
        }
    }
    hits
}
