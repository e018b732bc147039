//! Drizzle Kit: `0000_<name>.sql` listed in `meta/_journal.json`; a file without an entry does not exist.
//!
//! Transactions (kit 0.31.11, orm 0.45.4): ONE around everything that is pending, each statement sent alone, split at
//! `--> statement-breakpoint`. No way out of it, so `CREATE INDEX CONCURRENTLY` can never run; no way back.
//! Pending is what has a later `when` than the newest row: a late entry is silently skipped for ever.

use std::collections::BTreeSet;

use segue_model::{Down, Form, ProjectProblem, Section, Span, Tool, TransactionChoice, Wrapping};
use serde_json::Value;

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::lines::lines;
use crate::names::{description, leading_digits};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Drizzle,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

const JOURNAL: &str = "_journal.json";
const BREAKPOINT: &str = "--> statement-breakpoint";
const CONFIGURATIONS: &[&str] = &[
    "drizzle.config.ts",
    "drizzle.config.js",
    "drizzle.config.mjs",
];

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, _)| meta(survey, *index).is_some())
        .map(|(index, _)| index)
        .collect()
}

fn meta(survey: &Survey, index: usize) -> Option<(usize, &Folder)> {
    survey
        .inside(index)
        .into_iter()
        .find(|(_, inner)| inner.name() == "meta" && inner.has(JOURNAL))
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let (Some(folder), Some((meta_index, meta))) = (survey.folder(index), meta(survey, index))
    else {
        return project;
    };
    project.claims.push(meta_index);
    let file = survey.text(meta, JOURNAL);
    let path = survey.tree.place(meta, JOURNAL).shown;
    let journal: Option<Value> = file
        .ok()
        .and_then(|file| serde_json::from_str(&file.text).ok());
    let Some(journal) = journal else {
        let reason = "not a journal that can be read, so no migration is known".to_owned();
        project.problems.push(ProjectProblem::Unreadable { path, reason });
        return project;
    };
    project.problems.extend(other_dialect(&journal, &path));
    let dialect = journal.get("dialect").and_then(Value::as_str);
    project.written_for = dialect
        .map(str::to_owned)
        .or_else(|| CONFIGURATIONS.iter().find_map(|name| configured(survey, index, name)));
    let entries = journal.get("entries").and_then(Value::as_array);
    let mut newest = i64::MIN;
    for entry in entries.into_iter().flatten() {
        add(survey, folder, entry, (&mut project, &mut newest));
    }
    let known: BTreeSet<String> = project.units.iter().map(|u| u.id.clone() + ".sql").collect();
    for name in folder.sql().filter(|name| !known.contains(*name)) {
        let reason = "it has no entry in meta/_journal.json, so Drizzle does not know it";
        project.problems.push(survey.ignored(folder, name, reason));
    }
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

/// Adds one entry of the journal.
fn add(
    survey: &Survey,
    folder: &Folder,
    entry: &Value,
    (project, newest): (&mut Project, &mut i64),
) {
    let Some(tag) = entry.get("tag").and_then(Value::as_str) else {
        return;
    };
    let when = entry.get("when").and_then(Value::as_i64).unwrap_or(0);
    let name = [tag, ".sql"].concat();
    if !folder.has(&name) {
        project.problems.push(ProjectProblem::Unreadable {
            path: survey.tree.place(folder, &name).shown,
            reason: "the journal names it and it is not there".to_owned(),
        });
        return;
    }
    if when <= *newest {
        project.problems.push(ProjectProblem::OutOfOrder {
            id: tag.to_owned(),
            consequence: "its `when` is not later than an earlier entry's: where that one was applied, Drizzle \
                          skips this one silently and for ever"
                .to_owned(),
        });
    }
    *newest = when.max(*newest);
    let words = leading_digits(tag).map_or(tag, |(_, rest)| description(rest));
    let mut unit = survey.unit(Tool::Drizzle, tag, folder, &name).named(words);
    unit.recorded_as = Some(when.to_string());
    project.units.push(unit);
}

/// The dialect in a configuration, which is a program: `dialect: "sqlite"`.
fn configured(survey: &Survey, index: usize, name: &str) -> Option<String> {
    let file = survey.nearest(index, name)?;
    let code = Code::new(&file.text, Language::Script);
    let at = code.words("dialect").next()?;
    let end = code.mask().get(at..)?.find([',', '}', '\n']).map_or(file.text.len(), |end| at + end);
    let said = code.strings_in((at, end.max(at)));
    said.first().map(|word| (*word).to_owned())
}

fn other_dialect(journal: &Value, path: &str) -> Option<ProjectProblem> {
    let dialect = journal.get("dialect").and_then(Value::as_str)?;
    (!["postgresql", "pg", "sqlite", "turso"].contains(&dialect)).then(|| ProjectProblem::Configuration {
        concerns: segue_model::Concerns::Every,
        path: path.to_owned(),
        consequence: format!("these migrations are written for {dialect}, not for PostgreSQL"),
    })
}

/// One section per file, because one transaction runs it; further ones only where text follows a breakpoint on its
/// line, which a reader of SQL would take for a part of the comment.
fn split(reading: &Reading) -> Form {
    let text = &reading.up.text;
    let mut spans = vec![Span::new(0, text.len())];
    for line in lines(text) {
        let Some(at) = line.text.find(BREAKPOINT) else {
            continue;
        };
        let after = at + BREAKPOINT.len();
        let rest = line.text.get(after..).unwrap_or_default();
        if rest.trim().is_empty() {
            continue;
        }
        if let Some(last) = spans.last_mut() {
            last.end = line.start + at;
        }
        spans.push(Span::new(line.start + after, text.len()));
    }
    let up = spans.into_iter().map(|span| Section {
        file: reading.up.clone(),
        span,
        wrapping: Wrapping::WholeRun,
        choice: TransactionChoice::ToolDefault,
    });
    Form::Sql {
        up: up.collect(),
        down: Down::Missing,
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let recorded = rows(tables, "__drizzle_migrations")
        .iter()
        .map(|row| HistoryEntry {
            id: row.value("created_at").unwrap_or_default().to_owned(),
            state: HistoryState::Applied,
            checksum: row.value("hash").map(str::to_owned),
        })
        .collect();
    let entries = by_key(units, recorded, |unit, entry| {
        unit.recorded_as.as_deref() == Some(entry.id.as_str())
    });
    History {
        entries,
        locked_by: None,
    }
}
