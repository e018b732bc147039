//! An inheritance column with a default sends old rows to the wrong class.

use segue_model::Fill;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-column-sti",
    summary: "an inheritance column with a default sends old rows to the wrong class",
    question: Question::Breaks,
    group: Group::Columns,
    page: "\
Frameworks with single-table inheritance (Rails, Doctrine, TypeORM) decide by a column named `type` which class \
a row belongs to. Adding it with a default gives every old row that class at once, while the running code writes \
rows without knowing it.

Add the column without a default, deploy code that writes it, fill the old rows, then rely on it.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN type varchar DEFAULT 'Person';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN type varchar;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));"), Example::new("ALTER TABLE users ADD COLUMN kind varchar DEFAULT 'Person';").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    asked
        .added_columns()
        .into_iter()
        .filter(|added| added.column.name.as_str() == "type" && matches!(added.column.fill, Fill::Default(_)))
        .map(|added| {
            let message = format!(
                "{} looks like an inheritance column: with a default, every old row becomes that class at once",
                added.shown()
            );
            Hit::new(Severity::Note, message)
                .on(added.table)
                .advice("add it without a default, deploy code that writes it, then fill the old rows")
        })
        .collect()
}
