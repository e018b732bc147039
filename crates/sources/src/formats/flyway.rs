//! Flyway: `V<version>__<description>.sql`, `R__…` (again whenever it changes), `U<version>__…` (undo, paid editions),
//! `B<version>__…` (baseline script).
//!
//! Transactions (core 9.8.3): one per migration; `group=true` one for all. A script with a statement that cannot run
//! in a transaction is run without one; a mixture is refused unless `mixed=true`. `<script>.conf` with
//! `executeInTransaction=false` opts out. By default the row is written on a second connection whose transaction is
//! open meanwhile, so `CREATE INDEX CONCURRENTLY` waits for it for ever unless
//! `flyway.postgresql.transactional.lock=false`. Placeholders are left in the text. A late version is refused unless
//! `outOfOrder=true`.

use std::collections::BTreeSet;

use segue_model::{
    Down, Form, ProjectProblem, Repetition, Tool, TransactionChoice, Wrapping,
};

use super::{Format, WayBack};
use crate::access::Place;
use crate::graph::duplicates;
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, Row, rows};
use crate::markers::down_of;
use crate::names::{compare_versions, without_ending};
use crate::settings::{self, Settings};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Scope, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Flyway,
    find,
    project,
    split,
    history,
    way_back: WayBack::Undo,
};

/// What a script is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Versioned,
    Repeatable,
    Undo,
    Baseline,
}

/// A script's name, taken apart.
struct Script<'name> {
    kind: Kind,
    version: &'name str,
    description: &'name str,
}

/// `V1.1__add_name.sql`
fn script(file: &str) -> Option<Script<'_>> {
    let stem = without_ending(file, ".sql")?;
    let (prefix, description) = stem.split_once("__")?;
    let (letter, version) = prefix.split_at_checked(1)?;
    let kind = match letter {
        "V" => Kind::Versioned,
        "U" => Kind::Undo,
        "B" => Kind::Baseline,
        "R" if version.is_empty() => {
            return Some(Script {
                kind: Kind::Repeatable,
                version,
                description,
            });
        }
        _ => return None,
    };
    let numeric = !version.is_empty()
        && version
            .split(['.', '_'])
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    numeric.then_some(Script {
        kind,
        version,
        description,
    })
}

fn find(survey: &Survey) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for (index, folder) in survey.free() {
        let ours = folder.sql().any(|name| {
            script(name).is_some_and(|s| matches!(s.kind, Kind::Versioned | Kind::Repeatable))
        });
        if ours {
            found.push(home(survey, index));
        }
    }
    found.sort_unstable();
    found.dedup();
    // A folder inside another one of Flyway's belongs to it: locations are searched with everything below.
    let all = found.clone();
    found.retain(|index| {
        !survey
            .upwards(*index)
            .iter()
            .skip(1)
            .any(|above| all.contains(above))
    });
    found
}

/// The location a folder with scripts belongs to: `db/migration` above it, else itself.
fn home(survey: &Survey, index: usize) -> usize {
    let is_home =
        |above: &usize| survey.folder(*above).is_some_and(|f| f.path.ends_with("db/migration"));
    survey.upwards(index).into_iter().find(is_home).unwrap_or(index)
}

/// The configuration that applies to a folder, with the folder it stands in.
fn configuration(survey: &Survey, index: usize) -> Option<(String, Settings)> {
    if let Some(file) = survey.nearest(index, "flyway.conf") {
        return Some((file.path, settings::properties(&file.text)));
    }
    if let Some(file) = survey.nearest(index, "flyway.toml") {
        return Some((file.path, settings::toml(&file.text)));
    }
    spring(survey, index)
}

/// Spring's settings, which stand in `src/main/resources` above `db/migration`.
fn spring(survey: &Survey, index: usize) -> Option<(String, Settings)> {
    let files = [
        ("application.properties", settings::properties as fn(&str) -> Settings),
        ("application.yml", settings::yaml),
        ("application.yaml", settings::yaml),
    ];
    let (path, settings) = files.into_iter().find_map(|(name, read)| {
        let file = survey.nearest(index, name)?;
        Some((file.path.clone(), read(&file.text)))
    })?;
    let settings: Settings = settings
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("spring.")?.to_owned(), value)))
        .collect();
    settings
        .keys()
        .any(|name| name.starts_with("flyway."))
        .then_some((path, settings))
}

/// True when a configuration of Flyway's own applies to the folder.
pub(crate) fn is_configured(survey: &Survey, index: usize) -> bool {
    survey.has_above(index, "flyway.conf") || survey.has_above(index, "flyway.toml")
}

