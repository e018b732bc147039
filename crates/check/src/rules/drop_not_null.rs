//! Without NOT NULL, readers start to see null.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-not-null",
    summary: "without NOT NULL, readers start to see null",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
Code that was written against NOT NULL does not expect null: it fails on it, or shows it. The first null arrives \
whenever a writer feels like it, perhaps weeks later.

Deploy code that tolerates null first. The statement itself is metadata only.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN age DROP NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ALTER COLUMN age SET NOT NULL;")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN age SET DEFAULT 1;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::DropNotNull(name) = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "{} accepts null from now on: readers written for NOT NULL may fail on it",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("deploy code that tolerates null first"),
            );
        }
    }
    hits
}
