//! dbmate: `<digits>_<name>.sql` with `-- migrate:up` and `-- migrate:down`.
//!
//! Transactions (2.37.0): a section is `BEGIN`, the whole section as one message, the history row, `COMMIT`. With
//! `transaction:false` it is one message without `BEGIN`, so two statements in it are one implicit transaction. The
//! row comes with the last section: a crash in between leaves earlier sections committed and no row.
//! Order is the text order of the names (`10_` before `9_`); late migrations run.

use segue_model::{Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::graph::duplicates;
use crate::history::{History, HistoryTables, applied_rows};
use crate::lines::{comment, lines};
use crate::markers::{Direction, Marker, Stretch, after_word, form, stretches};
use crate::names::{description, leading_digits, without_ending};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Dbmate,
    find,
    project,
    split,
    history,
    way_back: WayBack::Below("-- migrate:down"),
};

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, folder)| {
            folder.sql().any(|name| leading_digits(name).is_some()) && has_markers(survey, *index)
        })
        .map(|(index, _)| index)
        .collect()
}

/// True when a sampled file has the marker.
pub(crate) fn has_markers(survey: &Survey, index: usize) -> bool {
    survey.any_sql(index, |head| {
        lines(head).any(|line| matches!(marker(line.text), Some((Direction::Up, _))))
    })
}

/// The marker line, if it is one.
pub(crate) fn marker(line: &str) -> Option<Marker<'_>> {
    let said = comment(line)?;
    after_word(said, "migrate:up")
        .map(|options| (Direction::Up, options))
        .or_else(|| after_word(said, "migrate:down").map(|options| (Direction::Down, options)))
}

fn project(survey: &Survey, index: usize) -> Project {
    digits_project(survey, index, Tool::Dbmate)
}

/// The folder's `<digits>….sql` files in text order.
pub(crate) fn digits_project(survey: &Survey, index: usize, tool: Tool) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    for file in folder.sql() {
        let stem = without_ending(file, ".sql").unwrap_or(file);
        match leading_digits(stem) {
            Some((digits, rest)) => project.units.push(
                survey
                    .unit(tool, digits, folder, file)
                    .named(description(rest)),
            ),
            None => project.problems.push(survey.ignored(
                folder,
                file,
                "its name does not begin with the digits of a version",
            )),
        }
    }
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    let (preamble, found) = stretches(&reading.up.text, marker);
    form(&reading.up, preamble, &found, |stretch| {
        if says_no_transaction(stretch) {
            (Wrapping::OneMessage, TransactionChoice::OptedOut)
        } else {
            (Wrapping::Transaction, TransactionChoice::ToolDefault)
        }
    })
}

/// True when the marker's line says `transaction:false`.
pub(crate) fn says_no_transaction(stretch: &Stretch<'_>) -> bool {
    stretch
        .options
        .split_whitespace()
        .any(|option| option == "transaction:false")
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    applied_rows(units, tables, ("schema_migrations", "version"))
}
