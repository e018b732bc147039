//! Reads the `COPY … FROM stdin` blocks of a plain dump into history tables, so that a history can be read without a
//! server.
//!
//! Reads nothing else of the dump.

use segue_sources::{HistoryTable, HistoryTables};

/// The tables of a plain `pg_dump` that has `COPY` blocks; tables without rows are there and empty.
///
/// Source: PostgreSQL manual, `COPY`, text format: tabs between columns, `\N` for NULL, backslash escapes.
pub(crate) fn history_tables_of_dump(dump: &str) -> HistoryTables {
    let mut tables = HistoryTables::new();
    let mut current: Option<(String, HistoryTable)> = None;
    for line in dump.lines() {
        match &mut current {
            None => current = opening(line),
            Some(_) if line == "\\." => {
                if let Some((name, table)) = current.take() {
                    tables.insert(name, table);
                }
            }
            Some((_, table)) => table.rows.push(line.split('\t').map(value).collect()),
        }
    }
    tables
}

/// `COPY public.name (one, "two") FROM stdin;`
fn opening(line: &str) -> Option<(String, HistoryTable)> {
    let rest = line.strip_prefix("COPY ")?;
    let (name, rest) = rest.split_once(" (")?;
    let (columns, rest) = rest.split_once(") FROM stdin")?;
    rest.starts_with(';').then(|| {
        let columns = columns
            .split(", ")
            .map(|column| column.trim_matches('"').to_owned())
            .collect();
        let table = HistoryTable {
            columns,
            rows: Vec::new(),
        };
        (name.replace('"', ""), table)
    })
}

fn value(text: &str) -> Option<String> {
    if text == "\\N" {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some(other) => plain.push(other),
            None => plain.push('\\'),
        }
    }
    Some(plain)
}
