//! A dropped constraint no longer keeps out what running code does not expect.

use segue_model::{ConstraintChange, ConstraintKind, Predicate};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-constraint",
    summary: "a dropped constraint no longer keeps out what running code does not expect",
    question: Question::Breaks,
    group: Group::Constraints,
    page: "\
Code that was written against the constraint meets rows it forbade: duplicates, orphans, values out of range. \
`ON CONFLICT` that names the columns of a dropped unique constraint fails at once.

Make sure that no running version relies on it. A CHECK that only served as proof for NOT NULL is not reported.",
    bad: &[Example::new("ALTER TABLE users DROP CONSTRAINT adult;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17);")],
    good: &[Example::new("ALTER TABLE users DROP CONSTRAINT filled;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE users ADD CONSTRAINT filled CHECK (name IS NOT NULL); ALTER TABLE users ALTER COLUMN name SET NOT NULL;")],
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
        let is_proof = matches!(kind, Some(ConstraintKind::Check(check)) if matches!(check.logic, Predicate::NotNull(_)));
        let says_more = matches!(
            kind,
            Some(ConstraintKind::ForeignKey(_) | ConstraintKind::PrimaryKey(_))
        );
        if !is_proof && !says_more {
            let message = format!("dropping {name} lets in rows that running code does not expect");
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("make sure that no running version relies on it, ON CONFLICT included"),
            );
        }
    }
    hits
}
