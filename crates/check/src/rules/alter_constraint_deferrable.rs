//! Another deferral takes ACCESS EXCLUSIVE, and a deferrable key cannot serve ON CONFLICT.

use segue_model::ConstraintChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "alter-constraint-deferrable",
    summary: "another deferral takes ACCESS EXCLUSIVE, and a deferrable key cannot serve ON CONFLICT",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
The change is metadata only, but it takes ACCESS EXCLUSIVE on the table. A deferrable unique key cannot be the \
target of `ON CONFLICT` nor of a foreign key, and violations show up at another moment.

Run it with a short lock timeout and a retry.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE orders ALTER CONSTRAINT f DEFERRABLE INITIALLY DEFERRED;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id);")],
    good: &[Example::new("ALTER TABLE orders VALIDATE CONSTRAINT f;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.constraint_changes() {
        if let ConstraintChange::SetDeferral { name, .. } = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "changing when {name} is checked locks {} against everybody for a moment",
                target.name
            );
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("run it with a short lock timeout and a retry"),
            );
        }
    }
    hits
}
