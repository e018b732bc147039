//! A primary key builds its index while nobody can read or write the table.

use segue_model::{ConstraintKind, KeyColumns, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-primary-key",
    summary: "a primary key builds its index while nobody can read or write the table",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ADD PRIMARY KEY` builds the index under ACCESS EXCLUSIVE, and reads the table once more when a column is not \
yet NOT NULL.

The safe way: make the columns NOT NULL by the recipe of `set-not-null`, build a unique index concurrently, then \
`ADD PRIMARY KEY USING INDEX`.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE logs ADD PRIMARY KEY (id);").after("CREATE TABLE logs (id bigint, line text);")],
    good: &[Example::new("ALTER TABLE logs ADD PRIMARY KEY USING INDEX logs_id;").after("CREATE TABLE logs (id bigint NOT NULL, line text); CREATE UNIQUE INDEX logs_id ON logs (id);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        let ConstraintKind::PrimaryKey(KeyColumns::Build { .. }) = &constraint.kind else {
            continue;
        };
        let Some(severity) = asked.stake(table).of_long_lock() else {
            continue;
        };
        let builds = asked
            .answers
            .impact
            .work
            .iter()
            .any(|work| matches!(work.kind, WorkKind::BuildIndex(_)));
        if builds {
            let message = format!(
                "{} on {table} builds its index, and reads every row for NOT NULL, while nobody can read or write the table",
                constraint.name.ident()
            );
            hits.push(Hit::new(severity, message).on(table).with_lock().steps_or("make the columns NOT NULL first, build a unique index concurrently, then ADD PRIMARY KEY USING INDEX"));
        }
    }
    hits
}
