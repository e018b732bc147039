//! Dropping a foreign key locks both tables against everybody.

use segue_model::{ConstraintChange, ConstraintKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-fk-locks-parent",
    summary: "dropping a foreign key locks both tables against everybody",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`DROP CONSTRAINT` of a foreign key takes ACCESS EXCLUSIVE on **both** tables: readers and writers of the \
referenced table wait too, and the request queues behind every long query there.

Drop it alone, in a short transaction with a lock timeout and a retry.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE orders DROP CONSTRAINT f;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id);")],
    good: &[Example::new("ALTER TABLE orders DROP CONSTRAINT k;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT k CHECK (id > 0);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.constraint_changes() {
        let ConstraintChange::Drop { name, .. } = change else {
            continue;
        };
        if !asked.stake(&target.name).matters() {
            continue;
        }
        let kind = asked
            .catalog()
            .table(&target.name)
            .and_then(|table| table.constraint(name))
            .map(|known| &known.kind);
        let Some(ConstraintKind::ForeignKey(key)) = kind else {
            continue;
        };
        if asked.stake(&key.references).matters() && key.references != target.name {
            let message = format!(
                "dropping foreign key {name} keeps readers and writers of {} waiting too",
                key.references
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&key.references)
                    .with_lock()
                    .advice(
                        "drop it alone, in a short transaction with a lock timeout and a retry",
                    ),
            );
        }
    }
    hits
}
