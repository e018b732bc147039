//! A type change keeps the rows but builds the column's indexes again while nobody can read or write.

use segue_model::{Cause, ColumnChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-index-rebuild",
    summary: "a type change keeps the rows but builds the column's indexes again while nobody can read or write",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
Some changes keep every row as it is and still sort differently: text to citext, another COLLATE, timestamp to \
timestamptz. The indexes on the column are built again under ACCESS EXCLUSIVE.

The safe way: drop these indexes concurrently, change the type, build them again concurrently. Queries run \
without them in between.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(50) COLLATE \"C\";").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); CREATE INDEX users_email ON users (email);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(50) COLLATE \"C\";").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN email TYPE text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); CREATE INDEX users_email ON users (email);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetType { name, .. } = change else {
            continue;
        };
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        let rebuilt: Vec<String> = asked
            .answers
            .impact
            .work_for(Cause::SortOrderChange)
            .filter(|work| work.on == target.name)
            .filter_map(|work| {
                if let WorkKind::BuildIndex(index) = &work.kind {
                    Some(index.quoted())
                } else {
                    None
                }
            })
            .collect();
        if !rebuilt.is_empty() {
            let message = format!(
                "changing {} builds {} again while nobody can read or write the table",
                crate::select::column(&target.name, name),
                crate::wording::list(&rebuilt)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("drop these indexes concurrently, change the type, build them again concurrently"),
            );
        }
    }
    hits
}
