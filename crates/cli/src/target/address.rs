//! Where a database is, whatever its dialect, and how it is opened.

use std::path::PathBuf;

use segue_model::{Dialect, Session as _, SessionError as _, Sql};
use segue_postgres::{Postgres, PostgresSession};
use segue_sqlite::{Missing, Sqlite, SqliteSession};

use crate::error::{CliError, Code};
use crate::session::{AnyError, AnySession};

/// Where a database is.
pub(crate) enum Address {
    /// A PostgreSQL server, and how it is reached.
    Postgres(Box<segue_postgres::Target>),
    /// A file of SQLite's.
    Sqlite(PathBuf),
}

/// How long a first look at a file waits for whoever writes it, in ms.
const LOOK_MS: u32 = 200;

impl Address {
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

    /// What the database is called: a file, by its name without its folder.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Postgres(target) => target.database().to_owned(),
            Self::Sqlite(path) => path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
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
