//! A unique constraint builds its index while nobody can read or write the table.

use segue_model::{ConstraintKind, KeyColumns, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-unique-constraint",
    summary: "a unique constraint builds its index while nobody can read or write the table",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ADD CONSTRAINT … UNIQUE (…)` builds the index under ACCESS EXCLUSIVE: readers and writers wait until every row \
is read and sorted.

The safe way: `CREATE UNIQUE INDEX CONCURRENTLY`, then `ADD CONSTRAINT … UNIQUE USING INDEX`, which takes a \
moment. Look for duplicates first: they make the build fail and leave an invalid index.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (name);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        let ConstraintKind::Unique(KeyColumns::Build { .. }) = &constraint.kind else {
            continue;
        };
        let Some(severity) = asked.stake(table).of_long_lock() else {
            continue;
        };
        let builds = asked
            .answers
            .impact
            .work
            .iter()
            .any(|work| matches!(work.kind, WorkKind::BuildIndex(_)));
        if builds {
            let message = format!(
                "{} on {table} builds its index while nobody can read or write the table",
                constraint.name.ident()
            );
            hits.push(Hit::new(severity, message).on(table).with_lock().steps_or(
                "build a unique index concurrently, then ADD CONSTRAINT … UNIQUE USING INDEX",
            ));
        }
    }
    hits
}
