//! INHERIT locks the child, and queries of the parent see its rows.

use segue_model::TableChange;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "inherit",
    summary: "INHERIT locks the child, and queries of the parent see its rows",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`INHERIT` takes ACCESS EXCLUSIVE on the child and SHARE UPDATE EXCLUSIVE on the parent, for a moment. From the \
commit on, every query of the parent that does not say ONLY reads the child's rows too, and deletes and updates \
reach them.

Run it alone with a lock timeout and a retry. A child that is new in the same migration is not reported.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE old_users INHERIT users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE TABLE old_users (id bigint NOT NULL, name text, age int);")],
    good: &[Example::new("CREATE TABLE old_users (id bigint NOT NULL, name text, age int); ALTER TABLE old_users INHERIT users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.table_changes() {
        let TableChange::Inherit(parent) = change else {
            continue;
        };
        let child = &target.name;
        if let Some(severity) = asked.stake(child).of_short_lock() {
            let message = format!(
                "readers and writers of {child} wait for a moment, and from then on every query of {parent} sees its rows"
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
