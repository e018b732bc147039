//! An UPDATE sets the same column twice.

use segue_model::DataChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "duplicate-column-assignment",
    summary: "an UPDATE sets the same column twice",
    question: Question::Fails,
    group: Group::Running,
    page: "\
The server refuses it when it runs: \"multiple assignments to same column\". Nobody notices before, because the \
statement is valid SQL.

Decide which of the two values is meant, and set the column once.",
    bad: &[Example::new("UPDATE users SET age = 1, name = 'x', age = 2 WHERE id = 1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("UPDATE users SET age = 1, name = 'x' WHERE id = 1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Changes(Kind::Data, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.data_changes() {
        let DataChange::Update {
            table, assignments, ..
        } = change
        else {
            continue;
        };
        for (position, assignment) in assignments.iter().enumerate() {
            if assignments
                .iter()
                .take(position)
                .any(|earlier| earlier.column == assignment.column)
            {
                let message = format!(
                    "{} is set twice: the server refuses the statement",
                    crate::select::column(table, &assignment.column)
                );
                hits.push(
                    Hit::new(Severity::Error, message)
                        .on(table)
                        .advice("set it once"),
                );
            }
        }
    }
    hits
}
