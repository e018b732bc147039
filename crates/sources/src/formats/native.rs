//! Segue's own files: dbmate's layout and markers, plus directives in comments (`-- segue:…`).
//!
//! Transactions: Segue opens one per section. `-- segue:transaction none` in a section, or before the first marker
//! for all of them, or `transaction:false` on the marker's line, opts out; the statements are then sent one by one.
//! Told from dbmate by a directive in a sampled file, or by a `segue.toml` beside or above that names the folder.

use segue_model::{Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack, dbmate};
use crate::history::{History, HistoryTables, applied_rows};
use crate::lines::{comment, lines};
use crate::locate::NativeDefault;
use crate::markers::{form, stretches};
use crate::settings;
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Native,
    find,
    project,
    split,
    history,
    way_back: WayBack::Below("-- migrate:down"),
};

fn find(survey: &Survey) -> Vec<usize> {
    (dbmate::FORMAT.find)(survey)
        .into_iter()
        .filter(|index| is_ours(survey, *index))
        .collect()
}

fn is_ours(survey: &Survey, index: usize) -> bool {
    match survey.native_default {
        NativeDefault::Always => true,
        NativeDefault::WhenDirected => {
            survey.any_sql(index, |head| {
                lines(head).any(|line| directive(line.text).is_some())
            }) || is_named(survey, index)
        }
    }
}

/// True when a `segue.toml` beside or above names this folder, or names none.
fn is_named(survey: &Survey, index: usize) -> bool {
    let Some(file) = survey.nearest(index, "segue.toml") else {
        return false;
    };
    let settings = settings::toml(&file.text);
    let Some(named) = settings.get("project.dir") else {
        return true;
    };
    let path = survey.folder(index).map_or("", |folder| &folder.path);
    survey
        .tree
        .root()
        .join(path)
        .canonicalize()
        .is_ok_and(|real| real.ends_with(named.trim_start_matches("./").trim_end_matches('/')))
}

/// What follows `segue:` when the line is a directive.
fn directive(line: &str) -> Option<&str> {
    comment(line)?.strip_prefix("segue:")
}

fn project(survey: &Survey, index: usize) -> Project {
    dbmate::digits_project(survey, index, Tool::Native)
}

fn split(reading: &Reading) -> Form {
    let text = &reading.up.text;
    let (preamble, found) = stretches(text, dbmate::marker);
    // With a marker, the preamble speaks for the whole file; without one, it is the section itself.
    let everywhere = says_none(preamble.of(text));
    form(&reading.up, preamble, &found, |stretch| {
        let here = dbmate::says_no_transaction(stretch) || says_none(stretch.span.of(text));
        if everywhere || here {
            (Wrapping::Autocommit, TransactionChoice::OptedOut)
        } else {
            (Wrapping::Transaction, TransactionChoice::ToolDefault)
        }
    })
}

/// True when a line is `-- segue:transaction none`.
fn says_none(text: &str) -> bool {
    lines(text).filter_map(|line| directive(line.text)).any(|said| {
        let mut words = said.split_whitespace();
        words.next() == Some("transaction") && words.next() == Some("none")
    })
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    applied_rows(units, tables, ("schema_migrations", "version"))
}
