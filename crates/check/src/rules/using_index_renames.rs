//! USING INDEX renames the index to the constraint's name.

use segue_model::{ConstraintKind, KeyColumns};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "using-index-renames",
    summary: "USING INDEX renames the index to the constraint's name",
    question: Question::Advises,
    group: Group::Constraints,
    page: "\
When the constraint has another name than the index, the index is renamed. Scripts, hints and later migrations \
that name the index then fail.

Give the index the name the constraint will have.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX users_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX users_name ON users (name);")],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX one_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE UNIQUE INDEX one_name ON users (name);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        if let ConstraintKind::Unique(KeyColumns::UsingIndex(index))
        | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(index)) = &constraint.kind
            && index != constraint.name.ident()
        {
            let message = format!(
                "index {index} is renamed to {} when the constraint takes it over",
                constraint.name.ident()
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(table)
                    .advice("give the index the name the constraint will have"),
            );
        }
    }
    hits
}
