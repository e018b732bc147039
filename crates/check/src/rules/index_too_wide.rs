//! An index over more than three columns rarely helps.

use segue_model::{IndexChange, Uniqueness, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "index-too-wide",
    summary: "an index over more than three columns rarely helps",
    question: Question::Advises,
    group: Group::Indexes,
    page: "\
Each further key column makes the index larger and every write dearer, while queries mostly use the first one or \
two. Columns that only have to be in the index belong into `INCLUDE`.

Think about which query needs the fourth column.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY wide ON users (a, b, c, d);").after("CREATE TABLE users (a int, b int, c int, d int);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY wide ON users (a, b, c);").after("CREATE TABLE users (a int, b int, c int, d int);").wrapped(Wrapping::Autocommit), Example::new("CREATE UNIQUE INDEX CONCURRENTLY wide ON users (a, b, c, d);").after("CREATE TABLE users (a int, b int, c int, d int);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        if let IndexChange::Create { index, .. } = change
            && index.keys.len() > 3
            && index.uniqueness == Uniqueness::NotUnique
        {
            let message = format!(
                "{} has {} key columns: queries mostly use the first",
                index.name.ident(),
                index.keys.len()
            );
            hits.push(Hit::new(Severity::Note, message).on(&index.table).advice("keep the leading columns; put the others into INCLUDE where a query only reads them"));
        }
    }
    hits
}
