//! REFERENCES beside a new column locks the referenced table too.

use segue_model::{ConstraintKind, Fill};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-inline-fk",
    summary: "REFERENCES beside a new column locks the referenced table too",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
`ADD COLUMN … REFERENCES parent` takes SHARE ROW EXCLUSIVE on the parent besides ACCESS EXCLUSIVE on the table: \
writers of the parent wait, and the request queues behind any long write there. Nothing is scanned when the \
column has no default, so it is over in a moment once both locks are had.

With a short lock timeout and a retry this is acceptable. Otherwise: add the column first, then the foreign key \
`NOT VALID`, then validate it.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE TABLE orders (id bigint PRIMARY KEY);")],
    good: &[Example::new("ALTER TABLE orders ADD COLUMN user_id bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50)); CREATE TABLE orders (id bigint PRIMARY KEY);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for added in asked.added_columns() {
        for constraint in added.constraints {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else {
                continue;
            };
            if added.column.fill != Fill::None || !asked.stake(&key.references).matters() {
                continue;
            }
            let message = format!(
                "adding {} with REFERENCES also keeps writers of {} waiting",
                added.shown(),
                key.references
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&key.references)
                    .with_lock()
                    .steps_or(
                        "add the column first, then the foreign key NOT VALID, then validate it",
                    ),
            );
        }
    }
    hits
}
