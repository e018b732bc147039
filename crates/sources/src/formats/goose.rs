//! goose: `<digits>_<name>.sql` with `-- +goose Up` and `-- +goose Down`; also Go programs.
//!
//! Transactions (read in its source, not run): one per migration, each statement sent alone;
//! `-- +goose NO TRANSACTION` sends each statement without one. Order is the number.

use segue_model::{Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::lines::{comment, lines};
use crate::markers::{Direction, Marker, after_word, form, stretches};
use crate::names::{compare_numbers, description, is_sql, leading_digits, number};
use crate::programs::program;
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Goose,
    find,
    project,
    split,
    history,
    way_back: WayBack::Below("-- +goose Down"),
};

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, _)| {
            survey.any_sql(*index, |head| {
                lines(head).any(|line| matches!(marker(line.text), Some((Direction::Up, _))))
            })
        })
        .map(|(index, _)| index)
        .collect()
}

/// What follows `+goose` when the line is one of its annotations.
fn annotation(line: &str) -> Option<&str> {
    comment(line).and_then(|said| after_word(said, "+goose"))
}

fn marker(line: &str) -> Option<Marker<'_>> {
    let said = annotation(line)?;
    after_word(said, "up")
        .map(|rest| (Direction::Up, rest))
        .or_else(|| after_word(said, "down").map(|rest| (Direction::Down, rest)))
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    let numbered_go = |name: &str| name.strip_suffix(".go").is_some() && !name.ends_with("_test.go");
    for file in folder.files.iter().filter(|f| is_sql(f) || numbered_go(f)) {
        let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
        match leading_digits(stem) {
            Some((digits, rest)) => project.units.push(
                survey
                    .unit(Tool::Goose, number(digits), folder, file)
                    .named(description(rest)),
            ),
            None if is_sql(file) => project.problems.push(survey.ignored(
                folder,
                file,
                "its name does not begin with the digits of a version",
            )),
            None => {}
        }
    }
    project.units.sort_by(|a, b| compare_numbers(&a.id, &b.id));
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    let text = &reading.up.text;
    if reading.up.path.strip_suffix(".go").is_some() {
        let choice = if text.contains("NoTx") {
            TransactionChoice::OptedOut
        } else {
            TransactionChoice::ToolDefault
        };
        return program("Go", choice, segue_model::Down::Derived);
    }
    let opted_out = lines(text)
        .filter_map(|line| annotation(line.text))
        .any(|said| after_word(said, "no transaction").is_some());
    let (preamble, found) = stretches(text, marker);
    form(&reading.up, preamble, &found, |_| {
        if opted_out {
            (Wrapping::Autocommit, TransactionChoice::OptedOut)
        } else {
            (Wrapping::Transaction, TransactionChoice::ToolDefault)
        }
    })
}

/// The newest row of a version counts; older releases append a row when they go down.
fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let mut found = rows(tables, "goose_db_version");
    found.sort_by_key(|row| row.number("id"));
    let mut recorded: Vec<HistoryEntry> = Vec::new();
    for row in &found {
        let id = number(row.value("version_id").unwrap_or("0"));
        if id == "0" {
            continue;
        }
        recorded.retain(|entry| entry.id != id);
        if row.is_true("is_applied") {
            recorded.push(HistoryEntry::new(id, HistoryState::Applied));
        }
    }
    History {
        entries: by_key(units, recorded, |_, _| false),
        locked_by: None,
    }
}
