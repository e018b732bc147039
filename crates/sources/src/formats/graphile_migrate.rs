//! graphile-migrate: `committed/000001[-slug].sql` with a header of `--!` lines, chained by hashes.
//!
//! Transactions (1.4.1): one per migration with the row in it. `--! no-transaction` at the head of the body: the body
//! as one message, then the row. No way back. The files form a chain, so nothing can be late; `current.sql` is not a
//! migration.

use segue_model::{Down, Form, ProjectProblem, Section, Span, Tool, TransactionChoice, Wrapping};
use sha1::Digest as _;

use super::{Format, WayBack};
use crate::checksum::hex;
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::lines::lines;
use crate::names::{compare_numbers, leading_digits, without_ending};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::GraphileMigrate,
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
        .filter(|(index, _)| survey.any_sql(*index, |head| head.starts_with("--! Previous:")))
        .map(|(index, _)| index)
        .collect()
}

/// The value of a header line.
fn header<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    lines(text)
        .map_while(|line| line.text.strip_prefix("--! "))
        .find_map(|said| said.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    // `current.sql` and what else stands beside `committed` belongs to the tool too.
    if folder.name() == "committed"
        && let Some(parent) = folder.parent
    {
        project.claims.extend(survey.below(parent));
    }
    let mut files: Vec<(&str, &str, &str)> = Vec::new();
    for file in folder.sql() {
        let stem = without_ending(file, ".sql").unwrap_or(file);
        match leading_digits(stem) {
            Some((digits, _)) => files.push((digits, file, stem)),
            None if file == "current.sql" => {}
            None => project.problems.push(survey.ignored(
                folder,
                file,
                "its name is not <digits>[-slug].sql",
            )),
        }
    }
    files.sort_by(|a, b| compare_numbers(a.0, b.0));
    let mut previous = "-".to_owned();
    for (digits, file, _) in files {
        let head = survey.head(folder, file);
        let id = [digits, ".sql"].concat();
        let says = header(&head, "Previous").unwrap_or_default();
        if says != previous {
            project.problems.push(ProjectProblem::MissingParent {
                id: id.clone(),
                parent: says.to_owned(),
            });
        }
        header(&head, "Hash").unwrap_or_default().clone_into(&mut previous);
        let words = header(&head, "Message").unwrap_or_default();
        project.units.push(
            survey
                .unit(Tool::GraphileMigrate, &id, folder, file)
                .named(words),
        );
    }
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

/// Where the body begins: after the header and one blank line.
fn body_start(text: &str) -> usize {
    let mut end = 0;
    for line in lines(text) {
        if line.text.starts_with("--! ") && line.text.contains(':') {
            end = line.next;
        } else if line.text.is_empty() && end == line.start && end > 0 {
            return line.next;
        } else {
            break;
        }
    }
    end
}

fn split(reading: &Reading) -> Form {
    let text = &reading.up.text;
    let span = Span::new(body_start(text), text.len());
    let opted_out = lines(span.of(text))
        .take_while(|line| line.text.trim().is_empty() || line.text.starts_with("--"))
        .any(|line| line.text.trim_end() == "--! no-transaction");
    let (wrapping, choice) = if opted_out {
        (Wrapping::OneMessage, TransactionChoice::OptedOut)
    } else {
        (Wrapping::Transaction, TransactionChoice::ToolDefault)
    };
    Form::Sql {
        up: vec![Section {
            file: reading.up.clone(),
            span,
            wrapping,
            choice,
        }],
        down: Down::Missing,
    }
}

/// `sha1:` and the SHA-1 of the previous hash, a newline (both left out for the first file) and the body.
pub(crate) fn hash(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let previous = header(text, "Previous")?;
    let mut hasher = sha1::Sha1::new();
    if previous != "-" {
        hasher.update(previous.as_bytes());
        hasher.update(b"\n");
    }
    hasher.update(text.get(body_start(text)..)?.as_bytes());
    Some(["sha1:", &hex(&hasher.finalize())].concat())
}

/// The table holds the number without the slug.
fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let recorded = rows(tables, "migrations")
        .iter()
        .filter(|row| row.value("hash").is_some())
        .filter_map(|row| {
            Some(HistoryEntry {
                id: row.value("filename")?.to_owned(),
                state: HistoryState::Applied,
                checksum: row.value("hash").map(str::to_owned),
            })
        })
        .collect();
    History {
        entries: by_key(units, recorded, |_, _| false),
        locked_by: None,
    }
}
