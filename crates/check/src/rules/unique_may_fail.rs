//! Duplicates make a unique index fail, and leave an invalid one behind.

use segue_model::{ConstraintKind, IndexChange, KeyColumns, QualifiedName, Uniqueness, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "unique-may-fail",
    summary: "duplicates make a unique index fail, and leave an invalid one behind",
    question: Question::Fails,
    group: Group::Constraints,
    page: "\
A unique index over rows that repeat a key fails. Built concurrently it fails late, and leaves an invalid index: \
it costs every write, may already refuse duplicates, and serves no query.

Ask first: `SELECT …, count(*) FROM t GROUP BY … HAVING count(*) > 1`. After a failure, drop the index \
concurrently, clear the duplicates, build again.",
    bad: &[Example::new("CREATE UNIQUE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit), Example::new("ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("CREATE TABLE users (name text); CREATE UNIQUE INDEX users_name ON users (name);"), Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit), Example::new("ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (name);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        if let IndexChange::Create { index, .. } = change
            && index.uniqueness != Uniqueness::NotUnique
        {
            hits.extend(hit(asked, &index.table, &index.name.ident().quoted()));
        }
    }
    for (table, constraint) in asked.added_constraints() {
        if let ConstraintKind::Unique(KeyColumns::Build { .. })
        | ConstraintKind::PrimaryKey(KeyColumns::Build { .. }) = &constraint.kind
        {
            hits.extend(hit(asked, table, &constraint.name.ident().quoted()));
        }
    }
    hits
}

fn hit(asked: &Asked<'_>, table: &QualifiedName, name: &str) -> Option<Hit> {
    let matters = asked.stake(table).matters();
    let message = format!("{name} fails if rows of {table} repeat a key");
    matters.then(|| {
        Hit::new(Severity::Note, message)
            .on(table)
            .advice("look for duplicates first with GROUP BY … HAVING count(*) > 1; a failed concurrent build leaves an invalid index to drop")
    })
}
