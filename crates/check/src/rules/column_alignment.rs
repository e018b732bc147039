//! The order of the columns wastes space in every row.

use segue_model::Column;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "column-alignment",
    summary: "the order of the columns wastes space in every row",
    question: Question::Advises,
    group: Group::Design,
    page: "\
Values of 8 bytes begin at multiples of 8, those of 4 at multiples of 4: a boolean before a bigint costs seven \
bytes of nothing in every row. At a million rows nobody notices; at a billion it is 8 GB.

In a new, large table put 8-byte columns first, then 4-byte, then 2 and 1, then text and numeric.",
    bad: &[Example::new("CREATE TABLE t (a boolean, b bigint, c boolean, d bigint, e boolean, f bigint);")],
    good: &[Example::new("CREATE TABLE t (b bigint, d bigint, f bigint, a boolean, c boolean, e boolean);"), Example::new("CREATE TABLE t (a boolean, b bigint);")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, definition) in asked.created_tables() {
        let sizes: Option<Vec<usize>> = definition.columns.iter().map(size).collect();
        let Some(mut sizes) = sizes else {
            continue;
        };
        let now = padded(&sizes);
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let wasted = now.saturating_sub(padded(&sizes));
        if wasted >= WASTED_BYTES_MIN {
            let message =
                format!("the order of the columns of {table} wastes {wasted} bytes in every row");
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(table)
                    .advice("put 8-byte columns first, then 4, 2 and 1, then text and numeric"),
            );
        }
    }
    hits
}

/// Below this nobody would reorder a table: two words of a row.
const WASTED_BYTES_MIN: usize = 16;

/// The size of a column of fixed length, which is its alignment too; none for the others.
fn size(column: &Column) -> Option<usize> {
    const EIGHT: &[&str] = &[
        "bigint",
        "double precision",
        "timestamp with time zone",
        "timestamp without time zone",
    ];
    const FOUR: &[&str] = &["integer", "real", "date"];
    let is = |names: &[&str]| names.iter().any(|name| column.data_type.is_built_in(name));
    if is(EIGHT) {
        Some(8)
    } else if is(FOUR) {
        Some(4)
    } else if is(&["smallint"]) {
        Some(2)
    } else if is(&["boolean"]) {
        Some(1)
    } else {
        None
    }
}

/// The bytes of a row, each value at a multiple of its size.
fn padded(sizes: &[usize]) -> usize {
    sizes
        .iter()
        .fold(0, |at, size| at.next_multiple_of(*size) + size)
}
