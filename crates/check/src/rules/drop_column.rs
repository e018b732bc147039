//! A dropped column takes its values with it, and running code still names it.

use segue_model::ColumnChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "drop-column",
    summary: "a dropped column takes its values with it, and running code still names it",
    question: Question::Loses,
    group: Group::Columns,
    page: "\
The values are gone at commit; a way back needs a backup or an archive. Every statement of a running version \
that names the column fails from that moment, prepared `SELECT *` and positional `INSERT` too, and ORMs name \
every column they know.

The order that works: the application stops using the column (ignores it, in the ORM's words), then its default \
and NOT NULL go, then some time passes, then the column is dropped. Copy its values elsewhere \
first, if anybody may want them back.

The drop itself is quick: ACCESS EXCLUSIVE, metadata only.",
    bad: &[Example::new("ALTER TABLE users DROP COLUMN age;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    good: &[Example::new("CREATE TABLE users (id int, age int); ALTER TABLE users DROP COLUMN age;"), Example::new("ALTER TABLE users ALTER COLUMN age DROP NOT NULL;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50));")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        if let ColumnChange::Drop { name, .. } = change
            && asked.stake(&target.name).matters()
        {
            let message = format!(
                "dropping {} loses its values, and running code that still names it fails",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("first deploy code that ignores the column, then drop its default and NOT NULL, then drop it in a later release"),
            );
        }
    }
    hits
}
