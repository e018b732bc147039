//! What is to be judged: the projects below the given paths, single files, standard input.
//!
//! Reads no migration; that is the pipeline's work.

use std::io::Read;
use std::path::{Path, PathBuf};

use segue_model::Tool;
use segue_sources::{LocateOptions, Located, locate, read_text};

use crate::arguments::{CheckArguments, DialectName};
use crate::error::{CliError, Code};
use crate::judging::Subject;
use crate::pipeline::{Reading, Source, Unread};
use crate::release::{Changed, changed_since};
use crate::settings::Settings;
use crate::target::named_dialect;

/// How standard input is shown.
const STDIN: &str = "<stdin>";
/// No server accepts a longer message.
const STDIN_BYTES_MAX: u64 = 1 << 30;

/// Finds what the arguments name.
///
/// # Errors
/// When a path cannot be looked at, when there is nothing below it, or when the base revision is unknown.
pub(crate) fn find(
    arguments: &CheckArguments,
    settings: &Settings,
) -> Result<Vec<Subject>, CliError> {
    let paths: Vec<&Path> = match arguments.paths.as_slice() {
        [] => vec![settings.directory.as_path()],
        given => given.iter().map(PathBuf::as_path).collect(),
    };
    let mut subjects = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            subjects.push(standard_input(settings)?);
            continue;
        }
        let changed = match &arguments.base {
            Some(revision) => Some(changed_since(revision, folder(path))?),
            None => None,
        };
        for located in projects(path, settings)? {
            add(located, settings, (changed.as_ref(), &mut subjects));
        }
    }
    if let Some(word) = unspoken(&subjects) {
        return Err(CliError::new(
            Code::Usage,
            format!("these migrations are written for {word}, which Segue does not speak"),
            "name another project: segue check PATH; or read them all the same: --dialect postgres",
        )
        .with_details(subjects.iter().map(|subject| subject.directory.clone()))
        .with_details(["Segue speaks PostgreSQL and SQLite".to_owned()]));
    }
    Ok(subjects)
}

/// The database of the first project when every project is written for one that is not spoken.
fn unspoken(subjects: &[Subject]) -> Option<&str> {
    let all = subjects.iter().all(|subject| subject.unspoken.is_some());
    let first = subjects.first()?.unspoken.as_deref();
    first.filter(|_| all)
}

/// The folder git is asked in.
fn folder(path: &Path) -> &Path {
    if path.is_dir() {
        return path;
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn projects(path: &Path, settings: &Settings) -> Result<Vec<Located>, CliError> {
    let options = LocateOptions {
        tool: settings.tool,
        ..LocateOptions::default()
    };
    let shown = path.display().to_string();
    let found = locate(path, &options).map_err(|error| {
        let what = format!("{shown} cannot be checked: {}", error.reason());
        CliError::new(
            Code::UnreadablePath,
            what,
            "segue check PATH, with a path that exists",
        )
    })?;
    if found.is_empty() {
        let what = format!("no migrations were found below {shown}");
        let next =
            "segue check PATH, with the folder of the migrations; or name their tool with `--tool`";
        return Err(CliError::new(Code::NoMigrations, what, next));
    }
    Ok(found)
}

/// What the SQL of a project is read as: what was said, what the project says of itself, what the database's address says.
fn reading(written_for: Option<&str>, settings: &Settings) -> Reading<'static> {
    let name = settings
        .dialect
        .or_else(|| written_for.and_then(DialectName::of))
        .or_else(named_dialect)
        .unwrap_or(DialectName::Postgres);
    Reading {
        dialect: name.dialect(),
        version: match name {
            DialectName::Postgres => settings.server_version.value,
            DialectName::Sqlite => segue_sqlite::NEWEST_VERSION,
        },
    }
}

/// The dialect and version of the whole answer: those of its first project.
pub(crate) fn first_reading(subjects: &[Subject], settings: &Settings) -> Reading<'static> {
    subjects
        .first()
        .map_or_else(|| reading(None, settings), |subject| subject.reading)
}

/// Adds a project; files of one folder that were named one by one are one project.
fn add(
    located: Located,
    settings: &Settings,
    (changed, subjects): (Option<&Changed>, &mut Vec<Subject>),
) {
    let known = subjects
        .iter_mut()
        .find(|subject| subject.tool == located.tool && subject.directory == located.shown);
    let unspoken = located
        .written_for
        .clone()
        .filter(|word| settings.dialect.is_none() && DialectName::of(word).is_none());
    let Some(subject) = known else {
        subjects.push(Subject {
            tool: located.tool,
            reading: reading(located.written_for.as_deref(), settings),
            directory: located.shown,
            // Its text would be nothing but mistakes: the problem of the project says why it is left out.
            sources: match unspoken {
                Some(_) => Vec::new(),
                None => located.units.into_iter().map(Source::Unit).collect(),
            },
            unspoken,
            problems: located.problems,
            changed: changed.cloned(),
        });
        return;
    };
    for unit in located.units {
        let is_known = subject.sources.iter().any(|source| match source {
            Source::Unit(known) => known.path == unit.path && known.id == unit.id,
            Source::Given(_) | Source::Unreadable(_) => false,
        });
        if !is_known {
            subject.sources.push(Source::Unit(unit));
        }
    }
    for problem in located.problems {
        if !subject.problems.contains(&problem) {
            subject.problems.push(problem);
        }
    }
    if let (Some(mine), Some(more)) = (&mut subject.changed, changed) {
        mine.extend(more);
    }
}

/// SQL from standard input: a plain file unless a tool is named.
fn standard_input(settings: &Settings) -> Result<Subject, CliError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(STDIN_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            CliError::new(
                Code::UnreadablePath,
                "standard input cannot be read",
                "segue check PATH",
            )
            .because(error)
        })?;
    let tool = settings.tool.unwrap_or(Tool::Plain);
    let source = match text(bytes) {
        Ok(text) => Source::Given(Box::new(read_text(STDIN, text, tool))),
        Err(reason) => Source::Unreadable(Unread {
            path: STDIN.to_owned(),
            reason,
        }),
    };
    Ok(Subject {
        tool,
        reading: reading(None, settings),
        directory: STDIN.to_owned(),
        sources: vec![source],
        problems: Vec::new(),
        unspoken: None,
        changed: None,
    })
}

/// UTF-8 without its byte order mark; else why not.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))?;
    if let Some(offset) = text.find('\0') {
        return Err(format!("a NUL byte at byte {offset}"));
    }
    Ok(match text.strip_prefix('\u{FEFF}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}
