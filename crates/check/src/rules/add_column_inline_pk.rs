//! PRIMARY KEY beside a new column builds an index while nobody can read or write.

use segue_model::ConstraintKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-inline-pk",
    summary: "PRIMARY KEY beside a new column builds an index while nobody can read or write",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`ADD COLUMN … PRIMARY KEY` builds the index under ACCESS EXCLUSIVE, and writes the table anew when the column is \
serial or an identity. Without a source of values it fails on a table with rows.

The safe way: add the column nullable, fill it in batches, make it NOT NULL by the recipe of `set-not-null`, \
build a unique index concurrently, then `ADD PRIMARY KEY USING INDEX`.",
    bad: &[Example::new("ALTER TABLE logs ADD COLUMN id bigserial PRIMARY KEY;").after("CREATE TABLE logs (line text);")],
    good: &[Example::new("ALTER TABLE logs ADD COLUMN id bigint;").after("CREATE TABLE logs (line text);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        for constraint in added.constraints {
            let ConstraintKind::PrimaryKey(_) = &constraint.kind else {
                continue;
            };

            let Some(severity) = asked.stake(added.table).of_long_lock() else {
                continue;
            };
            let message = format!(
                "adding {} as PRIMARY KEY builds its index while nobody can read or write the table",
                added.shown()
            );
            hits.push(
                Hit::new(severity, message)
                    .on(added.table)
                    .with_lock()
                    .steps_or("add the column first, then the constraint by its own safe steps"),
            );
        }
    }
    hits
}
