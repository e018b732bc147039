//! A plain folder of `.sql` files that no known tool runs.
//!
//! Transactions: taken as `psql -f` sends them, each statement alone and committed by itself. Order is the text order
//! of the names. No way back, no history.

use segue_model::{Down, Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables};
use crate::names::{description, leading_digits, without_ending};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Plain,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

/// Folders whose name says so, or with at least two numbered files; others may hold queries, seeds or dumps.
fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(_, folder)| {
            let named = ["migrations", "migration", "migrate"].contains(&folder.name());
            let numbered = folder
                .sql()
                .filter(|name| leading_digits(name.trim_start_matches(['V', 'v'])).is_some())
                .take(2)
                .count();
            named && folder.sql().next().is_some() || numbered == 2
        })
        .map(|(index, _)| index)
        .collect()
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    if let Some(folder) = survey.folder(index) {
        project.units = folder
            .sql()
            .map(|file| {
                let stem = without_ending(file, ".sql").unwrap_or(file);
                let words = leading_digits(stem).map_or(stem, |(_, rest)| description(rest));
                survey.unit(Tool::Plain, stem, folder, file).named(words)
            })
            .collect();
    }
    project
}

fn split(reading: &Reading) -> Form {
    Form::Sql {
        up: vec![whole_file(
            &reading.up,
            Wrapping::Autocommit,
            TransactionChoice::ToolDefault,
        )],
        down: Down::Missing,
    }
}

fn history(units: &[Unit], _tables: &HistoryTables) -> History {
    History {
        entries: units
            .iter()
            .map(|unit| HistoryEntry::new(&unit.id, HistoryState::Pending))
            .collect(),
        locked_by: None,
    }
}
