//! Django: `<app>/migrations/<name>.py` with `class Migration(migrations.Migration)`; the graph is over (app, name).
//!
//! Transactions (5.2.19): one per migration with the row in it. `atomic = False`: statements in autocommit, the row
//! afterwards. Operations reverse themselves, `RunSQL` and `RunPython` only with a reverse argument. Two leaves in one
//! app make `migrate` refuse.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::{Down, Form, ProjectProblem, Tool, TransactionChoice};

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::graph::{Node, order};
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, by_key, rows};
use crate::names::{description, leading_digits};
use crate::programs::program;
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Django,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

/// The folders that hold a project: the one of `manage.py`, else the app's own.
fn find(survey: &Survey) -> Vec<usize> {
    let mut found: Vec<usize> = survey
        .free()
        .into_iter()
        .filter(|(_, folder)| is_app(survey, folder))
        .map(|(index, _)| home(survey, index))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_app(survey: &Survey, folder: &Folder) -> bool {
    let names: Vec<&str> = scripts(folder).collect();
    (folder.name() == "migrations" || folder.path.is_empty())
        && survey.any_head(folder, &names, |head| head.contains("migrations.Migration"))
}

fn home(survey: &Survey, index: usize) -> usize {
    survey
        .upwards(index)
        .into_iter()
        .find(|above| survey.folder(*above).is_some_and(|f| f.has("manage.py")))
        .or_else(|| survey.folder(index)?.parent)
        .unwrap_or(index)
}

fn scripts(folder: &Folder) -> impl Iterator<Item = &str> {
    folder
        .files
        .iter()
        .map(String::as_str)
        .filter(|name| name.strip_suffix(".py").is_some() && !name.starts_with(['_', '~']))
}

/// One migration as its file declares it, with every name as `app.name`.
struct Declared {
    app: String,
    after: Vec<String>,
    before: Vec<String>,
    replaces: Vec<String>,
    unit: Unit,
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let mut declared = Vec::new();
    for below in survey.below(index) {
        let Some(folder) = survey.folder(below).filter(|f| survey.is_free(below) && is_app(survey, f)) else {
            continue;
        };
        project.claims.push(below);
        let app = app_label(survey, folder);
        for file in scripts(folder) {
            match survey.text(folder, file) {
                Ok(source) => {
                    let code = Code::new(&source.text, Language::Python);
                    declared.extend(declaration(survey, (folder, file), (&app, &code)));
                }
                Err(error) => project.problems.push(ProjectProblem::Unreadable {
                    path: error.path().to_owned(),
                    reason: error.reason(),
                }),
            }
        }
    }
    finish(&mut project, declared);
    project
}

/// `label = "…"` of the app's `apps.py`, else the name of the app's folder.
fn app_label(survey: &Survey, folder: &Folder) -> String {
    let parent = folder.parent.and_then(|parent| survey.folder(parent));
    let set = parent
        .filter(|app| app.has("apps.py"))
        .and_then(|app| survey.text(app, "apps.py").ok())
        .and_then(|file| {
            let code = Code::new(&file.text, Language::Python);
            let value = code.assigned("label")?;
            code.strings_in(value).first().map(|s| (*s).to_owned())
        });
    let name = parent.map(Folder::name).filter(|name| !name.is_empty());
    set.or_else(|| name.map(str::to_owned)).unwrap_or_else(|| {
        let root = survey.tree.root().canonicalize().unwrap_or_default();
        let app = if folder.path.is_empty() { root.parent() } else { Some(root.as_path()) };
        app.and_then(|path| path.file_name())
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    })
}

fn declaration(
    survey: &Survey,
    (folder, file): (&Folder, &str),
    (app, code): (&str, &Code<'_>),
) -> Option<Declared> {
    if !code.mask().contains("class Migration") {
        return None;
    }
    let stem = file.strip_suffix(".py").unwrap_or(file);
    let words = leading_digits(stem).map_or(stem, |(_, rest)| description(rest));
    let unit = survey
        .unit(Tool::Django, &[app, ".", stem].concat(), folder, file)
        .named(words)
        .ready(form(code));
    Some(Declared {
        app: app.to_owned(),
        after: pairs(code, "dependencies"),
        before: pairs(code, "run_before"),
        replaces: pairs(code, "replaces"),
        unit,
    })
}

/// The `("app", "name")` pairs a name is set to, each as `app.name`.
fn pairs(code: &Code<'_>, name: &str) -> Vec<String> {
    let Some(value) = code.assigned(name) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (offset, _) in code.masked(value).match_indices('(') {
        let Some(inside) = code.bracket(value.0 + offset) else {
            continue;
        };
        let strings = code.strings_in(inside);
        if let [app, name] = strings.as_slice()
            && !code.masked(inside).contains('(')
        {
            found.push([*app, ".", *name].concat());
        }
    }
    found
}

/// Resolves the names, orders the migrations and finds the leaves.
fn finish(project: &mut Project, mut declared: Vec<Declared>) {
    let ids: BTreeSet<String> = declared.iter().map(|d| d.unit.id.clone()).collect();
    let apps: BTreeSet<String> = declared.iter().map(|d| d.app.clone()).collect();
    let mut before: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in &mut declared {
        let after = std::mem::take(&mut found.after);
        found.after = after
            .into_iter()
            .filter_map(|id| resolve(&id, &ids))
            // Apps from outside the project (django.contrib) are not ours to order.
            .filter(|id| id.split_once('.').is_some_and(|(app, _)| apps.contains(app)))
            .collect();
        for later in &found.before {
            before.entry(later.clone()).or_default().push(found.unit.id.clone());
        }
    }
    for found in &mut declared {
        found.after.extend(before.remove(&found.unit.id).unwrap_or_default());
        found.unit.parents.clone_from(&found.after);
    }
    let nodes: Vec<Node> = declared
        .iter()
        .map(|found| Node {
            id: found.unit.id.clone(),
            parents: found.after.clone(),
        })
        .collect();
    let (listed, problems) = order(&nodes);
    project.problems.extend(problems);
    project.problems.extend(leaves(&declared));
    project.units = listed
        .into_iter()
        .filter_map(|at| declared.get(at))
        .map(|found| found.unit.clone())
        .collect();
}

/// `__first__` and `__latest__` as names of this project; nothing when the app has no migration here.
fn resolve(id: &str, ids: &BTreeSet<String>) -> Option<String> {
    let Some((app, name)) = id.split_once('.') else {
        return Some(id.to_owned());
    };
    let prefix = [app, "."].concat();
    let mut of_app = ids.iter().filter(|known| known.starts_with(&prefix));
    match name {
        "__first__" => of_app.next().cloned(),
        "__latest__" => of_app.next_back().cloned(),
        _ => Some(id.to_owned()),
    }
}

/// The apps with more than one migration that no other one of the app follows. What a squash replaces is none.
fn leaves(declared: &[Declared]) -> Vec<ProjectProblem> {
    let replaced: BTreeSet<&String> = declared.iter().flat_map(|d| &d.replaces).collect();
    let followed: BTreeSet<(&str, &String)> = declared
        .iter()
        .flat_map(|d| d.after.iter().map(|id| (d.app.as_str(), id)))
        .collect();
    let mut by_app: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for found in declared.iter().filter(|d| !replaced.contains(&d.unit.id)) {
        let is_followed = |id| followed.contains(&(found.app.as_str(), id));
        if !is_followed(&found.unit.id) && !found.replaces.iter().any(is_outer(&followed, declared, found)) {
            by_app.entry(&found.app).or_default().push(found.unit.id.clone());
        }
    }
    by_app
        .into_values()
        .filter(|heads| heads.len() > 1)
        .map(|heads| ProjectProblem::SeveralHeads { heads })
        .collect()
}

/// True for a replaced migration that something outside the squash still follows.
fn is_outer<'a>(
    followed: &'a BTreeSet<(&str, &String)>,
    declared: &'a [Declared],
    squash: &'a Declared,
) -> impl Fn(&String) -> bool + 'a {
    move |replaced| {
        followed.contains(&(squash.app.as_str(), replaced))
            && declared.iter().any(|d| {
                d.app == squash.app
                    && d.after.contains(replaced)
                    && !squash.replaces.contains(&d.unit.id)
                    && d.unit.id != squash.unit.id
            })
    }
}

