//! Liquibase: a root changelog (YAML, XML, JSON or formatted SQL) that includes others; a changeset is
//! `path::id::author`.
//!
//! Transactions (4.3.3, 4.29.0): one per changeset, then ANOTHER for the row; `runInTransaction=false`: autocommit,
//! then the row. `runOnChange` runs again when the parsed change differs. Changesets in formatted SQL are SQL; the
//! others are programs in Segue's eyes. Checksums are of the parsed change and are never recomputed.

mod changelog;
mod formatted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use segue_model::{Form, ProjectProblem, Repetition, SourceText, Tool};

use self::changelog::{ChangeSet, Item};
use super::{Format, WayBack};
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::names::is_sql;
use crate::settings;
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Liquibase,
    find,
    project,
    split,
    history,
    way_back: WayBack::Lines("--rollback STATEMENT"),
};

/// Changelogs are nested no deeper than this.
const INCLUDE_DEPTH_MAX: usize = 32;

fn find(survey: &Survey) -> Vec<usize> {
    let mut found: Vec<usize> = survey
        .free()
        .into_iter()
        .filter(|(index, folder)| {
            !roots(survey, folder).is_empty() || survey.any_sql(*index, formatted::is_formatted)
        })
        .map(|(index, _)| index)
        .collect();
    // Outer folders first: their changelogs include those of the folders inside.
    found.sort_by_key(|index| {
        survey
            .folder(*index)
            .map(|folder| (!folder.has("liquibase.properties"), folder.path.matches('/').count(), folder.path.clone()))
    });
    found
}

/// The changelogs of a folder from which others are reached: path in the tree, and the name the tool knows it by.
fn roots(survey: &Survey, folder: &Folder) -> Vec<(String, String)> {
    if let Some(root) = configured_root(survey, folder) {
        return vec![root];
    }
    let candidates: Vec<&String> = folder
        .files
        .iter()
        .filter(|name| name.to_ascii_lowercase().contains("changelog"))
        .filter(|name| changelog::is_changelog(name, &survey.head(folder, name)))
        .collect();
    let mut included: BTreeSet<String> = BTreeSet::new();
    for name in &candidates {
        let path = join(&folder.path, name);
        let log = survey
            .text(folder, name)
            .map(|file| changelog::read(&file.text, name));
        for item in log.map_or_else(|_| Vec::new(), |log| log.items) {
            if let Item::Include { file, beside } = item {
                included.extend(resolve(survey, (&path, &file), beside));
            }
        }
    }
    candidates
        .into_iter()
        .map(|name| join(&folder.path, name))
        .filter(|path| !included.contains(path))
        .map(|path| {
            let logical = logical_of(&path);
            (path, logical)
        })
        .collect()
}

fn configured_root(survey: &Survey, folder: &Folder) -> Option<(String, String)> {
    let file = survey.text(folder, "liquibase.properties").ok()?;
    let settings = settings::properties(&file.text);
    let named = settings
        .get("changelogfile")
        .or_else(|| settings.get("liquibase.command.changelogfile"))?;
    let path = normal(&join(&folder.path, named))?;
    exists(survey, &path).then(|| (path, named.clone()))
}

/// A root without a configuration is known from the class path on, else by its own name.
fn logical_of(path: &str) -> String {
    match path.rsplit_once("/resources/") {
        Some((_, logical)) => logical.to_owned(),
        None => path.rsplit('/').next().unwrap_or(path).to_owned(),
    }
}

fn join(folder: &str, file: &str) -> String {
    if folder.is_empty() {
        file.to_owned()
    } else {
        [folder, "/", file].concat()
    }
}

/// The path without `.` and `..`; nothing when it leads out of the tree.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn exists(survey: &Survey, path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    survey
        .tree
        .find(folder)
        .and_then(|index| survey.folder(index))
        .is_some_and(|folder| folder.has(name))
}

/// What an include is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// The changelog that says it.
    Changelog,
    /// The search path, which is tried from the changelog's folder outwards.
    SearchPath,
}

/// Where in the tree an included path is.
fn resolve(survey: &Survey, (changelog, file): (&str, &str), beside: Beside) -> Option<String> {
    let file = file.trim_start_matches("classpath:").trim_start_matches('/');
    let mut folder = parent(changelog);
    loop {
        let path = normal(&join(folder, file));
        if let Some(path) = path.filter(|p| exists(survey, p) || survey.tree.find(p).is_some()) {
            return Some(path);
        }
        if beside == Beside::Changelog || folder.is_empty() {
            return None;
        }
        folder = parent(folder);
    }
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    let mut loader = Loader {
        survey,
        visited: BTreeSet::new(),
        units: Vec::new(),
        problems: Vec::new(),
    };
    let roots = roots(survey, folder);
    for (path, logical) in &roots {
        loader.load(path, logical, 0);
    }
    if roots.is_empty() {
        for name in folder.sql() {
            loader.load(&join(&folder.path, name), name, 0);
        }
    }
    project.claims.extend(
        loader
            .visited
            .iter()
            .filter_map(|path| survey.tree.find(parent(path))),
    );
    project.claims.sort_unstable();
    project.claims.dedup();
    project.problems = loader.problems;
    let ids = loader.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    project.problems.extend(duplicates(ids));
    project.units = loader.units;
    project
}

