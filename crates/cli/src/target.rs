//! Which database is meant. Two sources that name different servers are an error, never a choice.
//!
//! Sources: `--url`, `SEGUE_URL`, the environment of segue.toml that was named, `DATABASE_URL`, libpq's variables; the
//! variables may stand in `.env`, where the real environment has none of that name.

mod address;
mod file;

use std::collections::BTreeMap;
use std::path::Path;

use segue_engine::Protection;
use segue_postgres::Sources;

pub(crate) use address::Address;

use crate::arguments::{DatabaseArguments, DialectName, PoolerMode};
use crate::dotenv::{self, EnvFile};
use crate::environment::database_variables;
use crate::error::{CliError, Code};
use crate::settings::{EnvironmentSettings, RunSettings};
use crate::show::nearest::nearest;

/// The database of a run.
pub(crate) struct Database {
    /// Where and how.
    pub(crate) target: Address,
    /// The same without the pooler between.
    pub(crate) direct: Option<Address>,
    /// Whether a pooler keeps sessions together.
    pub(crate) pooler: Option<PoolerMode>,
    /// The environment that was named, as the settings have it.
    pub(crate) named: Option<Named>,
    /// What is asked before anything is changed.
    pub(crate) settings: RunSettings,
    /// Whether the address comes from a `.env` that nobody named.
    pub(crate) origin: Origin,
}

/// An environment that was named.
pub(crate) struct Named {
    /// How.
    pub(crate) name: String,
    /// What the settings say; the default where they say nothing.
    pub(crate) settings: EnvironmentSettings,
    /// Whether the settings have it.
    pub(crate) is_configured: bool,
}

/// Where an address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From somebody who named it, or from the environment.
    Given,
    /// From a `.env` that happened to be there.
    FoundFile,
}

/// One place that names a database.
struct Source {
    label: String,
    text: String,
}

/// The database that the flag, the settings or the environment name.
///
/// # Errors
/// [`Code::Usage`] when a source does not parse; [`Code::Refused`] when two of them name different databases.
pub(crate) fn database(arguments: &DatabaseArguments) -> Result<Database, CliError> {
    let start = arguments.dir.as_deref().unwrap_or(Path::new("."));
    let settings = RunSettings::of_run(start)?;
    let named = named(arguments, &settings)?;
    let file = env_file(arguments, named.as_ref())?;
    let real = database_variables();
    let mut variables = file.variables.clone();
    variables.extend(real.clone());
    if let Some(password) = variables.get("SEGUE_PASSWORD").cloned() {
        variables.entry("PGPASSWORD".to_owned()).or_insert(password);
    }
    let command = named
        .as_ref()
        .and_then(|named| named.settings.password_command.clone())
        .or_else(|| settings.password_command.clone());
    let resolver = Resolver {
        sources: Sources {
            environment: variables.clone(),
            password_command: command.map(Into::into),
            read: segue_postgres::connect::read_file,
        },
    };
    let sources = sources(arguments, named.as_ref(), &variables)?;
    let target = resolver.one(&sources)?;
    let direct = arguments
        .direct_url
        .clone()
        .or_else(|| named.as_ref()?.settings.direct_url.clone())
        .map(|text| resolver.resolve("--direct-url", &text))
        .transpose()?;
    if let (Some(direct), Address::Sqlite(_)) | (Some(direct @ Address::Sqlite(_)), _) =
        (&direct, &target)
    {
        return Err(CliError::new(
            Code::Usage,
            "a direct address is one of a server behind a pooler",
            "leave `--direct-url` and SEGUE_DIRECT_URL out, then run the same command again",
        )
        .with_details([
            format!("--url         {}", target.shown()),
            format!("--direct-url  {}", direct.shown()),
        ]));
    }
    let decisive = sources
        .first()
        .map_or("PGHOST", |source| source.label.as_str());
    let is_found =
        !file.is_named && file.variables.contains_key(decisive) && !real.contains_key(decisive);
    Ok(Database {
        target,
        direct,
        pooler: arguments.pooler,
        named,
        settings,
        origin: if is_found {
            Origin::FoundFile
        } else {
            Origin::Given
        },
    })
}

/// The environment that was named, with what the settings say of it.
fn named(arguments: &DatabaseArguments, settings: &RunSettings) -> Result<Option<Named>, CliError> {
    let Some(name) = &arguments.environment else {
        return Ok(None);
    };
    if let Some(found) = settings.environments.get(name) {
        return Ok(Some(Named {
            name: name.clone(),
            settings: found.clone(),
            is_configured: true,
        }));
    }
    if settings.environments.is_empty() {
        return Ok(Some(Named {
            name: name.clone(),
            settings: EnvironmentSettings {
                identity: name.clone(),
                ..EnvironmentSettings::default()
            },
            is_configured: false,
        }));
    }
    let near = nearest(name, settings.environments.keys().map(String::as_str));
    let hint = near
        .first()
        .map_or_else(String::new, |near| format!("; near it: {near}"));
    Err(CliError::new(
        Code::Settings,
        format!("segue.toml has no environment `{name}`{hint}"),
        "correct `--env`, or add `[environments.NAME]` to segue.toml",
    ))
}

