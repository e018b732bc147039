//! Claims about the reader: what it reads, what it refuses, and where.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a claim names the one variant it expects"
)]

mod ceilings;
mod claims;
mod cutting;
mod programs;
mod removal;
mod rows;

use segue_model::{Change, DataChange, Opaque, OpaqueReason, Query, Statement, TextNoteKind};

/// Reads on a stack of the size that callers give.
fn read(text: &str) -> Vec<Statement> {
    let text = text.to_owned();
    std::thread::Builder::new()
        .stack_size(64 * 1024 * 1024)
        .spawn(move || super::read(&text, 17))
        .unwrap()
        .join()
        .unwrap()
}

/// The only change of the only statement.
fn only(text: &str) -> Change {
    let mut statements = read(text);
    assert_eq!(statements.len(), 1, "{text}: {statements:?}");
    let mut changes = statements.remove(0).changes;
    assert_eq!(changes.len(), 1, "{text}: {changes:?}");
    changes.remove(0)
}

fn opaque(text: &str) -> Opaque {
    match only(text) {
        Change::Opaque(opaque) => opaque,
        other => panic!("{text}: {other:?}"),
    }
}

fn reason(text: &str) -> OpaqueReason {
    opaque(text).reason
}

fn query(text: &str) -> Query {
    match only(text) {
        Change::Data(DataChange::Select(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

fn notes(text: &str) -> Vec<TextNoteKind> {
    read(text)
        .into_iter()
        .flat_map(|statement| statement.notes)
        .map(|note| note.kind)
        .collect()
}

fn texts(text: &str) -> Vec<&str> {
    read(text)
        .iter()
        .map(|statement| statement.span.of(text))
        .collect()
}
