//! UPDATE or DELETE of a large table, or INSERT of rows made of its rows: a backfill, each row exactly once.
//!
//! Measured: one UPDATE of 1 M rows keeps every row it touched locked until its end and doubles the table; ranges of the
//! key in stripes, each its own transaction, write 0.6 of the log and let the table grow a third as much.
//!
//! What each row gets is computed from that row alone, so the order of the rows does not matter; that a range is done
//! exactly once follows from its record, which commits with it. Refuses statements that read other rows or tables, that
//! change a unique column, and those in a transaction that the file opens: they were meant to be one.

use segue_model::{
    Backfill, BackfillKind, BackfillProof, Change, Context, DataChange, Expression, Ident, InsertColumns, Predicate,
    QualifiedName, Shape, TransactionState, Uniqueness,
};

use super::draft::Draft;
use super::is_used;
use crate::backfill;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Data(change) = change else {
        return None;
    };
    let Wanted {
        table,
        kind,
        filter,
        purpose,
    } = wanted(change)?;
    let is_large = context
        .server
        .sizes
        .get(table)
        .is_some_and(|size| size.rows >= context.server.large_rows);
    if !is_large || !is_used(table, context) || context.transaction.state == TransactionState::File
    {
        return None;
    }
    let remaining = filter.cloned().unwrap_or_else(every_row);
    let backfill = Backfill {
        table: table.clone(),
        kind,
        remaining,
        proof: BackfillProof::EachRangeOnce,
    };
    if !is_of_one_row(&backfill) || changes_a_unique_column(&backfill, context) {
        return None;
    }
    if let BackfillKind::Copy { into, columns, .. } = &backfill.kind
        && !takes(into, columns, context)
    {
        return None;
    }
    let walk = backfill::walk(&backfill, context.catalog, context.server.version).ok()?;
    let mut draft = Draft::new();
    draft.backfill(purpose, backfill);
    draft.remark(format!(
        "{}. Rows that are inserted behind the last key after it began are not its rows.",
        walk.reason
    ));
    Some(draft)
}

/// What a statement does to the rows of a table.
struct Wanted<'a> {
    table: &'a QualifiedName,
    kind: BackfillKind,
    filter: Option<&'a Expression>,
    purpose: String,
}

fn wanted(change: &DataChange) -> Option<Wanted<'_>> {
    match change {
        DataChange::Update {
            table,
            assignments,
            filter,
            reads,
            ..
        } if reads.is_empty() && !assignments.is_empty() => {
            let assignments = assignments
                .iter()
                .map(|one| (one.column.clone(), one.value.clone()))
                .collect();
            Some(Wanted {
                table,
                kind: BackfillKind::Update { assignments },
                filter: filter.as_ref(),
                purpose: format!("Change the rows of {table} in batches, each row once."),
            })
        }
        DataChange::Delete {
            table,
            filter,
            reads,
            ..
        } if reads.is_empty() => Some(Wanted {
            table,
            kind: BackfillKind::Delete,
            filter: filter.as_ref(),
            purpose: format!("Delete the rows of {table} in batches, each row once."),
        }),
        DataChange::Insert {
            table,
            columns: InsertColumns::Named(columns),
            each: Some(each),
            ..
        } if columns.len() == each.values.len() && table != &each.from => Some(Wanted {
            table: &each.from,
            kind: BackfillKind::Copy {
                into: table.clone(),
                columns: columns.iter().cloned().zip(each.values.iter().cloned()).collect(),
                taken: each.taken,
            },
            filter: each.filter.as_ref(),
            purpose: format!(
                "Insert into {table} what the rows of {} make, in batches, each row once.",
                each.from
            ),
        }),
        DataChange::Insert { .. }
        | DataChange::Update { .. }
        | DataChange::Delete { .. }
        | DataChange::Merge { .. }
        | DataChange::Truncate { .. }
        | DataChange::CopyIn { .. }
        | DataChange::CopyOut { .. }
        | DataChange::Select(_)
        | DataChange::SetSequenceValue(_) => None,
    }
}

