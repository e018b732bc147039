//! A type change is refused while something depends on the column.

use segue_model::{ColumnChange, RefusalReason};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-dependents",
    summary: "a type change is refused while something depends on the column",
    question: Question::Fails,
    group: Group::Columns,
    page: "\
The server refuses to change the type of a column that a view or rule, a row security policy, a generated \
column, a trigger (`UPDATE OF`, `WHEN`) or a publication's filter uses.

Drop and create what depends on it in the same transaction, or take the way of a new column.

Source: each measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); CREATE VIEW adults AS SELECT id, age FROM users;")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); CREATE VIEW named AS SELECT id, name FROM users;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetType { name, .. } = change else {
            continue;
        };
        for refusal in asked
            .answers
            .impact
            .refusals
            .iter()
            .filter(|refusal| refusal.reason == RefusalReason::Dependents)
        {
            let message = format!(
                "the type of {} cannot change: {}",
                crate::select::column(&target.name, name),
                refusal.message
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(&target.name)
                    .advice("drop what depends on the column and create it again in the same transaction, or use a new column"),
            );
        }
    }
    hits
}
