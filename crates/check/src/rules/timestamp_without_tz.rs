//! A timestamp without time zone does not say which moment it means.

use crate::select::new_columns;
use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "timestamp-without-tz",
    summary: "a timestamp without time zone does not say which moment it means",
    question: Question::Advises,
    group: Group::Design,
    page: "\
`timestamp` keeps what the clock on the wall said and forgets where the wall was. Two servers, or a change of \
daylight saving time, and the same value means two moments. Turning it into `timestamptz` later writes the table \
anew unless the session is in UTC.

Use `timestamptz`: it takes the same space.",
    bad: &[Example::new("CREATE TABLE t (made timestamp);")],
    good: &[Example::new("CREATE TABLE t (made timestamptz);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, column) in new_columns(asked) {
        if column.data_type.is_built_in("timestamp without time zone") {
            let shown = crate::select::column(table, &column.name);
            hits.push(
                Hit::new(
                    Severity::Note,
                    format!("{shown} does not say which moment it means"),
                )
                .on(table)
                .advice("use timestamptz: it takes the same space"),
            );
        }
    }
    hits
}
