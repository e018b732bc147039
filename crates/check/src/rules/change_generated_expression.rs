//! Another generation expression writes the table anew, or is refused.

use segue_model::{ColumnChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-generated-expression",
    summary: "another generation expression writes the table anew, or is refused",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`SET EXPRESSION` (PostgreSQL 17) on a stored generated column computes every row again: the table is written \
anew under ACCESS EXCLUSIVE. On a virtual column (18) it is metadata only, but refused while the table has CHECK \
constraints that need it. Either way the same rows show other values to running code.

The safe way: a new column with the new expression, switch the readers, drop the old one.

Source: measured on 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN shout SET EXPRESSION AS (lower(name));").after("CREATE TABLE users (name text, shout text GENERATED ALWAYS AS (upper(name)) STORED);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN shout DROP EXPRESSION;").after("CREATE TABLE users (name text, shout text GENERATED ALWAYS AS (upper(name)) STORED);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetExpression { name, .. } = change else {
            continue;
        };
        let stake = asked.stake(&target.name);
        let rewrites = asked
            .answers
            .impact
            .work
            .iter()
            .any(|work| work.kind == WorkKind::Rewrite);
        let Some(severity) = (if rewrites {
            stake.of_long_lock()
        } else {
            stake.of_short_lock()
        }) else {
            continue;
        };
        let what = if rewrites {
            "writes every row anew"
        } else {
            "changes what running readers see"
        };
        let message = format!(
            "another expression for {} {what}",
            crate::select::column(&target.name, name)
        );
        hits.push(
            Hit::new(severity, message)
                .on(&target.name)
                .with_lock()
                .advice("add a new column with the new expression, switch the readers, then drop the old one"),
        );
    }
    hits
}