fn is_set(settings: &Settings, name: &str, value: &str) -> bool {
    settings
        .get(name)
        .is_some_and(|set| set.eq_ignore_ascii_case(value))
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let found = configuration(survey, index);
    let settings = found.as_ref().map_or_else(Settings::new, |(_, set)| set.clone());
    let mut folders: BTreeSet<usize> = survey.below(index).into_iter().collect();
    folders.extend(other_locations(survey, index, &settings));
    project.claims = folders.iter().copied().collect();
    let scope = if is_set(&settings, "flyway.group", "true") {
        Scope::WholeRun
    } else {
        Scope::Migration
    };
    let mut scripts = Scripts::default();
    for (number, folder) in folders
        .into_iter()
        .filter_map(|number| Some((number, survey.folder(number)?)))
    {
        if survey.is_free(number) || number == index {
            scripts.add_folder(survey, folder, scope);
        }
    }
    scripts.finish(&mut project);
    let path = found.map_or_else(|| beside(survey, index), |(path, _)| path);
    project.problems.extend(lock_problem(&settings, &path));
    project.problems.extend(mode_problems(&settings, &path));
    project
}

fn beside(survey: &Survey, index: usize) -> String {
    match survey.shown(index).as_str() {
        "." => "flyway.conf".to_owned(),
        folder => [folder, "/flyway.conf"].concat(),
    }
}

/// The further `filesystem:` and `classpath:` locations that lie in the tree and end like the setting says.
fn other_locations(survey: &Survey, index: usize, settings: &Settings) -> Vec<usize> {
    let locations = settings.get("flyway.locations").map_or("", String::as_str);
    let mut found = Vec::new();
    let listed: Vec<&str> = locations
        .split(',')
        .filter_map(|location| {
            let location = location.trim();
            let path = location.split_once(':').map_or(location, |(_, path)| path);
            let path = path.trim_start_matches("./").trim_matches('/');
            (!path.is_empty() && !path.contains("..")).then_some(path)
        })
        .collect();
    let here = survey.folder(index).map_or("", |folder| &folder.path);
    let ends_with = |path: &str, tail: &str| {
        path.strip_suffix(tail)
            .is_some_and(|head| head.is_empty() || head.ends_with('/'))
    };
    if !listed.iter().any(|tail| ends_with(here, tail)) {
        return found;
    }
    for (number, folder) in survey.free() {
        if listed.iter().any(|tail| ends_with(&folder.path, tail)) {
            found.extend(survey.below(number));
        }
    }
    found
}

fn lock_problem(settings: &Settings, path: &str) -> Option<ProjectProblem> {
    let cured = is_set(settings, "flyway.postgresql.transactional.lock", "false")
        || is_set(settings, "flyway.postgresql.transactionallock", "false");
    (!cured).then(|| ProjectProblem::Configuration {
        concerns: segue_model::Concerns::OutsideTransactions,
        path: path.to_owned(),
        consequence: "flyway.postgresql.transactional.lock is not false: a CREATE INDEX CONCURRENTLY in a script \
                      waits for Flyway's own lock transaction for ever"
            .to_owned(),
    })
}

fn mode_problems(settings: &Settings, path: &str) -> Vec<ProjectProblem> {
    let said = [
        (
            "flyway.mixed",
            "flyway.mixed=true: a script with one statement that cannot run in a transaction runs wholly without one",
        ),
        (
            "flyway.outoforder",
            "flyway.outOfOrder=true: a version older than one already applied runs late, so databases differ in order",
        ),
    ];
    said.into_iter()
        .filter(|(name, _)| is_set(settings, name, "true"))
        .map(|(_, consequence)| ProjectProblem::Configuration {
            concerns: segue_model::Concerns::Every,
            path: path.to_owned(),
            consequence: consequence.to_owned(),
        })
        .collect()
}

/// The scripts of all locations, while they are collected.
#[derive(Default)]
struct Scripts {
    versioned: Vec<Unit>,
    repeatable: Vec<Unit>,
    baseline: Vec<Unit>,
    undo: Vec<(String, Place)>,
    problems: Vec<ProjectProblem>,
}

impl Scripts {
    fn add_folder(&mut self, survey: &Survey, folder: &Folder, scope: Scope) {
        for file in folder.sql() {
            let Some(script) = script(file) else {
                let reason = "its name is not that of a Flyway script: V<version>__<description>.sql, R__<description>.sql";
                self.problems.push(survey.ignored(folder, file, reason));
                continue;
            };
            let version = script.version.replace('_', ".");
            let words = script.description.replace('_', " ");
            let side = [file, ".conf"].concat();
            let side = folder.has(&side).then(|| survey.tree.place(folder, &side));
            let unit = |id: &str| {
                survey
                    .unit(Tool::Flyway, id, folder, file)
                    .named(words.trim())
                    .with_files(|files| {
                        files.side = side;
                        files.scope = scope;
                    })
            };
            match script.kind {
                Kind::Versioned => self.versioned.push(unit(&version)),
                Kind::Baseline => self.baseline.push(unit(&version)),
                Kind::Undo => self.undo.push((version, survey.tree.place(folder, file))),
                Kind::Repeatable => {
                    let mut unit = unit(without_ending(file, ".sql").unwrap_or(file));
                    unit.repetition = Repetition::OnChange;
                    self.repeatable.push(unit);
                }
            }
        }
    }

