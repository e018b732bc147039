//! Without a primary key, replication, foreign keys and ON CONFLICT lose their footing.

use segue_model::{ConstraintChange, ConstraintKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-primary-key",
    summary: "without a primary key, replication, foreign keys and ON CONFLICT lose their footing",
    question: Question::Breaks,
    group: Group::Constraints,
    page: "\
The primary key is what logical replication finds rows by, what foreign keys point at, and what ORMs update by. \
With CASCADE the foreign keys of other tables go too, and their tables are locked with ACCESS EXCLUSIVE.

To change a key: build the new unique index concurrently, then drop the old key and add the new one `USING \
INDEX` in one short transaction.",
    bad: &[Example::new("ALTER TABLE users DROP CONSTRAINT users_pkey;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
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
        if let Some(ConstraintKind::PrimaryKey(_)) = kind {
            let message = format!(
                "dropping primary key {name} of {} takes away what replication, foreign keys and ON CONFLICT use",
                target.name
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("build the new key's unique index concurrently, then drop the old key and add the new one USING INDEX in one transaction"),
            );
        }
    }
    hits
}
