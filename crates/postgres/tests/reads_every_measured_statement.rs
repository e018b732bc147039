//! Every statement that was measured reads to changes: none of them, and nothing of their set-up, is `Opaque`.

use segue_model::{Change, Dialect, Statement};
use segue_postgres::Postgres;
use segue_testkit::lock_cases::{globals_sql, load, schema_sql};

/// The newest version: what is measured on 18 alone must read as well.
const VERSION: u16 = 18;

/// What could not be read, with the text it stands in.
fn unread(text: &str) -> Vec<String> {
    let statements = Postgres.read(text, VERSION);
    if statements.is_empty() {
        return vec![format!("nothing was found in: {text}")];
    }
    statements
        .iter()
        .filter_map(|statement: &Statement| {
            let opaque = statement.opaque()?;
            let written = statement.span.of(text);
            Some(format!(
                "{:?}: {} in: {written}",
                opaque.reason, opaque.message
            ))
        })
        .collect()
}

#[test]
fn every_measured_statement_reads() {
    let cases = load();
    assert!(!cases.is_empty(), "the table of measured cases is there");
    let unread: Vec<String> = cases
        .iter()
        .flat_map(|case| unread(&case.statement))
        .collect();
    assert!(unread.is_empty(), "{}", unread.join("\n"));
}

#[test]
fn every_set_up_of_a_measured_statement_reads() {
    let cases = load();
    let set_up = cases
        .iter()
        .flat_map(|case| case.after.iter().chain(case.held.as_ref()));
    let unread: Vec<String> = set_up.flat_map(|statement| unread(statement)).collect();
    assert!(unread.is_empty(), "{}", unread.join("\n"));
}

#[test]
fn the_tables_of_the_measured_statements_read() {
    let unread = unread(schema_sql());
    assert!(unread.is_empty(), "{}", unread.join("\n"));
}

#[test]
fn the_roles_of_the_measured_statements_read() {
    let unread = unread(globals_sql());
    assert!(unread.is_empty(), "{}", unread.join("\n"));
}

#[test]
fn a_measured_statement_reads_the_same_among_its_neighbours_as_alone() {
    let statements: Vec<String> = load().into_iter().map(|case| case.statement).collect();
    let together = Postgres.read(&statements.join(";\n"), VERSION);
    assert_eq!(together.len(), statements.len());
    for (alone, read) in statements.iter().zip(&together) {
        let expected: Vec<_> = Postgres
            .read(alone, VERSION)
            .into_iter()
            .flat_map(|one| one.changes)
            .collect();
        // The statements in a routine's body know where they stand in the file.
        if !matches!(expected.as_slice(), [Change::Routine(..)]) {
            assert_eq!(read.changes, expected, "{alone}");
        }
    }
}
