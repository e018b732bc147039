//! Moving an index to another tablespace copies it while it is locked.

use segue_model::IndexChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "alter-index-tablespace",
    summary: "moving an index to another tablespace copies it while it is locked",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
`ALTER INDEX … SET TABLESPACE` copies the index under ACCESS EXCLUSIVE. Readers stall too, because the planner \
looks at every index of a table.

Build a new index concurrently in the new tablespace, then drop the old one concurrently.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER INDEX users_pkey SET TABLESPACE fast;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);")],
    good: &[Example::new("ALTER INDEX users_pkey RENAME TO users_key;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);")],
    ask: Ask::Changes(Kind::Indexes, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.index_changes() {
        let IndexChange::SetTablespace { name, tablespace } = change else {
            continue;
        };
        let table = asked
            .catalog()
            .index(name)
            .map(|index| &index.definition.table);
        let severity = match table {
            Some(table) => asked.stake(table).of_long_lock(),
            None => Some(Severity::Error),
        };
        hits.extend(severity.map(|severity| {
            let message = format!("moving {name} to {tablespace} copies it under ACCESS EXCLUSIVE: queries that plan for its table stall");
            Hit::new(severity, message)
                .on(name)
                .with_lock()
                .steps_or("build a new index concurrently in the new tablespace, then drop the old one concurrently")
        }));
    }
    hits
}
