//! golang-migrate: `<digits>_<title>.up.sql` and `.down.sql`.
//!
//! Transactions (read in its source, not run): none is opened; the file is one message, so several statements are one
//! implicit transaction. The table holds the current version only, with a `dirty` mark while running and after a
//! failure; everything numerically below it counts as applied, so a late migration never runs.
//! Files alone do not tell it from sqlx.

use std::collections::BTreeMap;

use segue_model::{Down, Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, rows};
use crate::markers::down_of;
use crate::names::{compare_numbers, description, leading_digits, number, without_ending};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::GolangMigrate,
    find,
    project,
    split,
    history,
    way_back: WayBack::Beside(".up.sql", ".down.sql"),
};

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(_, folder)| has_pairs(folder))
        .map(|(index, _)| index)
        .collect()
}

/// True when the folder has a file `<digits>_<title>.up.sql`.
pub(crate) fn has_pairs(folder: &Folder) -> bool {
    folder.sql().any(|name| {
        without_ending(name, ".up.sql").is_some_and(|stem| leading_digits(stem).is_some())
    })
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = pairs(survey, index, Tool::GolangMigrate);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    for name in folder.sql() {
        let paired = [".up.sql", ".down.sql"]
            .iter()
            .any(|ending| without_ending(name, ending).is_some());
        if !paired || leading_digits(name).is_none() {
            let reason = "its name is not <digits>_<title>.up.sql or .down.sql";
            project.problems.push(survey.ignored(folder, name, reason));
        }
    }
    project
}

/// The pairs of a folder by number, each with its way back.
pub(crate) fn pairs(survey: &Survey, index: usize, tool: Tool) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    let mut downs: BTreeMap<&str, &str> = folder
        .sql()
        .filter_map(|name| {
            let stem = without_ending(name, ".down.sql")?;
            Some((number(leading_digits(stem)?.0), name))
        })
        .collect();
    for name in folder.sql() {
        let Some(stem) = without_ending(name, ".up.sql") else {
            continue;
        };
        let Some((digits, rest)) = leading_digits(stem) else {
            continue;
        };
        let id = number(digits);
        let down = downs.remove(id).map(|down| survey.tree.place(folder, down));
        project.units.push(
            survey
                .unit(tool, id, folder, name)
                .named(description(rest))
                .with_files(|files| files.down = down),
        );
    }
    for name in downs.into_values() {
        let reason = "a way back without a way there of the same version";
        project.problems.push(survey.ignored(folder, name, reason));
    }
    project.units.sort_by(|a, b| compare_numbers(&a.id, &b.id));
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    let section =
        |file| whole_file(file, Wrapping::OneMessage, TransactionChoice::ToolDefault);
    Form::Sql {
        up: vec![section(&reading.up)],
        down: reading
            .down
            .as_ref()
            .map_or(Down::Missing, |down| down_of(vec![section(down)])),
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let found = rows(tables, "schema_migrations");
    let current = found.iter().find_map(|row| Some((row.value("version")?, row)));
    let state = |unit: &Unit| match current {
        None => HistoryState::Pending,
        Some((version, row)) => {
            let order = compare_numbers(&unit.id, version);
            if order.is_gt() {
                HistoryState::Pending
            } else if order.is_eq() && row.is_true("dirty") {
                HistoryState::Failed
            } else {
                HistoryState::Applied
            }
        }
    };
    History {
        entries: units
            .iter()
            .map(|unit| HistoryEntry::new(&unit.id, state(unit)))
            .collect(),
        locked_by: None,
    }
}
