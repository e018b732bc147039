//! An index on a virtual generated column is refused.

use segue_model::{Fill, IndexChange, IndexKeyPart, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "virtual-column-index",
    summary: "an index on a virtual generated column is refused",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
PostgreSQL 18 refuses an index on a virtual generated column. Index the expression itself, or make the column \
STORED, which writes the table anew.

Source: measured on 18.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY l ON users (lower_name);").after("CREATE TABLE users (name text, lower_name text GENERATED ALWAYS AS (lower(name)) VIRTUAL);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY l ON users (lower(name));").after("CREATE TABLE users (name text, lower_name text GENERATED ALWAYS AS (lower(name)) VIRTUAL);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Create { index, .. } = change else {
            continue;
        };
        for key in &index.keys {
            if let IndexKeyPart::Column(name) = &key.part
                && asked
                    .catalog()
                    .column(&index.table, name)
                    .is_some_and(|column| matches!(column.fill, Fill::Virtual(_)))
            {
                let message = format!(
                    "{} is a virtual generated column: the server refuses an index on it",
                    crate::select::column(&index.table, name)
                );
                hits.push(
                    Hit::new(Severity::Error, message)
                        .on(&index.table)
                        .advice("index its expression instead"),
                );
            }
        }
    }
    hits
}
