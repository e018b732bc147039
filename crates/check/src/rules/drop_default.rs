//! Without its default, inserts that leave the column out store null or fail.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-default",
    summary: "without its default, inserts that leave the column out store null or fail",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
Inserts of running code that leave the column out store null from now on, or fail where it is NOT NULL. ORMs \
that write only changed columns rely on defaults more often than their users know.

Deploy code that always writes the column first.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN age DROP DEFAULT;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;")],
    good: &[Example::new("CREATE TABLE users (age int DEFAULT 1); ALTER TABLE users ALTER COLUMN age DROP DEFAULT;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::DropDefault(name) = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "inserts of running code that leave {} out store null, or fail where it is NOT NULL",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("deploy code that always writes the column first"),
            );
        }
    }
    hits
}
