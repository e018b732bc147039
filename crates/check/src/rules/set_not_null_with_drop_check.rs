//! SET NOT NULL and the drop of its proof in one ALTER TABLE read the table all the same.

use segue_model::{ColumnChange, ConstraintChange, ConstraintKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "set-not-null-with-drop-check",
    summary: "SET NOT NULL and the drop of its proof in one ALTER TABLE read the table all the same",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
Inside one `ALTER TABLE` drops run before everything else. `SET NOT NULL, DROP CONSTRAINT proof` therefore loses \
the proof before it is needed, and reads every row under ACCESS EXCLUSIVE.

Write two statements; one transaction is fine.

Source: measured on 15 and 18. No other linter reports it.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL, DROP CONSTRAINT filled;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT filled CHECK (name IS NOT NULL);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL; ALTER TABLE users DROP CONSTRAINT filled;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp); ALTER TABLE users ADD CONSTRAINT filled CHECK (name IS NOT NULL);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let dropped = asked.constraint_changes();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetNotNull(column) = change else {
            continue;
        };
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        let lost = dropped.iter().find_map(|(other, change)| match change {
            ConstraintChange::Drop { name, .. } if other.name == target.name => {
                let proof = asked.catalog().table(&target.name)?.constraint(name)?;
                let proves = matches!(&proof.kind, ConstraintKind::Check(check) if check.logic.proves_not_null(column));
                proves.then_some(name)
            }
            ConstraintChange::Drop { .. }
            | ConstraintChange::Add(_)
            | ConstraintChange::Validate(_)
            | ConstraintChange::Rename { .. }
            | ConstraintChange::SetDeferral { .. }
            | ConstraintChange::SetEnforcement { .. } => None,
        });
        if let Some(proof) = lost {
            let message = format!(
                "{proof} is dropped before SET NOT NULL on {} can use it as proof: every row is read",
                crate::select::column(&target.name, column)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .advice("write SET NOT NULL and DROP CONSTRAINT as two statements"),
            );
        }
    }
    hits
}
