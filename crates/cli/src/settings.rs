//! Settings and where they come from: flag, then variable, then `segue.toml`, then what is built in.
//!
//! Nothing is guessed: an unknown key, rule or level is an error with its line.

mod environments;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use segue_check::Severity;
use segue_model::Tool;
use serde::Deserialize;
use toml::Spanned;

pub(crate) use environments::{Backup, EnvironmentSettings, RunSettings, duration};

use crate::arguments::{CheckArguments, DialectName, Threshold};
use crate::error::{CliError, Code};
use crate::show::{nearest::nearest, tool};

/// The file's name.
const FILE: &str = "segue.toml";
/// Folders above the start that are looked at.
const ABOVE_MAX: usize = 64;

/// The settings in force.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where to look when no path is given.
    pub(crate) directory: PathBuf,
    /// The tool, where it is not detected.
    pub(crate) tool: Option<Tool>,
    /// The dialect, where it is not detected.
    pub(crate) dialect: Option<DialectName>,
    /// The server's major version.
    pub(crate) server_version: Sourced<u16>,
    /// The statistics file.
    pub(crate) statistics: Option<PathBuf>,
    /// The least severity that fails.
    pub(crate) fail_on: Severity,
    /// Rules that are off or weigh otherwise.
    pub(crate) rules: BTreeMap<String, Level>,
    /// The file they come from, where there is one.
    pub(crate) file: Option<PathBuf>,
}

/// A value and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// For people.
    pub(crate) origin: &'static str,
}

