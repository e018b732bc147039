//! refinery: `V1__name.sql`, and `U1__name.sql` for migrations that may run late (not undo).
//!
//! Transactions (`refinery_cli` 0.10.0): one per migration for the statements, a SECOND for the row. No way out of it,
//! so `CREATE INDEX CONCURRENTLY` can never run; no way back. A late `V` silently never runs; a late `U` does.
//! Looks like Flyway: told by `refinery.toml`, or by refinery in `Cargo.toml`.

use segue_model::{Down, Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack, flyway};
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::names::{compare_versions, without_ending};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Refinery,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(_, folder)| folder.sql().any(|name| parts(name).is_some()))
        .filter(|(index, _)| {
            !flyway::is_configured(survey, *index)
                && (survey.has_above(*index, "refinery.toml")
                    || survey.any_above_says(*index, "Cargo.toml", "refinery"))
        })
        .map(|(index, _)| index)
        .collect()
}

/// Version and name of `V1__name.sql`, `U1.2__name.sql`.
fn parts(file: &str) -> Option<(&str, &str)> {
    let stem = without_ending(file, ".sql")?;
    let rest = stem.strip_prefix(['V', 'U'])?;
    let (version, name) = rest.split_once("__")?;
    let mut numbers = version.split('.');
    let whole = numbers.by_ref().take(2).all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    (whole && numbers.next().is_none() && !name.is_empty()).then_some((version, name))
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    for file in folder.sql() {
        match parts(file) {
            Some((version, name)) => project.units.push(
                survey
                    .unit(Tool::Refinery, version, folder, file)
                    .named(name),
            ),
            None => project.problems.push(survey.ignored(
                folder,
                file,
                "its name is not V<version>__<name>.sql or U<version>__<name>.sql",
            )),
        }
    }
    project.units.sort_by(|a, b| compare_versions(&a.id, &b.id));
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    Form::Sql {
        up: vec![whole_file(
            &reading.up,
            Wrapping::Transaction,
            TransactionChoice::ToolDefault,
        )],
        down: Down::Missing,
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let recorded = rows(tables, "refinery_schema_history")
        .iter()
        .filter_map(|row| {
            Some(HistoryEntry {
                id: row.value("version")?.to_owned(),
                state: HistoryState::Applied,
                checksum: row.value("checksum").map(str::to_owned),
            })
        })
        .collect();
    History {
        entries: by_key(units, recorded, |unit, entry| {
            compare_versions(&unit.id, &entry.id).is_eq()
        }),
        locked_by: None,
    }
}