/// A protected environment is not reached by a file that happens to lie there.
fn env_file(arguments: &DatabaseArguments, named: Option<&Named>) -> Result<EnvFile, CliError> {
    let is_protected =
        named.is_some_and(|named| named.settings.protection == Protection::Protected);
    if arguments.no_env_file || (is_protected && arguments.env_file.is_none()) {
        return Ok(EnvFile::default());
    }
    dotenv::read(arguments.env_file.as_deref())
}

/// Every place that names a database, strongest first; libpq's variables are not among them.
fn sources(
    arguments: &DatabaseArguments,
    named: Option<&Named>,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<Source>, CliError> {
    let source = |label: &str, text: &str| Source {
        label: label.to_owned(),
        text: text.to_owned(),
    };
    let mut sources = Vec::new();
    sources.extend(arguments.url.as_ref().map(|text| source("--url", text)));
    let variable = |name: &str| variables.get(name).map(|text| source(name, text));
    sources.extend(variable("SEGUE_URL"));
    if let Some(named) = named {
        let name = &named.name;
        sources.extend(
            named
                .settings
                .url
                .as_ref()
                .map(|text| source(&format!("[environments.{name}]"), text)),
        );
        if let Some(wanted) = &named.settings.url_variable {
            let found = variable(wanted).ok_or_else(|| {
                CliError::new(
                    Code::Settings,
                    format!("`{wanted}` is not set, and the environment `{name}` is where it says"),
                    format!("set {wanted}, then run the same command again"),
                )
            })?;
            sources.push(found);
        }
    }
    sources.extend(variable("DATABASE_URL"));
    Ok(sources)
}

struct Resolver {
    sources: Sources,
}

impl Resolver {
    fn resolve(&self, label: &str, text: &str) -> Result<Address, CliError> {
        let wrong = || {
            CliError::new(
                Code::Usage,
                "the address of the database is not understood",
                format!("correct {label}, then run the same command again"),
            )
        };
        if let Some(path) = file::path(text) {
            return path
                .map(Address::Sqlite)
                .map_err(|why| wrong().with_details([why]));
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if let Some(other) = scheme.filter(|scheme| !scheme.starts_with("postgres")) {
            return Err(wrong().with_details([format!(
                "Segue speaks PostgreSQL and SQLite, not {}",
                crate::show::escape::line(other)
            )]));
        }
        segue_postgres::Target::resolve(text, &self.sources)
            .map(|target| Address::Postgres(Box::new(target)))
            .map_err(|error| wrong().because(error))
    }

    /// The one database that all sources name.
    fn one(&self, sources: &[Source]) -> Result<Address, CliError> {
        let Some((first, others)) = sources.split_first() else {
            return self.resolve("PGHOST and the other variables of libpq", "");
        };
        let target = self.resolve(&first.label, &first.text)?;
        for other in others {
            let other_target = self.resolve(&other.label, &other.text)?;
            if other_target.shown() != target.shown() {
                return Err(two(
                    (&first.label, &target.shown()),
                    (&other.label, &other_target.shown()),
                ));
            }
        }
        self.agrees_with_libpq(first, &target)?;
        Ok(target)
    }

    /// `PGHOST` and its like complete an address; they do not contradict it.
    fn agrees_with_libpq(&self, source: &Source, address: &Address) -> Result<(), CliError> {
        let Address::Postgres(target) = address else {
            return Ok(());
        };
        let variables = &self.sources.environment;
        let names_server = ["PGHOST", "PGHOSTADDR", "PGSERVICE"]
            .into_iter()
            .find(|name| variables.contains_key(*name));
        let Some(label) = names_server else {
            return Ok(());
        };
        let mut environment = variables.clone();
        environment
            .entry("PGUSER".to_owned())
            .or_insert_with(|| target.user().to_owned());
        let complete = Self {
            sources: Sources {
                environment,
                password_command: None,
                read: self.sources.read,
            },
        };
        let Address::Postgres(by_variables) = complete.resolve(label, "")? else {
            return Ok(());
        };
        let is_other_server = by_variables.endpoints() != target.endpoints();
        let is_other_database =
            variables.contains_key("PGDATABASE") && by_variables.database() != target.database();
        if is_other_server || is_other_database {
            return Err(two(
                (&source.label, &target.shown()),
                (label, &by_variables.shown()),
            ));
        }
        Ok(())
    }
}

/// The dialect of the database that a variable names, where one does and is understood.
pub(crate) fn named_dialect() -> Option<DialectName> {
    let variables = database_variables();
    let text = ["SEGUE_URL", "DATABASE_URL"]
        .iter()
        .find_map(|name| variables.get(*name))?;
    if file::path(text).is_some() {
        return Some(DialectName::Sqlite);
    }
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        .then_some(DialectName::Postgres)
}

fn two((one, its): (&str, &str), (other, others): (&str, &str)) -> CliError {
    CliError::new(
        Code::Refused,
        "two sources name different databases",
        format!("unset {other} or leave {one} out, then run the same command again"),
    )
    .with_details([
        format!("{one:<14}  {its}"),
        format!("{other:<14}  {others}"),
    ])
}