/// What a rule weighs in this project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// It is not reported.
    Off,
    /// It is reported with this severity.
    As(Severity),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    project: ProjectTable,
    #[serde(default)]
    check: CheckTable,
    #[serde(default, alias = "env")]
    environments: BTreeMap<String, environments::EnvironmentTable>,
    #[serde(default)]
    defaults: environments::DefaultsTable,
    backup: Option<environments::BackupTable>,
    #[serde(default)]
    plan: environments::PlanTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectTable {
    dir: Option<PathBuf>,
    tool: Option<Spanned<String>>,
    dialect: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTable {
    server_version: Option<Spanned<u16>>,
    statistics: Option<PathBuf>,
    fail_on: Option<Spanned<String>>,
    #[serde(default)]
    rules: BTreeMap<Spanned<String>, Spanned<RuleSetting>>,
}

/// `"off"`, or `{ level = "off", because = "…" }`.
#[derive(Deserialize)]
#[serde(untagged)]
enum RuleSetting {
    Word(String),
    Explained(Explained),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    level: String,
    /// Read by people only.
    #[serde(rename = "because")]
    _because: String,
}

/// What the file says, checked.
#[derive(Default)]
struct FromFile {
    directory: Option<PathBuf>,
    tool: Option<Tool>,
    dialect: Option<DialectName>,
    server_version: Option<u16>,
    statistics: Option<PathBuf>,
    fail_on: Option<Severity>,
    rules: BTreeMap<String, Level>,
    running: RunSettings,
    path: Option<PathBuf>,
}

impl Settings {
    /// The settings for a check, with the file found from the first path upwards.
    ///
    /// # Errors
    /// [`Code::Settings`] with the line.
    pub(crate) fn of_check(arguments: &CheckArguments) -> Result<Self, CliError> {
        let start = arguments
            .paths
            .first()
            .filter(|path| path.as_os_str() != "-")
            .map_or(Path::new("."), PathBuf::as_path);
        let file = match find(start) {
            Some(path) => read(&path)?,
            None => FromFile::default(),
        };
        let server_version = match (arguments.server_version, file.server_version) {
            (Some(value), _) => Sourced {
                value,
                origin: "--server-version or SEGUE_SERVER_VERSION",
            },
            (None, Some(value)) => Sourced {
                value,
                origin: FILE,
            },
            (None, None) => Sourced {
                value: segue_postgres::NEWEST_VERSION,
                origin: "built in: say `--server-version` for another",
            },
        };
        Ok(Self {
            directory: file.directory.unwrap_or_else(|| PathBuf::from(".")),
            tool: arguments.tool.or(file.tool),
            dialect: arguments.dialect.or(file.dialect),
            server_version,
            statistics: arguments.statistics.clone().or(file.statistics),
            fail_on: arguments
                .fail_on
                .map(Threshold::severity)
                .or(file.fail_on)
                .unwrap_or(Severity::Warning),
            rules: file.rules,
            file: file.path,
        })
    }
}

impl RunSettings {
    /// The settings for a run, with the file found from this folder upwards.
    ///
    /// # Errors
    /// [`Code::Settings`] with the line.
    pub(crate) fn of_run(start: &Path) -> Result<Self, CliError> {
        match find(start) {
            Some(path) => Ok(read(&path)?.running),
            None => Ok(Self::default()),
        }
    }
}

/// The nearest file from a folder (or a file's folder) upwards, no further than the top of its repository.
fn find(start: &Path) -> Option<PathBuf> {
    let start = if start.is_file() {
        start.parent()?
    } else {
        start
    };
    let start = if start.as_os_str().is_empty() {
        Path::new(".")
    } else {
        start
    };
    let direct = start.join(FILE);
    if direct.is_file() {
        return Some(direct);
    }
    let real = start.canonicalize().ok()?;
    for folder in real.ancestors().take(ABOVE_MAX) {
        let candidate = folder.join(FILE);
        if candidate.is_file() {
            return Some(relative(&candidate));
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// As seen from here, when it lies at or below here.
fn relative(path: &Path) -> PathBuf {
    Path::new(".")
        .canonicalize()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf))
        .unwrap_or_else(|| path.to_path_buf())
}

fn read(path: &Path) -> Result<FromFile, CliError> {
    let shown = path.display().to_string();
    let next = format!("correct {shown}, then run the same command again");
    let text = std::fs::read_to_string(path).map_err(|error| {
        CliError::new(Code::Settings, "the settings cannot be read", &next)
            .at(&shown)
            .because(error)
    })?;
    let (mut file, base) = match parse(&text) {
        Ok(file) => (file, path.parent().unwrap_or(Path::new(""))),
        Err(wrong) => {
            let place = crate::show::position::Finger::new(&text).position(wrong.offset);
            let place = format!("{shown}:{}:{}", place.line, place.column);
            return Err(CliError::new(Code::Settings, wrong.what, next).at(place));
        }
    };
    // Paths in the file count from the file, wherever the command was started.
    file.directory = Some(match file.directory {
        Some(directory) => base.join(directory),
        None if base.as_os_str().is_empty() => PathBuf::from("."),
        None => base.to_path_buf(),
    });
    file.statistics = file.statistics.map(|statistics| base.join(statistics));
    file.path = Some(path.to_path_buf());
    Ok(file)
}

/// What is wrong with the file, and at which byte.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    what: String,
    offset: usize,
}

fn parse(text: &str) -> Result<FromFile, Wrong> {
    let file: File = toml::from_str(text).map_err(|error| Wrong {
        what: error.message().to_owned(),
        offset: error.span().map_or(0, |span| span.start),
    })?;
    let mut rules = BTreeMap::new();
    for (code, setting) in file.check.rules {
        let offset = code.span().start;
        let code = code.into_inner();
        if segue_check::rule(&code).is_none() {
            let near = nearest(&code, segue_check::ALL.iter().map(|rule| rule.code));
            let hint = near
                .first()
                .map_or_else(String::new, |near| format!("; near it: {near}"));
            let what = format!("there is no rule `{code}`{hint}");
            return Err(Wrong { what, offset });
        }
        let offset = setting.span().start;
        let word = match setting.into_inner() {
            RuleSetting::Word(word) => word,
            RuleSetting::Explained(explained) => explained.level,
        };
        rules.insert(
            code,
            level(&word).ok_or_else(|| Wrong {
                what: format!("`{word}` is no level: off, note, warning, error"),
                offset,
            })?,
        );
    }
    Ok(FromFile {
        directory: file.project.dir,
        tool: file.project.tool.as_ref().map(checked_tool).transpose()?,
        dialect: file
            .project
            .dialect
            .as_ref()
            .map(checked_dialect)
            .transpose()?,
        server_version: file
            .check
            .server_version
            .as_ref()
            .map(checked_version)
            .transpose()?,
        statistics: file.check.statistics,
        fail_on: file
            .check
            .fail_on
            .as_ref()
            .map(checked_threshold)
            .transpose()?,
        rules,
        running: environments::checked(file.environments, file.defaults, file.backup, &file.plan)?,
        path: None,
    })
}

fn checked_tool(typed: &Spanned<String>) -> Result<Tool, Wrong> {
    let offset = typed.span().start;
    tool::parse(typed.get_ref()).map_err(|what| Wrong { what, offset })
}

fn checked_dialect(typed: &Spanned<String>) -> Result<DialectName, Wrong> {
    DialectName::from_str(typed.get_ref(), false).map_err(|_| Wrong {
        what: format!("dialect is postgres or sqlite, not `{}`", typed.get_ref()),
        offset: typed.span().start,
    })
}

fn checked_version(version: &Spanned<u16>) -> Result<u16, Wrong> {
    let (oldest, newest) = (
        segue_postgres::OLDEST_VERSION,
        segue_postgres::NEWEST_VERSION,
    );
    let value = *version.get_ref();
    if (oldest..=newest).contains(&value) {
        return Ok(value);
    }
    Err(Wrong {
        what: format!("server_version is {oldest} to {newest}, not {value}"),
        offset: version.span().start,
    })
}

fn checked_threshold(word: &Spanned<String>) -> Result<Severity, Wrong> {
    Threshold::from_str(word.get_ref(), false)
        .map(Threshold::severity)
        .map_err(|_| Wrong {
            what: format!(
                "fail_on is error, warning or note, not `{}`",
                word.get_ref()
            ),
            offset: word.span().start,
        })
}

fn level(word: &str) -> Option<Level> {
    match word {
        "off" => Some(Level::Off),
        "note" => Some(Level::As(Severity::Note)),
        "warning" => Some(Level::As(Severity::Warning)),
        "error" => Some(Level::As(Severity::Error)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_may_be_left_out_or_given() {
        assert!(parse("").is_ok());
        let file = parse(
            "[project]\ndir = \"db\"\ntool = \"dbmate\"\ndialect = \"sqlite\"\n[check]\nserver_version = 15\nfail_on = \"error\"\n\
             [check.rules]\nunknown-directive = \"off\"\nsuppression-unused = { level = \"error\", because = \"we mean it\" }\n",
        )
        .ok()
        .unwrap();
        assert_eq!(file.tool, Some(Tool::Dbmate));
        assert_eq!(file.dialect, Some(DialectName::Sqlite));
        assert_eq!(file.server_version, Some(15));
        assert_eq!(file.fail_on, Some(Severity::Error));
        assert_eq!(file.rules["unknown-directive"], Level::Off);
        assert_eq!(file.rules["suppression-unused"], Level::As(Severity::Error));
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_place() {
        for (text, word, offset) in [
            ("[chek]\n", "chek", 1),
            ("[check]\nserver_version = 11\n", "11", 25),
            (
                "[check.rules]\nunknown-directiv = \"off\"\n",
                "unknown-directive",
                14,
            ),
            ("[check.rules]\nunknown-directive = \"of\"\n", "`of`", 34),
            ("[project]\ntool = \"dbmat\"\n", "dbmat", 17),
            ("[project]\ndialect = \"oracle\"\n", "oracle", 20),
        ] {
            let wrong = parse(text).err().unwrap();
            assert!(wrong.what.contains(word), "{}", wrong.what);
            assert_eq!(wrong.offset, offset, "{text}");
        }
    }
}
