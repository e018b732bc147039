//! A constraint without a name gets one that may differ between environments.

use segue_model::{ChosenName, ConstraintChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "unnamed-constraint",
    summary: "a constraint without a name gets one that may differ between environments",
    question: Question::Advises,
    group: Group::Constraints,
    page: "\
The server makes a name from the table and the columns, and appends a number when it is taken. In an environment \
with another history the same statement gives another name, and a later `DROP CONSTRAINT` fails there.

Write `CONSTRAINT name`.",
    bad: &[Example::new("ALTER TABLE users ADD CHECK (age > 17) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.constraint_changes() {
        if let ConstraintChange::Add(constraint) = change
            && let ChosenName::Generated(name) = &constraint.name
        {
            let message = format!(
                "this constraint of {} has no name of its own: the server calls it {name} or something like it",
                target.name
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .advice("write CONSTRAINT and a name"),
            );
        }
    }
    hits
}
