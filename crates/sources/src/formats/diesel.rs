//! diesel: a folder per migration with `up.sql`, `down.sql` and perhaps `metadata.toml`.
//!
//! Transactions (`diesel_cli` 2.3.14): `BEGIN`, the file as one message, the row, `COMMIT`. With
//! `run_in_transaction = false` in `metadata.toml` (it holds for both ways): the file as one message, then the row.
//! The version is the folder's name up to the first `_`, without `-`. Order is the folders' text; late ones run.

use segue_model::{Down, Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::graph::duplicates;
use crate::history::{History, HistoryTables, applied_rows};
use crate::markers::down_of;
use crate::settings;
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Diesel,
    find,
    project,
    split,
    history,
    way_back: WayBack::InItsFolder("down.sql"),
};

const UP: &str = "up.sql";

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, _)| {
            survey.inside(*index).iter().any(|(_, inner)| {
                inner.has(UP)
                    && inner.name().starts_with(|first: char| first.is_ascii_digit())
            })
        })
        .map(|(index, _)| index)
        .collect()
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    for (inner_index, inner) in survey.inside(index) {
        if !inner.has(UP) {
            continue;
        }
        project.claims.push(inner_index);
        let (version, words) = inner.name().split_once('_').unwrap_or((inner.name(), ""));
        let beside = |name: &str| inner.has(name).then(|| survey.tree.place(inner, name));
        project.units.push(
            survey
                .unit(Tool::Diesel, &version.replace('-', ""), inner, UP)
                .named(words)
                .with_files(|files| {
                    files.down = beside("down.sql");
                    files.side = beside("metadata.toml");
                }),
        );
    }
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    let asked = reading
        .side
        .as_ref()
        .and_then(|side| settings::toml(&side.text).remove("run_in_transaction"));
    let (wrapping, choice) = match asked.as_deref() {
        Some("false") => (Wrapping::OneMessage, TransactionChoice::OptedOut),
        Some("true") => (Wrapping::Transaction, TransactionChoice::OptedIn),
        Some(_) | None => (Wrapping::Transaction, TransactionChoice::ToolDefault),
    };
    let section = |file| whole_file(file, wrapping, choice);
    Form::Sql {
        up: vec![section(&reading.up)],
        down: reading
            .down
            .as_ref()
            .map_or(Down::Missing, |down| down_of(vec![section(down)])),
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    applied_rows(units, tables, ("__diesel_schema_migrations", "version"))
}
