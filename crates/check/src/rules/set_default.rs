//! Another default changes what running writers store.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "set-default",
    summary: "another default changes what running writers store",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
Inserts of running code that leave the column out store the new default from now on. ORMs that write only \
changed columns rely on defaults more often than their users know.

It affects new rows only and is metadata only. Deploy code that does not depend on the default first.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    good: &[Example::new("CREATE TABLE users (age int); ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::SetDefault { name, .. } = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "inserts of running code that leave {} out store another value from now on",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("deploy code that does not depend on the default first"),
            );
        }
    }
    hits
}
