//! What a tool believes it has run: the state of each migration from the tool's own tables.
//!
//! Pure, and no verdict about the live catalog: a row is not proof that something happened, nor its absence that
//! nothing did.

use std::collections::BTreeMap;

use segue_model::Tool;

use crate::Unit;
use crate::formats::format_of;

/// Tables by name, with or without their namespace.
pub type HistoryTables = BTreeMap<String, HistoryTable>;

/// One table as text: a value is what the server prints, none is NULL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryTable {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows, in no order that could be trusted.
    pub rows: Vec<Vec<Option<String>>>,
}

/// The state of a migration as its tool sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HistoryState {
    /// Recorded as done.
    Applied,
    /// Recorded as begun and not finished; the tool refuses to go on.
    Failed,
    /// Not recorded.
    Pending,
    /// Recorded as done and then taken out of the history, its file too (Flyway).
    Deleted,
    /// Counts as done without ever having run here (Flyway).
    Baseline,
}

/// One migration in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// How the tool names it.
    pub id: String,
    /// What the tool believes.
    pub state: HistoryState,
    /// The checksum in the table.
    pub checksum: Option<String>,
}

impl HistoryEntry {
    /// An entry without a checksum.
    pub(crate) fn new(id: &str, state: HistoryState) -> Self {
        Self {
            id: id.to_owned(),
            state,
            checksum: None,
        }
    }
}

/// What the tables of a tool say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The project's migrations in their order, then those that only the tables know.
    pub entries: Vec<HistoryEntry>,
    /// Who holds the tool's lock, where the lock is a row.
    pub locked_by: Option<String>,
}

/// Reads the history of a project's migrations. Tables that do not exist count as empty.
pub fn history(tool: Tool, units: &[Unit], tables: &HistoryTables) -> History {
    (format_of(tool).history)(units, tables)
}

/// The rows of a table, by the last part of its name, each as a lookup from column to value.
pub(crate) fn rows<'tables>(tables: &'tables HistoryTables, name: &str) -> Vec<Row<'tables>> {
    tables
        .iter()
        .filter(|(full, _)| full.rsplit('.').next() == Some(name))
        .flat_map(|(_, table)| {
            table.rows.iter().map(|values| Row {
                columns: &table.columns,
                values,
            })
        })
        .collect()
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'table> {
    columns: &'table [String],
    values: &'table [Option<String>],
}

impl<'table> Row<'table> {
    /// The value of a column; none for NULL and for a column that is not there.
    pub(crate) fn value(&self, column: &str) -> Option<&'table str> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.values.get(index)?.as_deref()
    }

    /// True when the server printed the boolean as true.
    pub(crate) fn is_true(&self, column: &str) -> bool {
        matches!(self.value(column), Some("t" | "true" | "1"))
    }

    /// The value as a number, for sorting.
    pub(crate) fn number(&self, column: &str) -> i64 {
        self.value(column)
            .and_then(|value| value.parse().ok())
            .unwrap_or(0)
    }
}

/// A history in which one row per migration says that it was applied.
pub(crate) fn by_key(
    units: &[Unit],
    recorded: Vec<HistoryEntry>,
    same: impl Fn(&Unit, &HistoryEntry) -> bool,
) -> Vec<HistoryEntry> {
    let mut unknown: Vec<Option<HistoryEntry>> = recorded.into_iter().map(Some).collect();
    let mut entries = Vec::with_capacity(units.len());
    let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, entry) in unknown.iter().enumerate() {
        if let Some(entry) = entry {
            by_id.entry(entry.id.clone()).or_default().push(index);
        }
    }
    for unit in units {
        // The exact id is the rule, so a large history stays linear; the comparison is for what remains.
        let position = by_id
            .get(&unit.id)
            .and_then(|found| found.first().copied())
            .or_else(|| {
                unknown
                    .iter()
                    .position(|entry| entry.as_ref().is_some_and(|entry| same(unit, entry)))
            });
        let taken = position
            .and_then(|index| unknown.get_mut(index))
            .and_then(Option::take);
        entries.push(match taken {
            Some(entry) => HistoryEntry {
                id: unit.id.clone(),
                ..entry
            },
            None => HistoryEntry::new(&unit.id, HistoryState::Pending),
        });
    }
    entries.extend(unknown.into_iter().flatten());
    entries
}

/// The usual case: a table with one row per applied migration, its id in one column.
pub(crate) fn applied_rows(
    units: &[Unit],
    tables: &HistoryTables,
    (table, column): (&str, &str),
) -> History {
    let recorded = rows(tables, table)
        .iter()
        .filter_map(|row| row.value(column))
        .map(|id| HistoryEntry::new(id, HistoryState::Applied))
        .collect();
    History {
        entries: by_key(units, recorded, |_, _| false),
        locked_by: None,
    }
}
