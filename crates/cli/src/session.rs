//! A connection to whichever database is meant: the engine gets one type of session, whatever the dialect.

use segue_model::{Catalog, CatalogScope, Failure, Request, Session, SessionError, Sql, TextRows};
use segue_postgres::{PostgresError, PostgresSession};
use segue_sqlite::{SqliteError, SqliteSession};

/// An open connection.
pub(crate) enum AnySession {
    /// To a PostgreSQL server.
    Postgres(Box<PostgresSession>),
    /// To a file of SQLite's.
    Sqlite(SqliteSession),
}

/// Why a statement failed.
#[derive(Debug)]
pub(crate) enum AnyError {
    /// What PostgreSQL said.
    Postgres(PostgresError),
    /// What SQLite said.
    Sqlite(SqliteError),
}

impl AnyError {
    fn inner(&self) -> &dyn SessionError {
        match self {
            Self::Postgres(error) => error,
            Self::Sqlite(error) => error,
        }
    }
}

impl std::fmt::Display for AnyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.inner())
    }
}

impl std::error::Error for AnyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Postgres(error) => std::error::Error::source(error),
            // The driver's own error says the same again.
            Self::Sqlite(_) => None,
        }
    }
}

impl SessionError for AnyError {
    fn failure(&self) -> Failure {
        self.inner().failure()
    }

    fn code(&self) -> Option<&str> {
        self.inner().code()
    }

    fn detail(&self) -> Option<&str> {
        self.inner().detail()
    }

    fn hint(&self) -> Option<&str> {
        self.inner().hint()
    }

    fn position(&self) -> Option<usize> {
        self.inner().position()
    }
}

impl From<PostgresError> for AnyError {
    fn from(error: PostgresError) -> Self {
        Self::Postgres(error)
    }
}

impl From<SqliteError> for AnyError {
    fn from(error: SqliteError) -> Self {
        Self::Sqlite(error)
    }
}

fn numbered<E>((number, error): (usize, E)) -> (usize, AnyError)
where
    AnyError: From<E>,
{
    (number, error.into())
}

/// The same call on either.
macro_rules! either {
    ($session:expr, $inner:ident => $call:expr) => {
        match $session {
            AnySession::Postgres($inner) => $call.map_err(AnyError::from),
            AnySession::Sqlite($inner) => $call.map_err(AnyError::from),
        }
    };
}

impl Session for AnySession {
    type Error = AnyError;

    fn execute(&mut self, statement: &Sql) -> Result<(), AnyError> {
        either!(self, inner => inner.execute(statement))
    }

    fn execute_users(&mut self, text: &str) -> Result<(), AnyError> {
        either!(self, inner => inner.execute_users(text))
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, AnyError> {
        either!(self, inner => inner.query(statement))
    }

    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, AnyError> {
        either!(self, inner => inner.query_with(statement, parameters))
    }

    fn send_all(&mut self, requests: &[Request<'_>]) -> Result<Vec<TextRows>, (usize, AnyError)> {
        match self {
            Self::Postgres(inner) => inner.send_all(requests).map_err(numbered),
            Self::Sqlite(inner) => inner.send_all(requests).map_err(numbered),
        }
    }

    fn catalog_after(
        &mut self,
        requests: &[Request<'_>],
        scope: &CatalogScope,
    ) -> Result<Catalog, (usize, AnyError)> {
        match self {
            Self::Postgres(inner) => inner.catalog_after(requests, scope).map_err(numbered),
            Self::Sqlite(inner) => inner.catalog_after(requests, scope).map_err(numbered),
        }
    }

    fn change_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<u64, AnyError> {
        either!(self, inner => inner.change_with(statement, parameters))
    }

    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, AnyError> {
        either!(self, inner => inner.catalog(scope))
    }

    fn copy(&mut self, named_after: &str) -> Result<Option<String>, AnyError> {
        either!(self, inner => inner.copy(named_after))
    }
}
