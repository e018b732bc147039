//! A dropped extension takes its types, functions and operators with it.

use segue_model::{Change, ExtensionChange, LockRole, Reaction};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "extension-drop",
    summary: "a dropped extension takes its types, functions and operators with it",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
Code that uses the extension's functions and operators fails from the commit on. With CASCADE every column of \
its types goes too, with its values, and every index that uses its operators, each under ACCESS EXCLUSIVE.

Leave CASCADE out: the server then refuses while something uses the extension. Change or drop those uses by name \
first.

Source: PostgreSQL 17 manual, DROP EXTENSION; measured on 15 and 18.",
    bad: &[Example::new("DROP EXTENSION citext CASCADE;").after("CREATE EXTENSION citext; CREATE TABLE users (id bigint PRIMARY KEY, email citext);"), Example::new("DROP EXTENSION hstore;").after("CREATE EXTENSION hstore;")],
    good: &[Example::new("CREATE EXTENSION hstore;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Extension(name, ExtensionChange::Drop { reaction, .. }) = change else {
            continue;
        };
        let tables: Vec<String> = asked
            .answers
            .impact
            .claims
            .iter()
            .filter(|claim| claim.role == LockRole::Dependent)
            .filter_map(|claim| claim.on.relation())
            .map(ToString::to_string)
            .collect();
        let (severity, message) = match reaction {
            Reaction::Cascade if tables.is_empty() => (
                Severity::Error,
                format!(
                    "dropping extension {name} with CASCADE drops every column and index that uses it"
                ),
            ),
            Reaction::Cascade => (
                Severity::Error,
                format!(
                    "dropping extension {name} with CASCADE drops the columns of {} that use it",
                    crate::wording::list(&tables)
                ),
            ),
            Reaction::Restrict => (
                Severity::Warning,
                format!("running code that uses a function or operator of extension {name} fails"),
            ),
        };
        hits.push(
            Hit::new(severity, message)
                .advice("first change what uses it, by name; then drop it without CASCADE"),
        );
    }
    hits
}
