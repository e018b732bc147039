//! A length on varchar is a limit that hurts later.

use crate::select::new_columns;
use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "varchar-length",
    summary: "a length on varchar is a limit that hurts later",
    question: Question::Advises,
    group: Group::Design,
    page: "\
`varchar(n)` saves nothing over `text`. Widening it later is free, narrowing writes the table anew, and any \
change of the type needs ACCESS EXCLUSIVE.

Use `text`, and a CHECK on the length where there is a rule: a CHECK can be changed online.",
    bad: &[Example::new("CREATE TABLE t (name varchar(50));")],
    good: &[Example::new("CREATE TABLE t (name text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, column) in new_columns(asked) {
        if column.data_type.is_built_in("character varying")
            && !column.data_type.modifiers.is_empty()
        {
            let shown = crate::select::column(table, &column.name);
            hits.push(
                Hit::new(
                    Severity::Note,
                    format!(
                        "{shown} is {}: changing the limit later needs ACCESS EXCLUSIVE",
                        column.data_type
                    ),
                )
                .on(table)
                .advice("use text, and a CHECK on the length where there is a rule"),
            );
        }
    }
    hits
}