fn form(code: &Code<'_>) -> Form {
    let choice = match code.assigned("atomic") {
        Some(value) if code.masked(value).trim() == "False" => TransactionChoice::OptedOut,
        Some(_) | None => TransactionChoice::ToolDefault,
    };
    let down = if is_reversible(code) {
        Down::Derived
    } else {
        Down::Missing
    };
    program("Python", choice, down)
}

/// True unless a `RunSQL` or `RunPython` has neither a second nor a reverse argument.
fn is_reversible(code: &Code<'_>) -> bool {
    [("RunSQL", "reverse_sql"), ("RunPython", "reverse_code")]
        .iter()
        .all(|(operation, reverse)| {
            code.words(operation).all(|at| {
                let open = at + operation.len();
                if !code.masked((open, open + 1)).starts_with('(') {
                    return true;
                }
                code.bracket(open)
                    .is_none_or(|inside| has_reverse(code, inside, reverse))
            })
        })
}

fn has_reverse(code: &Code<'_>, inside: (usize, usize), reverse: &str) -> bool {
    let masked = code.masked(inside);
    if masked.contains(reverse) {
        return true;
    }
    let mut depth = 0_usize;
    let mut start = 0;
    let mut positional = 0;
    for (offset, character) in masked.char_indices().chain([(masked.len(), ',')]) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let range = (inside.0 + start, inside.0 + offset);
                let argument = code.masked(range);
                let is_empty = argument.trim().is_empty() && code.strings_in(range).is_empty();
                positional += usize::from(!is_empty && !argument.contains('='));
                start = offset + 1;
            }
            _ => {}
        }
    }
    positional >= 2
}

fn split(reading: &Reading) -> Form {
    form(&Code::new(&reading.up.text, Language::Python))
}

/// Rows of apps that are not in this project are left out: they are other people's.
fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let apps: BTreeSet<&str> = units
        .iter()
        .filter_map(|unit| unit.id.split_once('.'))
        .map(|(app, _)| app)
        .collect();
    let recorded = rows(tables, "django_migrations")
        .iter()
        .filter_map(|row| Some((row.value("app")?, row.value("name")?)))
        .filter(|(app, _)| apps.contains(app))
        .map(|(app, name)| HistoryEntry::new(&[app, ".", name].concat(), HistoryState::Applied))
        .collect();
    History {
        entries: by_key(units, recorded, |_, _| false),
        locked_by: None,
    }
}
