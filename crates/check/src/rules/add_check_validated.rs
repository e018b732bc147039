//! A CHECK that has to hold for every row is verified under ACCESS EXCLUSIVE.

use segue_model::{Cause, Change, ConstraintChange, ConstraintKind, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "add-check-validated",
    summary: "a CHECK constraint verifies every row while nobody can read or write the table",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ALTER TABLE … ADD CONSTRAINT … CHECK (…)` reads every row of the table, and of its partitions, under ACCESS \
EXCLUSIVE: readers and writers wait until the last row is read.

Add it `NOT VALID` first, which checks new rows only and takes a moment; then `VALIDATE CONSTRAINT` in a transaction of \
its own, which reads the rows under SHARE UPDATE EXCLUSIVE while readers and writers go on.

A table that is new in the same migration is not reported: it has no rows that anybody waits for.

Source: PostgreSQL 17 manual, ALTER TABLE, notes; measured on 15 and 18.",
    bad: &[
        Example::new("ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);").after("CREATE TABLE orders (total int);"),
    ],
    good: &[
        Example::new("ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;").after("CREATE TABLE orders (total int);"),
        Example::new("CREATE TABLE orders (total int); ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);"),
    ],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Constraint(target, ConstraintChange::Add(constraint)) = change else {
            continue;
        };
        let ConstraintKind::Check(_) = &constraint.kind else {
            continue;
        };
        let scans = asked
            .answers
            .impact
            .work_for(Cause::Check)
            .any(|work| work.kind == WorkKind::Scan);
        let Some(severity) = asked.stake(&target.name).of_long_lock().filter(|_| scans) else {
            continue;
        };
        let message = [
            "adding CHECK ",
            &constraint.name.ident().quoted(),
            " verifies every row of ",
            &target.name.to_string(),
            " while nobody can read or write it",
        ]
        .concat();
        hits.push(
            Hit::new(severity, message)
                .on(&target.name)
                .with_lock()
                .steps_or("add it NOT VALID, then VALIDATE it in another transaction"),
        );
    }
    hits
}
