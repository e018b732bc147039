//! A dropped index may carry queries or a guarantee.

use segue_model::{IndexChange, Uniqueness, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-index-in-use",
    summary: "a dropped index may carry queries or a guarantee",
    question: Question::Breaks,
    group: Group::Indexes,
    page: "\
Queries that the index served read the whole table from now on; a unique index takes its guarantee along, and \
`ON CONFLICT` on its columns fails.

Look at `pg_stat_all_indexes.idx_scan` on the primary **and** on each replica before.",
    bad: &[Example::new("DROP INDEX CONCURRENTLY users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("CREATE TABLE t (a int); CREATE INDEX t_a ON t (a); DROP INDEX t_a;")],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::Drop { name, .. } = change else {
            continue;
        };
        let Some(index) = asked.catalog().index(name) else {
            continue;
        };
        let table = &index.definition.table;
        if !asked.stake(table).matters() {
            continue;
        }
        let (severity, what) = if index.definition.uniqueness == Uniqueness::NotUnique {
            (
                Severity::Note,
                "queries it served read the whole table from now on",
            )
        } else {
            (
                Severity::Warning,
                "duplicates are accepted from now on, and ON CONFLICT on its columns fails",
            )
        };
        hits.push(
            Hit::new(severity, format!("dropping {name} of {table}: {what}"))
                .on(table)
                .advice(
                    "look at pg_stat_all_indexes.idx_scan on the primary and on each replica first",
                ),
        );
    }
    hits
}
