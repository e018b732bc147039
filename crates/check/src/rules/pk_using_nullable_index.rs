//! A primary key over a nullable column reads the whole table, index or no index.

use segue_model::{Cause, ConstraintKind, KeyColumns, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "pk-using-nullable-index",
    summary: "a primary key over a nullable column reads the whole table, index or no index",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ADD PRIMARY KEY USING INDEX` takes over an index in a moment, but when a column of it is not yet NOT NULL the \
server reads every row under ACCESS EXCLUSIVE to make it so.

Make the column NOT NULL first by the recipe of `set-not-null`; a valid CHECK that proves it is enough.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE logs ADD PRIMARY KEY USING INDEX logs_id;").after("CREATE TABLE logs (id bigint); CREATE UNIQUE INDEX logs_id ON logs (id);")],
    good: &[Example::new("ALTER TABLE logs ADD PRIMARY KEY USING INDEX logs_id;").after("CREATE TABLE logs (id bigint NOT NULL); CREATE UNIQUE INDEX logs_id ON logs (id);"), Example::new("ALTER TABLE logs ADD PRIMARY KEY USING INDEX logs_id;").after("CREATE TABLE logs (id bigint); CREATE UNIQUE INDEX logs_id ON logs (id); ALTER TABLE logs ADD CONSTRAINT c CHECK (id IS NOT NULL);").on(15)],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        let ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(index)) = &constraint.kind else {
            continue;
        };
        let Some(severity) = asked.stake(table).of_long_lock() else {
            continue;
        };
        if asked.works(table, &WorkKind::Scan, Cause::NotNull) {
            let message = format!(
                "the primary key takes over {index}, but its column is nullable: every row of {table} is read under lock"
            );
            hits.push(Hit::new(severity, message).on(table).with_lock().steps_or(
                "make the column NOT NULL first by a CHECK that is added NOT VALID and validated",
            ));
        }
    }
    hits
}
