//! A renamed column breaks whichever version of the application comes second.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "rename-column",
    summary: "a renamed column breaks whichever version of the application comes second",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
From the moment of commit every statement that uses the old name fails; before it, every statement that uses the \
new one. No order of deployment helps while two versions run.

The safe way: add a column with the new name, keep both in step by a trigger, copy the old rows in batches, \
switch the code, then drop the old column.

A bridge that does not work: keeping the old name as a stored generated column writes the whole table anew under \
ACCESS EXCLUSIVE.",
    bad: &[Example::new("ALTER TABLE users RENAME COLUMN name TO full_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("CREATE TABLE users (id int, name text); ALTER TABLE users RENAME COLUMN name TO full_name;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::Rename { from, to } = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "renaming {from} on {} breaks code that still reads or writes it",
                target.name
            );
            let advice = format!(
                "add {to}, keep both in step by a trigger, copy in batches, switch the code, then drop {from}"
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(&target.name)
                    .with_lock()
                    .advice(advice),
            );
        }
    }
    hits
}
