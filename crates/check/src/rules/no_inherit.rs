//! NO INHERIT locks the child, and queries of the parent lose its rows.

use segue_model::TableChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "no-inherit",
    summary: "NO INHERIT locks the child, and queries of the parent lose its rows",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
`NO INHERIT` takes ACCESS EXCLUSIVE on the child for a moment. From the commit on, queries of the parent no \
longer see the child's rows, and nothing warns the code that counted on them.

First deploy code that asks both tables, then run it alone with a lock timeout and a retry.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE old_users NO INHERIT users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE TABLE old_users () INHERITS (users);")],
    good: &[Example::new("CREATE TABLE draft () INHERITS (users); ALTER TABLE draft NO INHERIT users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::NoInherit(parent) = change else {
            continue;
        };
        let child = &target.name;
        if let Some(severity) = asked.stake(child).of_short_lock() {
            let message = format!(
                "queries of {parent} no longer see the rows of {child}, whose users wait for a moment"
            );
            hits.push(
                Hit::new(severity, message)
                    .on(child)
                    .with_lock()
                    .advice("do it alone, in a short transaction with a lock timeout and a retry"),
            );
        }
    }
    hits
}
