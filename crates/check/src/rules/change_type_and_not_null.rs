//! A free type change and SET NOT NULL in one migration still read the whole table.

use segue_model::{Cause, ColumnChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-and-not-null",
    summary: "a free type change and SET NOT NULL in one migration still read the whole table",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
A type change that is free by itself (a wider varchar, varchar to text) is often written together with `SET NOT \
NULL`, and that reads every row under ACCESS EXCLUSIVE. The two look like one harmless change.

Split them: the type change alone, then the not-null recipe of `set-not-null`.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE text, ALTER COLUMN email SET NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let changes = asked.column_changes();
    for (target, change) in &changes {
        let ColumnChange::SetNotNull(column) = change else {
            continue;
        };
        let retyped = changes.iter().any(|(other, change)| {
            other.name == target.name
                && matches!(change, ColumnChange::SetType { name, .. } if name == column)
        });
        let rewrites = asked
            .answers
            .impact
            .work
            .iter()
            .any(|work| work.kind == WorkKind::Rewrite);
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        if retyped && !rewrites && asked.works(&target.name, &WorkKind::Scan, Cause::NotNull) {
            let message = format!(
                "the type change of {} is free, but SET NOT NULL beside it reads every row while nobody can read or write",
                crate::select::column(&target.name, column)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("change the type alone, then make the column NOT NULL by its own safe steps"),
            );
        }
    }
    hits
}