/// True when rows go into a table as they would in one statement: nothing rewrites or redirects them, and no trigger sees
/// statements where there was one.
fn takes(into: &QualifiedName, columns: &[(Ident, Expression)], context: &Context<'_>) -> bool {
    context.catalog.table(into).is_some_and(|table| {
        table.rules.is_empty()
            && table.settings.server.is_none()
            && table.triggers.is_empty()
            && columns.iter().all(|(column, _)| table.column(column).is_some())
    })
}

fn every_row() -> Expression {
    Expression {
        text: "true".to_owned(),
        columns: Vec::new(),
        functions: Vec::new(),
        shape: Shape::Constant,
        logic: Predicate::Unknown,
    }
}

/// True when every expression is about the row itself: no query inside, and no name of the table that the batches would
/// not know (an alias).
fn is_of_one_row(backfill: &Backfill) -> bool {
    let values: Vec<&str> = match &backfill.kind {
        BackfillKind::Update { assignments } => assignments
            .iter()
            .map(|(_, value)| value.text.as_str())
            .collect(),
        BackfillKind::Copy { columns, .. } => columns
            .iter()
            .map(|(_, value)| value.text.as_str())
            .collect(),
        BackfillKind::Delete => Vec::new(),
    };
    values
        .into_iter()
        .chain(std::iter::once(backfill.remaining.text.as_str()))
        .all(|text| is_plain(text, backfill.table.name.as_str()))
}

/// True for a text without a query and without a qualifier other than the table's own name. A text that is not
/// understood is not plain.
fn is_plain(text: &str, table: &str) -> bool {
    let mut word = String::new();
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                is_quoted = !is_quoted;
                word.clear();
            }
            _ if is_quoted => {}
            // Comments, dollar quotes and quoted names may hide anything.
            '$' | '"' | '\\' => return false,
            '-' if characters.peek() == Some(&'-') => return false,
            '/' if characters.peek() == Some(&'*') => return false,
            '.' => {
                let is_number = word.chars().all(|digit| digit.is_ascii_digit());
                if !is_number && !word.eq_ignore_ascii_case(table) {
                    return false;
                }
                word.clear();
            }
            letter if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            _ => {
                if is_query(&word) {
                    return false;
                }
                word.clear();
            }
        }
    }
    !is_quoted && !is_query(&word)
}

fn is_query(word: &str) -> bool {
    ["select", "exists", "default", "current"]
        .iter()
        .any(|one| word.eq_ignore_ascii_case(one))
}

/// In one statement the server checks a unique column after each row too, but in an order of its own: batches could meet
/// conflicts that the statement would not have met.
fn changes_a_unique_column(backfill: &Backfill, context: &Context<'_>) -> bool {
    let BackfillKind::Update { assignments } = &backfill.kind else {
        return false;
    };
    let is_named = |column: &Ident| assignments.iter().any(|(assigned, _)| assigned == column);
    context
        .catalog
        .indexes_of(&backfill.table)
        .filter(|(_, index)| index.definition.uniqueness != Uniqueness::NotUnique)
        .any(|(_, index)| {
            index.definition.keys.iter().any(|key| match &key.part {
                segue_model::IndexKeyPart::Column(column) => is_named(column),
                segue_model::IndexKeyPart::Expression(expression) => {
                    expression.columns.iter().any(is_named)
                }
            })
        })
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn only_what_is_about_the_row_itself_is_plain() {
        for text in [
            "upper(a)",
            "n + 1.5",
            "t.n + 1",
            "'it''s a@b.c' || a",
            "a IN (1, 2) AND b < now()",
        ] {
            assert!(is_plain(text, "t"), "{text}");
        }
        for text in [
            "o.n + 1",
            "(SELECT max(n) FROM t)",
            "EXISTS (SELECT 1)",
            "DEFAULT",
            "\"A\" + 1",
            "a -- all",
            "a /* all */",
            "$$x$$",
            "pg_catalog.upper(a)",
        ] {
            assert!(!is_plain(text, "t"), "{text}");
        }
    }
}
