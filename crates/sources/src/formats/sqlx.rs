//! sqlx: `<version>_<description>.sql`, or the pair `.up.sql` and `.down.sql`.
//!
//! Transactions (sqlx-cli 0.9.0): `BEGIN`, the file as one message, the row, `COMMIT`. A first line
//! `-- no-transaction` opts out: the file as one message, then the row, so several statements are still one implicit
//! transaction. An edited or missing applied file stops every run. Order is the number; late migrations run.

use std::sync::Arc;

use segue_model::{Down, Form, Section, SourceText, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack, golang_migrate};
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::markers::down_of;
use crate::names::{compare_numbers, description, leading_digits, number, without_ending};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Sqlx,
    find,
    project,
    split,
    history,
    way_back: WayBack::Beside(".up.sql", ".down.sql"),
};

const OPT_OUT: &str = "-- no-transaction";

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, folder)| {
            let named = folder.name() == "migrations" || folder.path.is_empty();
            let numbered = folder.sql().any(|name| leading_digits(name).is_some());
            let paired = golang_migrate::has_pairs(folder);
            numbered
                && (paired && survey.any_sql(*index, |head| head.starts_with(OPT_OUT))
                    || (paired || named) && is_named(survey, *index))
        })
        .map(|(index, _)| index)
        .collect()
}

/// True when the crate around it, or its workspace, uses sqlx.
fn is_named(survey: &Survey, index: usize) -> bool {
    survey.any_above_says(index, "Cargo.toml", "sqlx")
        || survey.has_above(index, "sqlx-data.json")
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = golang_migrate::pairs(survey, index, Tool::Sqlx);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    for unit in &mut project.units {
        unit.name = unit.name.replace('_', " ");
    }
    for name in folder.sql() {
        if without_ending(name, ".up.sql").is_some() || without_ending(name, ".down.sql").is_some()
        {
            continue;
        }
        let stem = without_ending(name, ".sql").unwrap_or(name);
        match leading_digits(stem) {
            Some((digits, rest)) => project.units.push(
                survey
                    .unit(Tool::Sqlx, number(digits), folder, name)
                    .named(&description(rest).replace('_', " ")),
            ),
            None => project.problems.push(survey.ignored(
                folder,
                name,
                "its name does not begin with the digits of a version",
            )),
        }
    }
    project.units.sort_by(|a, b| compare_numbers(&a.id, &b.id));
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn section(file: &Arc<SourceText>) -> Section {
    if file.text.starts_with(OPT_OUT) {
        whole_file(file, Wrapping::OneMessage, TransactionChoice::OptedOut)
    } else {
        whole_file(file, Wrapping::Transaction, TransactionChoice::ToolDefault)
    }
}

fn split(reading: &Reading) -> Form {
    Form::Sql {
        up: vec![section(&reading.up)],
        down: reading
            .down
            .as_ref()
            .map_or(Down::Missing, |down| down_of(vec![section(down)])),
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let recorded = rows(tables, "_sqlx_migrations")
        .iter()
        .map(|row| HistoryEntry {
            id: number(row.value("version").unwrap_or("0")).to_owned(),
            state: if row.is_true("success") {
                HistoryState::Applied
            } else {
                HistoryState::Failed
            },
            // The server prints a bytea as \x and hexadecimal.
            checksum: row
                .value("checksum")
                .map(|sum| sum.trim_start_matches("\\x").to_owned()),
        })
        .collect();
    History {
        entries: by_key(units, recorded, |_, _| false),
        locked_by: None,
    }
}
