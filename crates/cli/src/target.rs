//! Which database is meant. Two sources that name different servers are an error, never a choice.

mod file;

use std::path::PathBuf;

use segue_model::{Dialect, Session as _, SessionError as _, Sql};
use segue_postgres::{Postgres, PostgresSession, Sources};
use segue_sqlite::{Missing, Sqlite, SqliteSession};

use crate::arguments::{DatabaseArguments, DialectName};
use crate::environment::database_variables;
use crate::error::{CliError, Code};
use crate::session::{AnyError, AnySession};

/// The database of a run.
pub(crate) enum Database {
    /// A PostgreSQL server, and how it is reached.
    Postgres(Box<segue_postgres::Target>),
    /// A file of SQLite's.
    Sqlite(PathBuf),
}

/// How long a first look at a file waits for whoever writes it, in ms.
const LOOK_MS: u32 = 200;

impl Database {
    /// What it speaks.
    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        match self {
            Self::Postgres(_) => &Postgres,
            Self::Sqlite(_) => &Sqlite,
        }
    }

    /// As it is shown: without a password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Postgres(target) => target.shown(),
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }

    /// Opens a connection, without any words of what to do when there is none.
    ///
    /// # Errors
    /// What the server or SQLite said.
    pub(crate) fn open(&self, missing: Missing) -> Result<AnySession, AnyError> {
        Ok(match self {
            Self::Postgres(target) => {
                AnySession::Postgres(Box::new(PostgresSession::connect(target)?))
            }
            Self::Sqlite(path) => AnySession::Sqlite(SqliteSession::open(path, missing, LOOK_MS)?),
        })
    }

    /// Opens a connection. Whether a file is a database shows here, not at the first statement.
    ///
    /// # Errors
    /// [`Code::Connection`].
    pub(crate) fn connect(&self, missing: Missing) -> Result<AnySession, CliError> {
        let mut session = self
            .open(missing)
            .map_err(|error| self.unreachable(error))?;
        match &mut session {
            AnySession::Postgres(_) => {}
            AnySession::Sqlite(file) => {
                let look = Sql::literal("SELECT count(*) FROM main.sqlite_schema");
                match file.query(&look) {
                    Err(error) if error.failure() != segue_model::Failure::LockTimeout => {
                        return Err(self.unreachable(error.into()));
                    }
                    // Who is busy is there.
                    Ok(_) | Err(_) => {}
                }
            }
        }
        Ok(session)
    }

    fn unreachable(&self, error: AnyError) -> CliError {
        let shown = self.shown();
        match self {
            Self::Postgres(_) => CliError::new(
                Code::Connection,
                format!("could not connect to {shown}"),
                "check the address with `--url` or DATABASE_URL, then run the same command again",
            ),
            Self::Sqlite(path) => {
                let is_there = path.exists();
                let next = match path.parent() {
                    _ if is_there => "name another file with `--url`, or let this user read it",
                    Some(folder) if folder.as_os_str().is_empty() || folder.is_dir() => {
                        "segue up, which makes the file; or name another with `--url`"
                    }
                    Some(_) | None => "make the directory, or name another file with `--url`",
                };
                let code = error.code().unwrap_or_default().to_owned();
                let hint = error.hint().map(|hint| format!("HINT: {hint}"));
                CliError::new(
                    Code::Connection,
                    format!("could not open {shown} ({code})"),
                    next,
                )
                .with_details(hint)
            }
        }
        .because(error)
    }
}

/// The database that the flag, `DATABASE_URL` or libpq's variables name.
///
/// # Errors
/// [`Code::Usage`] when a source does not parse; [`Code::Refused`] when two of them name different servers.
pub(crate) fn database(arguments: &DatabaseArguments) -> Result<Database, CliError> {
    let variables = database_variables();
    let from_variable = variables
        .get("DATABASE_URL")
        .filter(|text| !text.is_empty());
    let sources = Sources {
        environment: variables.clone(),
        password_command: None,
        read: segue_postgres::connect::read_file,
    };
    let resolve = |text: &str| resolved(text, &sources);
    match (&arguments.url, from_variable) {
        (Some(flag), None) => resolve(flag),
        (None, Some(variable)) => resolve(variable),
        (None, None) => resolve(""),
        (Some(flag), Some(variable)) => {
            let (flag, variable) = (resolve(flag)?, resolve(variable)?);
            if flag.shown() != variable.shown() {
                return Err(CliError::new(
                    Code::Refused,
                    "two sources name different databases",
                    "unset DATABASE_URL, or leave `--url` out",
                )
                .with_details([
                    format!("--url or SEGUE_URL   {}", flag.shown()),
                    format!("DATABASE_URL         {}", variable.shown()),
                ]));
            }
            Ok(flag)
        }
    }
}

fn resolved(text: &str, sources: &Sources) -> Result<Database, CliError> {
    let wrong = || {
        CliError::new(
            Code::Usage,
            "the address of the database is not understood",
            "correct `--url` or DATABASE_URL",
        )
    };
    if let Some(path) = file::path(text) {
        return path
            .map(Database::Sqlite)
            .map_err(|why| wrong().with_details([why]));
    }
    segue_postgres::Target::resolve(text, sources)
        .map(|target| Database::Postgres(Box::new(target)))
        .map_err(|error| wrong().because(error))
}

/// The dialect of the database that a variable names, where one does and is understood.
pub(crate) fn named_dialect() -> Option<DialectName> {
    let variables = database_variables();
    let text = ["SEGUE_URL", "DATABASE_URL"]
        .iter()
        .find_map(|name| variables.get(*name).filter(|text| !text.is_empty()))?;
    if file::path(text).is_some() {
        return Some(DialectName::Sqlite);
    }
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        .then_some(DialectName::Postgres)
}
