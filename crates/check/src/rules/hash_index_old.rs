//! A hash index is lost in a crash before PostgreSQL 10.

use segue_model::IndexChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "hash-index-old",
    summary: "a hash index is lost in a crash before PostgreSQL 10",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
Before PostgreSQL 10 hash indexes were not written to the log: after a crash, and on replicas, they give wrong \
answers. Segue supports servers from version 12 on, where they are safe; the rule answers only for older ones \
that are named with `--server-version`.

Use btree there.",
    bad: &[Example::new("CREATE INDEX h ON users USING hash (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").on(9)],
    good: &[Example::new("CREATE INDEX h ON users USING hash (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").on(15)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if asked.context.server.version >= 10 {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        if let IndexChange::Create { index, .. } = change
            && index.method.as_str() == "hash"
        {
            let message = format!(
                "hash index {} is not crash safe before PostgreSQL 10",
                index.name.ident()
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(&index.table)
                    .advice("use btree"),
            );
        }
    }
    hits
}
