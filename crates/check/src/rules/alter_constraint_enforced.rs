//! ENFORCED checks every row of both tables while nobody can read or write.

use segue_model::{ConstraintChange, Enforcement};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "alter-constraint-enforced",
    summary: "ENFORCED checks every row of both tables while nobody can read or write",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ALTER CONSTRAINT … ENFORCED` (PostgreSQL 18) validates on the spot: ACCESS EXCLUSIVE on the table, SHARE ROW \
EXCLUSIVE on the referenced one, every row checked.

Drop it and add it again `NOT VALID`, then `VALIDATE CONSTRAINT` in another transaction.

Source: measured on 18. No other linter reports it.",
    bad: &[Example::new("ALTER TABLE orders ALTER CONSTRAINT f ENFORCED;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT ENFORCED;")],
    good: &[Example::new("ALTER TABLE orders ALTER CONSTRAINT f NOT ENFORCED;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.constraint_changes() {
        if let ConstraintChange::SetEnforcement {
            name,
            enforcement: Enforcement::Enforced,
        } = change
            && let Some(severity) = asked.stake(&target.name).of_long_lock()
        {
            let message = format!(
                "enforcing {name} checks every row while nobody can read or write {}",
                target.name
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("drop it and add it again NOT VALID, then VALIDATE it in another transaction"),
            );
        }
    }
    hits
}
