//! A foreign key checks every row while nobody can write to either table.

use segue_model::{Cause, ConstraintKind, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-fk-validated",
    summary: "a foreign key checks every row while nobody can write to either table",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ADD FOREIGN KEY` takes SHARE ROW EXCLUSIVE on both tables, and checks every row of the one against the other \
while writers of both wait.

The safe way: an index on the referencing columns, built concurrently; then the constraint `NOT VALID`, which \
takes the same locks for a moment; then `VALIDATE CONSTRAINT` in a transaction of its own, under SHARE UPDATE \
EXCLUSIVE and ROW SHARE.

Source: PostgreSQL 17 manual, ALTER TABLE, notes; measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else {
            continue;
        };
        let partitioned = asked
            .catalog()
            .table(table)
            .is_some_and(|known| known.partitioning.is_some());
        let Some(severity) = asked.stake(table).of_long_lock() else {
            continue;
        };
        if !partitioned && asked.works(table, &WorkKind::Scan, Cause::ForeignKey) {
            let message = format!(
                "foreign key {} checks every row while nobody can write to {table} or {}",
                constraint.name.ident(),
                key.references
            );
            hits.push(
                Hit::new(severity, message)
                    .on(table)
                    .with_lock()
                    .steps_or("add it NOT VALID, then VALIDATE it in another transaction"),
            );
        }
    }
    hits
}
