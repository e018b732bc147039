//! Dropping a column silently drops every index and constraint that uses it.

use segue_model::{ColumnChange, LossKind, LossNaming};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-column-with-index",
    summary: "dropping a column silently drops every index and constraint that uses it",
    question: Question::Loses,
    group: Group::Columns,
    page: "\
`DROP COLUMN` takes along every index and constraint that uses the column, those over several columns too. \
Queries that another column of such an index served become slow, a unique constraint over two columns is gone, \
and the indexes are locked with ACCESS EXCLUSIVE.

Build the replacement index concurrently first, drop the old one concurrently, then drop the column.",
    bad: &[Example::new("ALTER TABLE users DROP COLUMN age;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE INDEX users_name_age ON users (name, age);"), Example::new("ALTER TABLE users DROP COLUMN age;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); ALTER TABLE users ADD CONSTRAINT one UNIQUE (name, age);")],
    good: &[Example::new("ALTER TABLE users DROP COLUMN age;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::Drop { name, .. } = change else {
            continue;
        };
        if !asked.stake(&target.name).matters() {
            continue;
        }
        let along: Vec<String> = asked
            .answers
            .destroys
            .iter()
            .filter(|loss| loss.kind == LossKind::Structure && loss.named == LossNaming::Along)
            .filter_map(|loss| match &loss.relation {
                Some(relation) if relation == &target.name => Some(loss.what.clone()),
                Some(relation) => Some(relation.to_string()),
                None => None,
            })
            .collect();
        if !along.is_empty() {
            let message = format!(
                "dropping {} also drops {}",
                crate::select::column(&target.name, name),
                crate::wording::list(&along)
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&target.name)
                    .advice(
                        "build what should replace them concurrently first, then drop the column",
                    ),
            );
        }
    }
    hits
}