    /// Versions by number, then what is repeatable by its description.
    fn finish(mut self, project: &mut Project) {
        let same = |left: &str, right: &str| compare_versions(left, right).is_eq();
        for (version, place) in self.undo {
            match self.versioned.iter_mut().find(|unit| same(&unit.id, &version)) {
                Some(unit) => {
                    *unit = unit
                        .clone()
                        .with_files(|files| files.down = Some(place));
                }
                None => self.problems.push(ProjectProblem::Ignored {
                    path: place.shown,
                    reason: "an undo script without a versioned one".to_owned(),
                }),
            }
        }
        self.baseline.sort_by(|a, b| compare_versions(&a.id, &b.id));
        let newest = self.baseline.pop();
        for unit in self.baseline.into_iter().chain(newest) {
            let stands_alone = !self
                .versioned
                .iter()
                .any(|v| compare_versions(&v.id, &unit.id).is_le());
            if stands_alone {
                self.versioned.push(unit);
            } else {
                self.problems.push(ProjectProblem::Ignored {
                    path: unit.path,
                    reason: "a baseline script: it replaces the versions up to its own on an empty database only"
                        .to_owned(),
                });
            }
        }
        self.versioned.sort_by(|a, b| compare_versions(&a.id, &b.id));
        self.repeatable.sort_by(|a, b| a.name.cmp(&b.name));
        project.units = self.versioned;
        project.units.extend(self.repeatable);
        project.problems = self.problems;
        let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
        let twice = duplicates(ids);
        project.problems.extend(twice);
    }
}

fn split(reading: &Reading) -> Form {
    let asked = reading.side.as_ref().and_then(|side| {
        settings::properties(&side.text).remove("executeintransaction")
    });
    let (wrapping, choice) = match (asked.as_deref(), reading.scope) {
        (Some("false"), _) => (Wrapping::Autocommit, TransactionChoice::OptedOut),
        (Some("true"), _) => (Wrapping::Transaction, TransactionChoice::OptedIn),
        (Some(_) | None, Scope::WholeRun) => (Wrapping::WholeRun, TransactionChoice::ToolDefault),
        (Some(_) | None, Scope::Migration) => (
            Wrapping::TransactionUnlessImpossible,
            TransactionChoice::ToolDefault,
        ),
    };
    Form::Sql {
        up: vec![whole_file(&reading.up, wrapping, choice)],
        down: reading.down.as_ref().map_or(Down::Missing, |down| {
            down_of(vec![whole_file(
                down,
                Wrapping::TransactionUnlessImpossible,
                TransactionChoice::ToolDefault,
            )])
        }),
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let mut found = rows(tables, "flyway_schema_history");
    found.sort_by_key(|row| row.number("installed_rank"));
    let baseline = found
        .iter()
        .filter(|row| row.value("type") == Some("BASELINE"))
        .filter_map(|row| row.value("version"))
        .next_back();
    let mut recorded: Vec<HistoryEntry> = Vec::new();
    for row in found.iter().filter(|row| row.value("type") != Some("BASELINE")) {
        let Some(entry) = entry(row) else { continue };
        match recorded.iter_mut().find(|known| known.id == entry.id) {
            Some(known) => *known = entry,
            None => recorded.push(entry),
        }
    }
    let mut entries: Vec<HistoryEntry> = Vec::new();
    for unit in units {
        let position = recorded.iter().position(|entry| is_of(entry, unit));
        entries.push(match position.map(|index| recorded.remove(index)) {
            Some(entry) => HistoryEntry {
                id: unit.id.clone(),
                ..entry
            },
            None => HistoryEntry::new(&unit.id, unrecorded(unit, baseline)),
        });
    }
    entries.extend(recorded);
    History {
        entries,
        locked_by: None,
    }
}

/// The newest row of a version, or of a repeatable script, is the one that counts.
fn entry(row: &Row<'_>) -> Option<HistoryEntry> {
    let script = row.value("script")?;
    let id = match row.value("version") {
        Some(version) => version.to_owned(),
        None => without_ending(file_name(script), ".sql")?.to_owned(),
    };
    let state = match row.value("type") {
        Some("DELETE") => HistoryState::Deleted,
        Some("UNDO_SQL") => HistoryState::Pending,
        Some(_) | None if row.is_true("success") => HistoryState::Applied,
        Some(_) | None => HistoryState::Failed,
    };
    Some(HistoryEntry {
        id,
        state,
        checksum: row.value("checksum").map(str::to_owned),
    })
}

fn file_name(script: &str) -> &str {
    script.rsplit('/').next().unwrap_or(script)
}

fn is_of(entry: &HistoryEntry, unit: &Unit) -> bool {
    match unit.repetition {
        Repetition::Once => compare_versions(&entry.id, &unit.id).is_eq(),
        Repetition::OnChange => entry.id == unit.id,
    }
}

fn unrecorded(unit: &Unit, baseline: Option<&str>) -> HistoryState {
    let covered = unit.repetition == Repetition::Once
        && baseline.is_some_and(|version| compare_versions(&unit.id, version).is_le());
    if covered {
        HistoryState::Baseline
    } else {
        HistoryState::Pending
    }
}
