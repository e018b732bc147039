//! A dropped schema breaks whatever names it, and with CASCADE takes every member.

use segue_model::{Change, Ident, LossKind, NamespaceChange, Reaction, destroys};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "drop-schema",
    summary: "a dropped schema breaks whatever names it, and with CASCADE takes every member",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
`DROP SCHEMA … CASCADE` drops every table, view, function and type in the schema, each locked ACCESS EXCLUSIVE \
at once. Without CASCADE the server refuses while anything is in it; then only code and `search_path` settings \
that name it break.

Drop the members by name first, in the way each of them needs, and the empty schema last.

A schema that the same migration created is not reported.

Source: PostgreSQL 17 manual, DROP SCHEMA; measured on 15 and 18.",
    bad: &[Example::new("DROP SCHEMA app CASCADE;").after("CREATE SCHEMA app; CREATE TABLE app.notes (id bigint PRIMARY KEY);"), Example::new("DROP SCHEMA app;").after("CREATE SCHEMA app;")],
    good: &[Example::new("CREATE SCHEMA draft; DROP SCHEMA draft;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Namespace(name, NamespaceChange::Drop { reaction, .. }) = change else {
            continue;
        };
        if is_new(asked, name) {
            continue;
        }
        let hit = match reaction {
            Reaction::Cascade => {
                let tables = destroys(change, asked.catalog())
                    .iter()
                    .filter(|loss| loss.kind == LossKind::Rows)
                    .count();
                let members = match tables {
                    0 => "everything in it".to_owned(),
                    1 => "everything in it, the rows of one table too".to_owned(),
                    many => format!("everything in it, the rows of {many} tables too"),
                };
                Hit::new(
                    Severity::Error,
                    format!("dropping schema {name} drops {members}"),
                )
            }
            Reaction::Restrict => Hit::new(
                Severity::Warning,
                format!(
                    "dropping schema {name} breaks code and search_path settings that still name it"
                ),
            ),
        };
        hits.push(
            hit.advice("drop its members by name first, and the empty schema in a later release"),
        );
    }
    hits
}

/// True when an earlier statement of the section created the schema.
pub(super) fn is_new(asked: &Asked<'_>, name: &Ident) -> bool {
    asked
        .section
        .iter()
        .take(asked.position)
        .flat_map(|statement| &statement.changes)
        .any(|change| matches!(change, Change::Namespace(created, NamespaceChange::Create(_)) if created == name))
}
