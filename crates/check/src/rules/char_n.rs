//! Char(n) pads with spaces, and every change of it writes the table anew.

use crate::select::new_columns;
use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "char-n",
    summary: "char(n) pads with spaces, and every change of it writes the table anew",
    question: Question::Advises,
    group: Group::Design,
    page: "\
`char(n)` is padded with spaces, compares without them, and saves nothing. Every change of its type, to `char(n \
+ 1)` too, writes the table anew.

Use `text`, with a CHECK on the length where there is a rule.

Source: measured on 15 and 18.",
    bad: &[Example::new("CREATE TABLE t (code char(2));")],
    good: &[Example::new("CREATE TABLE t (code text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, column) in new_columns(asked) {
        if column.data_type.is_built_in("character") {
            let shown = crate::select::column(table, &column.name);
            hits.push(Hit::new(Severity::Note, format!("{shown} is padded with spaces, and every later change of its type writes the table anew")).on(table).advice("use text, with a CHECK on the length"));
        }
    }
    hits
}
