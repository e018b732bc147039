//! A floating point number rounds amounts of money.

use crate::select::new_columns;
use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "float-for-money",
    summary: "a floating point number rounds amounts of money",
    question: Question::Advises,
    group: Group::Design,
    page: "\
`real` and `double precision` cannot hold 0.1. Sums of money drift, and comparisons fail.

Use `numeric`, or whole cents in a `bigint`.",
    bad: &[Example::new("CREATE TABLE t (price double precision);")],
    good: &[Example::new(
        "CREATE TABLE t (price numeric(12, 2), ratio double precision);",
    )],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, column) in new_columns(asked) {
        if (column.data_type.is_built_in("double precision")
            || column.data_type.is_built_in("real"))
            && is_money(column.name.as_str())
        {
            let shown = crate::select::column(table, &column.name);
            hits.push(
                Hit::new(
                    Severity::Note,
                    format!("{shown} looks like an amount of money and cannot hold 0.1"),
                )
                .on(table)
                .advice("use numeric, or whole cents in a bigint"),
            );
        }
    }
    hits
}

/// Words that amounts of money are called by.
const MONEY: &[&str] = &[
    "price", "amount", "total", "cost", "balance", "fee", "salary", "payment", "tax", "discount",
];

fn is_money(name: &str) -> bool {
    name.split('_').any(|word| MONEY.contains(&word))
}