/// Follows the includes in their order.
struct Loader<'survey> {
    survey: &'survey Survey,
    visited: BTreeSet<String>,
    units: Vec<Unit>,
    problems: Vec<ProjectProblem>,
}

impl Loader<'_> {
    fn load(&mut self, path: &str, logical: &str, depth: usize) {
        if depth > INCLUDE_DEPTH_MAX || !self.visited.insert(path.to_owned()) {
            return;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(folder) = self.survey.tree.find(folder).and_then(|i| self.survey.folder(i)) else {
            return;
        };
        let file = match self.survey.text(folder, name) {
            Ok(file) => Arc::new(file),
            Err(error) => {
                self.problems.push(ProjectProblem::Unreadable {
                    path: error.path().to_owned(),
                    reason: error.reason(),
                });
                return;
            }
        };
        if is_sql(name) {
            let sets = formatted::change_sets(&file);
            for set in sets {
                self.add((folder, name), logical, set);
            }
            return;
        }
        let log = changelog::read(&file.text, name);
        if !log.is_whole {
            self.problems.push(ProjectProblem::Unreadable {
                path: file.path.clone(),
                reason: "not a changelog that can be read to its end".to_owned(),
            });
        }
        for item in log.items {
            match item {
                Item::ChangeSet(set) => self.add((folder, name), logical, *set),
                Item::Include { file, beside } => {
                    self.include((path, logical), (&file, beside), depth);
                }
                Item::IncludeAll { folder, beside } => {
                    self.include_all((path, logical), (&folder, beside), depth);
                }
            }
        }
    }

    fn include(&mut self, from: (&str, &str), (file, beside): (&str, Beside), depth: usize) {
        let Some(path) = resolve(self.survey, (from.0, file), beside) else {
            self.problems.push(ProjectProblem::Unreadable {
                path: file.to_owned(),
                reason: format!("{} includes it and it is not there", from.1),
            });
            return;
        };
        let logical = logical_path(from.1, file, beside);
        self.load(&path, &logical, depth + 1);
    }

    fn include_all(&mut self, from: (&str, &str), (wanted, beside): (&str, Beside), depth: usize) {
        let wanted = wanted.trim_end_matches('/');
        let found = resolve(self.survey, (from.0, wanted), beside);
        let Some(path) = found else {
            self.problems.push(ProjectProblem::Unreadable {
                path: wanted.to_owned(),
                reason: format!("{} includes it and it is not there", from.1),
            });
            return;
        };
        let logical = logical_path(from.1, wanted, beside);
        let below = self.survey.tree.find(&path).map(|index| self.survey.below(index));
        let mut files: Vec<String> = below
            .unwrap_or_default()
            .into_iter()
            .filter_map(|index| self.survey.folder(index))
            .flat_map(|folder| folder.files.iter().map(|name| join(&folder.path, name)))
            .filter(|file| changelog::has_ending(file))
            .collect();
        files.sort_unstable();
        for file in files {
            let tail = file.strip_prefix(&path).unwrap_or(&file).trim_start_matches('/');
            self.load(&file, &join(&logical, tail), depth + 1);
        }
    }

    fn add(&mut self, (folder, name): (&Folder, &str), logical: &str, set: ChangeSet) {
        let logical = set.logical_path.as_deref().unwrap_or(logical);
        let id = [logical, "::", &set.id, "::", &set.author].concat();
        let mut unit = self
            .survey
            .unit(Tool::Liquibase, &id, folder, name)
            .named(&set.id)
            .ready(set.form);
        if set.runs_again {
            unit.repetition = Repetition::OnChange;
        }
        self.units.push(unit);
    }
}

fn logical_path(from: &str, file: &str, beside: Beside) -> String {
    let file = file.trim_start_matches("classpath:").trim_start_matches('/');
    let path = match beside {
        Beside::Changelog => join(parent(from), file),
        Beside::SearchPath => file.to_owned(),
    };
    normal(&path).unwrap_or(path)
}

/// All changesets of a formatted file together; a text in another format is a program.
fn split(reading: &Reading) -> Form {
    if changelog::has_ending(&reading.up.path) && !is_sql(&reading.up.path) {
        return changelog::whole(&reading.up.path);
    }
    formatted::whole(&reading.up)
}

/// A file of this text, for the parts.
type File = Arc<SourceText>;

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let mut recorded: BTreeMap<String, HistoryEntry> = BTreeMap::new();
    let mut found = rows(tables, "databasechangelog");
    found.sort_by_key(|row| row.number("orderexecuted"));
    for row in found {
        let (Some(path), Some(id), Some(author)) =
            (row.value("filename"), row.value("id"), row.value("author"))
        else {
            continue;
        };
        let state = match row.value("exectype") {
            Some("FAILED") => HistoryState::Failed,
            Some("SKIPPED") => HistoryState::Pending,
            Some(_) | None => HistoryState::Applied,
        };
        let key = [path.trim_start_matches("classpath:"), "::", id, "::", author].concat();
        recorded.insert(
            key.clone(),
            HistoryEntry {
                id: key,
                state,
                checksum: row.value("md5sum").map(str::to_owned),
            },
        );
    }
    let locked_by = rows(tables, "databasechangeloglock")
        .iter()
        .find(|row| row.is_true("locked"))
        .map(|row| row.value("lockedby").unwrap_or("an unnamed run").to_owned());
    History {
        entries: by_key(units, recorded.into_values().collect(), |_, _| false),
        locked_by,
    }
}
