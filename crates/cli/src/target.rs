//! Which database is meant. Two sources that name different servers are an error, never a choice.

use segue_postgres::{PostgresSession, Sources, Target};

use crate::arguments::DatabaseArguments;
use crate::environment::database_variables;
use crate::error::{CliError, Code};

/// The database of a run.
pub(crate) struct Database {
    /// Where and how.
    pub(crate) target: Target,
}

impl Database {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`Code::Connection`].
    pub(crate) fn connect(&self) -> Result<PostgresSession, CliError> {
        PostgresSession::connect(&self.target).map_err(|error| {
            CliError::new(
                Code::Connection,
                format!("could not connect to {}", self.target.shown()),
                "check the address with `--url` or DATABASE_URL, then run the same command again",
            )
            .because(error)
        })
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
    let resolve = |text: &str| {
        Target::resolve(text, &sources).map_err(|error| {
            CliError::new(
                Code::Usage,
                "the address of the database is not understood",
                "correct `--url` or DATABASE_URL",
            )
            .because(error)
        })
    };
    let target = match (&arguments.url, from_variable) {
        (Some(flag), None) => resolve(flag)?,
        (None, Some(variable)) => resolve(variable)?,
        (None, None) => resolve("")?,
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
            flag
        }
    };
    Ok(Database { target })
}
