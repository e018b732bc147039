//! UNIQUE beside a new column builds an index while nobody can read or write.

use segue_model::ConstraintKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-inline-unique",
    summary: "UNIQUE beside a new column builds an index while nobody can read or write",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`ADD COLUMN … UNIQUE` builds the index under the ACCESS EXCLUSIVE lock of the ALTER TABLE: every row is read \
while readers and writers wait.

The safe way: add the column, build a unique index concurrently, then turn it into the constraint with `ADD \
CONSTRAINT … UNIQUE USING INDEX`.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN handle text UNIQUE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN handle text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("CREATE TABLE users (id int); ALTER TABLE users ADD COLUMN handle text UNIQUE;")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        for constraint in added.constraints {
            let ConstraintKind::Unique(_) = &constraint.kind else {
                continue;
            };

            let Some(severity) = asked.stake(added.table).of_long_lock() else {
                continue;
            };
            let message = format!(
                "adding {} as UNIQUE builds its index while nobody can read or write the table",
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
