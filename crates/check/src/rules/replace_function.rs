//! CREATE OR REPLACE FUNCTION changes what running code calls.

use segue_model::{Change, Link, RoutineChange, breaks};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "replace-function",
    summary: "CREATE OR REPLACE FUNCTION changes what running code calls",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
From the commit on every call, every trigger and every default that uses the function does the new thing, for \
code that was deployed with the old one. Views, indexes and generated columns that were computed with it are not \
computed again. Nothing records what a body depends on, so no error tells.

Give a function that behaves differently a new name (`total_v2`), move the callers, and drop the old one in a \
later release. A replacement that only repairs is fine: allow it with a reason.

A function that no earlier migration of this project created is not reported.",
    bad: &[Example::new("CREATE OR REPLACE FUNCTION total(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';").after("CREATE FUNCTION total(n int) RETURNS int LANGUAGE sql AS 'SELECT n';")],
    good: &[Example::new("CREATE OR REPLACE FUNCTION total(n int) RETURNS int LANGUAGE sql AS 'SELECT n';"), Example::new("CREATE FUNCTION total(n int) RETURNS int LANGUAGE sql AS 'SELECT n'; CREATE OR REPLACE FUNCTION total(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Routine(name, RoutineChange::Replace(_)) = change else {
            continue;
        };
        if breaks(change, asked.catalog()).is_empty() {
            continue;
        }
        let callers: Vec<String> = asked
            .catalog()
            .linked(&Link::Calls(name.clone()))
            .map(ToString::to_string)
            .collect();
        let also = if callers.is_empty() {
            String::new()
        } else {
            format!(", triggers of {} included", crate::wording::list(&callers))
        };
        let message = format!("whatever calls {name} does something else from the commit on{also}");
        hits.push(Hit::new(Severity::Warning, message).advice(
            "give it a new name, move the callers, and drop the old one in a later release",
        ));
    }
    hits
}
