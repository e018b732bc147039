//! Storage and compression change for new values only.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-storage-compression",
    summary: "storage and compression change for new values only",
    question: Question::Advises,
    group: Group::Columns,
    page: "\
`SET STORAGE` and `SET COMPRESSION` take ACCESS EXCLUSIVE for a moment and change the catalog only: values that \
are stored already stay as they are until their rows are written again.

Run it with a short lock timeout, and do not expect the table to shrink.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN name SET STORAGE EXTERNAL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN name SET COMPRESSION lz4;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    good: &[Example::new("CREATE TABLE users (name text); ALTER TABLE users ALTER COLUMN name SET STORAGE EXTERNAL;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::SetStorage(name) | ColumnChange::SetCompression(name) = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "{} is stored in the new way for new values only: what is there stays as it is",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .with_lock(),
            );
        }
    }
    hits
}
