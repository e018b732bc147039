//! Finds every migration project below a folder, or the one a single file belongs to.
//!
//! Walks once and opens samples and configuration only; migrations are read by [`Unit::read`].

use std::path::{Path, PathBuf};

use segue_model::{ProjectLocation, ProjectProblem, Tool};

use crate::formats::{ALL, Format, format_of, plain};
use crate::names::is_sql;
use crate::survey::{Project, Survey};
use crate::tree::Tree;
use crate::{SourceError, Unit};

/// What a folder of files with dbmate's markers is taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NativeDefault {
    /// Segue's own when a file has a `-- segue:` directive or a `segue.toml` names the folder; else dbmate's.
    #[default]
    WhenDirected,
    /// Always Segue's own.
    Always,
}

/// How to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocateOptions {
    /// Take everything for this tool's.
    pub tool: Option<Tool>,
    /// What a folder with dbmate's markers is.
    pub native_default: NativeDefault,
}

/// The migrations of one tool in one place, in the tool's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The tool.
    pub tool: Tool,
    /// The folder with its migrations.
    pub directory: PathBuf,
    /// The same, relative to where the command was started, with `/`.
    pub shown: String,
    /// The migrations, not yet read.
    pub units: Vec<Unit>,
    /// What is wrong with the project before any SQL is read.
    pub problems: Vec<ProjectProblem>,
    /// The database the project is written for, in its own word (`postgresql`, `sqlite`), where it says so.
    pub written_for: Option<String>,
}

impl Located {
    /// The place alone.
    pub fn location(&self) -> ProjectLocation {
        ProjectLocation {
            tool: self.tool,
            directory: self.directory.clone(),
            shown: self.shown.clone(),
        }
    }
}

/// Finds the projects below `root`, ordered by folder; `root` may also be a folder of migrations or one `.sql` file.
///
/// # Errors
/// [`SourceError::is_not_found`] when there is no `root`; otherwise when it cannot be read or is neither a folder
/// nor a regular file. A project in which something is wrong is still found, with its problems.
pub fn locate(root: &Path, options: &LocateOptions) -> Result<Vec<Located>, SourceError> {
    let shown = root.to_string_lossy();
    let metadata = std::fs::metadata(root).map_err(|error| SourceError::io(&shown, error))?;
    if metadata.is_file() {
        return one_file(root, *options);
    }
    if !metadata.is_dir() {
        return Err(SourceError::not_regular(&shown));
    }
    let survey = Survey::new(Tree::walk(root)?, options.native_default);
    let mut found = search(&survey, options.tool);
    if found.is_empty() {
        found = last_resort(&survey, options.tool);
    }
    found.sort_by(|left, right| (&left.shown, left.tool).cmp(&(&right.shown, right.tool)));
    Ok(found)
}

/// Every format in detection order, or the one that was asked for.
fn search(survey: &Survey, tool: Option<Tool>) -> Vec<Located> {
    let mut found = Vec::new();
    for format in ALL
        .iter()
        .filter(|f| tool.is_none_or(|tool| f.tool == tool))
    {
        for folder in (format.find)(survey) {
            if !survey.is_free(folder) {
                continue;
            }
            let project = (format.project)(survey, folder);
            survey.claim(&project);
            found.push(located(survey, format, project));
        }
    }
    found
}

/// Nothing was found by evidence: the topmost folders the tool could read, or the root's own SQL files.
fn last_resort(survey: &Survey, tool: Option<Tool>) -> Vec<Located> {
    let Some(tool) = tool else {
        let has_sql = survey
            .folder(0)
            .is_some_and(|f| f.sql().next().is_some() || !f.refused.is_empty());
        return if has_sql {
            let project = (plain::FORMAT.project)(survey, 0);
            vec![located(survey, &plain::FORMAT, project)]
        } else {
            Vec::new()
        };
    };
    let format = format_of(tool);
    let mut folders: Vec<usize> = survey.free().into_iter().map(|(index, _)| index).collect();
    folders.sort_by_key(|index| {
        survey
            .folder(*index)
            .map(|f| (f.path.matches('/').count(), f.path.clone()))
    });
    let mut found = Vec::new();
    for folder in folders {
        if !survey.is_free(folder) {
            continue;
        }
        let mut project = (format.project)(survey, folder);
        if !project.units.is_empty() {
            project.claims.extend(survey.below(folder));
            survey.claim(&project);
            found.push(located(survey, format, project));
        }
    }
    found
}

fn located(survey: &Survey, format: &Format, project: Project) -> Located {
    let path = survey
        .folder(project.folder)
        .map_or("", |f| f.path.as_str());
    let mut problems = project.problems;
    problems.extend(
        project
            .claims
            .iter()
            .filter_map(|index| survey.folder(*index))
            .flat_map(|folder| survey.refused(folder)),
    );
    problems.sort();
    problems.dedup();
    Located {
        tool: format.tool,
        directory: survey.tree.root().join(path),
        shown: survey.shown(project.folder),
        units: project.units,
        problems,
        written_for: project.written_for,
    }
}

/// One file: what its folder is, reduced to that file; a plain file when the folder is no project.
fn one_file(file: &Path, options: LocateOptions) -> Result<Vec<Located>, SourceError> {
    let name = file
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if !is_sql(&name) {
        return Err(SourceError::not_regular(&file.to_string_lossy()));
    }
    let parent = file.parent().map_or(Path::new("."), |parent| {
        if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        }
    });
    // Prisma and diesel have a folder per migration; their project is one folder further up.
    let above = matches!(name.as_str(), "migration.sql" | "up.sql" | "down.sql")
        .then(|| parent.parent())
        .flatten()
        .filter(|above| !above.as_os_str().is_empty());
    for root in above.into_iter().chain([parent]) {
        let survey = Survey::new(Tree::walk_to(root, 1)?, options.native_default);
        let wanted = shown_file(&survey, file, root);
        for mut project in search(&survey, options.tool) {
            project
                .units
                .retain(|unit| unit.files().contains(&wanted.as_str()));
            if !project.units.is_empty() {
                project.problems.clear();
                return Ok(vec![project]);
            }
        }
    }
    let survey = Survey::new(Tree::walk_to(parent, 0)?, options.native_default);
    let tool = options.tool.unwrap_or(Tool::Plain);
    let unit = survey.folder(0).map(|folder| {
        let stem = name.get(..name.len() - ".sql".len()).unwrap_or(&name);
        survey.unit(tool, stem, folder, &name)
    });
    let project = Project {
        units: unit.into_iter().collect(),
        ..Project::default()
    };
    Ok(vec![located(&survey, format_of(tool), project)])
}

/// The file as a survey of `root` shows it.
fn shown_file(survey: &Survey, file: &Path, root: &Path) -> String {
    let relative = file.strip_prefix(root).unwrap_or(file);
    survey
        .tree
        .shown(&relative.to_string_lossy().replace('\\', "/"))
}
