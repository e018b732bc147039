//! Alembic: Python files with `revision` and `down_revision`; the graph is in the variables, names mean nothing.
//!
//! Transactions (1.20.1): by default ALL pending revisions in one. `autocommit_block()` commits what came before and
//! begins again after it, so a later failure of the same run leaves the block's work done and unrecorded, unless
//! `env.py` sets `transaction_per_migration=True`. Several heads make `upgrade head` refuse.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::{Down, Form, ProjectProblem, Tool};

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::graph::{Node, duplicates, order};
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, rows};
use crate::programs::{choice_by_word, program};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Alembic,
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
        .filter(|(_, folder)| {
            let scripts: Vec<&str> = scripts(folder).collect();
            survey.any_head(folder, &scripts, |head| {
                head.contains("down_revision") && {
                    let code = Code::new(head, Language::Python);
                    code.assigned("revision").is_some() && code.assigned("down_revision").is_some()
                }
            })
        })
        .map(|(index, _)| index)
        .collect()
}

fn scripts(folder: &Folder) -> impl Iterator<Item = &str> {
    folder
        .files
        .iter()
        .map(String::as_str)
        .filter(|name| name.strip_suffix(".py").is_some() && *name != "__init__.py" && *name != "env.py")
}

/// One revision as its file declares it.
struct Revision {
    id: String,
    after: Vec<String>,
    depends_on: Vec<String>,
    has_block: bool,
    unit: Unit,
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    let mut revisions = Vec::new();
    for file in scripts(folder) {
        match survey.text(folder, file) {
            Ok(source) => {
                let code = Code::new(&source.text, Language::Python);
                match revision(survey, (folder, file), &code) {
                    Some(found) => revisions.push(found),
                    None => project.problems.push(survey.ignored(folder, file, "it has no `revision`")),
                }
            }
            Err(error) => project.problems.push(ProjectProblem::Unreadable {
                path: error.path().to_owned(),
                reason: error.reason(),
            }),
        }
    }
    let nodes: Vec<Node> = revisions.iter().map(Revision::node).collect();
    let (listed, problems) = order(&nodes);
    project.problems.extend(problems);
    let ids = revisions.iter().map(|r| (r.id.as_str(), r.unit.path.as_str()));
    project.problems.extend(duplicates(ids));
    project.problems.extend(heads(&revisions));
    project.problems.extend(block_problem(survey, index, &revisions));
    project.units = listed
        .into_iter()
        .filter_map(|at| revisions.get(at))
        .map(|found| found.unit.clone())
        .collect();
    project
}

impl Revision {
    fn node(&self) -> Node {
        Node {
            id: self.id.clone(),
            parents: self.after.iter().chain(&self.depends_on).cloned().collect(),
        }
    }
}

fn strings(code: &Code<'_>, name: &str) -> Vec<String> {
    code.assigned(name)
        .map(|value| code.strings_in(value))
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn revision(
    survey: &Survey,
    (folder, file): (&Folder, &str),
    code: &Code<'_>,
) -> Option<Revision> {
    let id = strings(code, "revision").into_iter().next()?;
    let words = code
        .leading_string()
        .and_then(|doc| doc.trim().lines().next())
        .unwrap_or_default();
    let mut unit = survey
        .unit(Tool::Alembic, &id, folder, file)
        .named(words.trim())
        .ready(form(code));
    let after = strings(code, "down_revision");
    let depends_on = strings(code, "depends_on");
    unit.parents = after.iter().chain(&depends_on).cloned().collect();
    Some(Revision {
        id,
        after,
        depends_on,
        has_block: code.says("autocommit_block"),
        unit,
    })
}

fn form(code: &Code<'_>) -> Form {
    let choice = choice_by_word(code, "autocommit_block");
    let down = match (body(code, "upgrade"), body(code, "downgrade")) {
        (_, None) => Down::Missing,
        // A merge changes nothing, and nothing is the way back.
        (Some(Body::Nothing), Some(Body::Nothing)) => Down::Derived,
        (_, Some(Body::Nothing)) => Down::Empty,
        (_, Some(Body::Refuses)) => Down::Missing,
        (_, Some(Body::Something)) => Down::Derived,
    };
    program("Python", choice, down)
}

/// What a function does, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Nothing,
    Refuses,
    Something,
}

fn body(code: &Code<'_>, name: &str) -> Option<Body> {
    let start = ["def ", name, "("].concat();
    let at = code.mask().find(&start)?;
    let mut inside = code.mask().get(at..)?.lines();
    let head = inside.next()?;
    let one_line = head.rsplit_once(':').map_or("", |(_, rest)| rest.trim());
    let mut statements: Vec<&str> = vec![one_line];
    statements.extend(
        inside
            .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t', ')']))
            .map(str::trim),
    );
    statements.retain(|line| !line.is_empty() && *line != "pass" && *line != "...");
    Some(match statements.first() {
        None => Body::Nothing,
        Some(first) if first.starts_with("raise") => Body::Refuses,
        Some(_) => Body::Something,
    })
}

/// Revisions that no other one names as its predecessor.
fn heads(revisions: &[Revision]) -> Option<ProjectProblem> {
    let named: BTreeSet<&String> = revisions.iter().flat_map(|r| &r.after).collect();
    let heads: BTreeSet<String> = revisions
        .iter()
        .filter(|r| !named.contains(&r.id))
        .map(|r| r.id.clone())
        .collect();
    (heads.len() > 1).then(|| ProjectProblem::SeveralHeads {
        heads: heads.into_iter().collect(),
    })
}

/// An autocommit block in a project whose environment puts all revisions into one transaction.
fn block_problem(survey: &Survey, index: usize, revisions: &[Revision]) -> Option<ProjectProblem> {
    let with_block = revisions.iter().find(|r| r.has_block)?;
    let environment = survey.nearest(index, "env.py");
    let is_safe = environment.as_ref().is_some_and(|file| {
        let code = Code::new(&file.text, Language::Python);
        let squeezed: String = code.mask().split_whitespace().collect();
        squeezed.contains("transaction_per_migration=True")
    });
    (!is_safe).then(|| ProjectProblem::Configuration {
        concerns: segue_model::Concerns::Every,
        path: environment.map_or_else(|| with_block.unit.path.clone(), |file| file.path),
        consequence: format!(
            "{} uses autocommit_block and transaction_per_migration is not set: when a later revision of the same \
             run fails, its work stays and is not recorded",
            with_block.id
        ),
    })
}

fn split(reading: &Reading) -> Form {
    form(&Code::new(&reading.up.text, Language::Python))
}

/// The table names the heads; their ancestors are applied too.
fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let by_id: BTreeMap<&str, &Unit> = units.iter().map(|u| (u.id.as_str(), u)).collect();
    let mut waiting: Vec<&str> = rows(tables, "alembic_version")
        .iter()
        .filter_map(|row| row.value("version_num"))
        .collect();
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if applied.insert(id)
            && let Some(unit) = by_id.get(id)
        {
            waiting.extend(unit.parents.iter().map(String::as_str));
        }
    }
    let state = |id: &str| {
        if applied.contains(id) {
            HistoryState::Applied
        } else {
            HistoryState::Pending
        }
    };
    let known = units.iter().map(|u| HistoryEntry::new(&u.id, state(&u.id)));
    let unknown = applied
        .iter()
        .filter(|id| !by_id.contains_key(*id))
        .map(|id| HistoryEntry::new(id, HistoryState::Applied));
    History {
        entries: known.chain(unknown).collect(),
        locked_by: None,
    }
}
