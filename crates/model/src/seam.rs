//! The two seams: what differs per database engine, and one open connection.

use std::collections::BTreeSet;

use crate::backfill::{Backfill, BackfillJournal, BackfillStatements, Script, Unwalkable, Walk};
use crate::mapping::{ColumnMapping, MapDirective, MappingSet, Unmappable};
use crate::runner::RunnerStatements;
use crate::{
    Catalog, Change, Context, Evidence, Ident, Impact, Plan, QualifiedName, Retired, Sql,
    Statement, Volatility,
};

/// What one database engine knows. The engine, the rules and the CLI reach a dialect only through this.
pub trait Dialect: Send + Sync {
    /// Its name: `postgres`.
    fn name(&self) -> &'static str;

    /// True when several versions of an application may work on one database at once. A database in a file belongs to the
    /// program beside it.
    fn is_shared(&self) -> bool {
        true
    }

    /// The namespace of a name that is written without one, as long as nothing says otherwise.
    fn default_namespace(&self) -> Ident;

    /// Reads SQL. Never fails as a whole: what cannot be read is one `Opaque` statement, its neighbours keep their
    /// changes. Spans are relative to `text`, in ascending order, and do not overlap.
    fn read(&self, text: &str, version: u16) -> Vec<Statement> {
        self.statements(text, version).collect()
    }

    /// The same, one after the other as they are asked for: a text of any size takes the memory of one statement.
    fn statements<'t>(
        &self,
        text: &'t str,
        version: u16,
    ) -> Box<dyn Iterator<Item = Statement> + 't>;

    /// True when there is no statement in the text, not even one that cannot be read.
    fn is_empty(&self, text: &str, version: u16) -> bool {
        self.statements(text, version).next().is_none()
    }

    /// Locks and work of one statement. The changes are those of one statement, in order; an `Opaque` one makes the
    /// answer `Unknown`.
    fn impact(&self, changes: &[Change], context: &Context<'_>) -> Impact;

    /// The safe way to the same result; none when the statement as written is as good as it gets, or no safe way is known.
    fn phases(&self, changes: &[Change], context: &Context<'_>) -> Option<Plan>;

    /// Reads a mapping that a person declared.
    ///
    /// # Errors
    /// [`Unmappable`] for a name or an expression that cannot be read.
    fn mapping(&self, written: &MapDirective, version: u16) -> Result<ColumnMapping, Unmappable> {
        let _ = version;
        Err(Unmappable(format!(
            "{} cannot be mapped here",
            written.target
        )))
    }

    /// The safe way of changes that add and drop the columns of a set: values go from one side to the other.
    ///
    /// # Errors
    /// [`Unmappable`] when it cannot be followed: nothing of it is done then.
    fn mapped(
        &self,
        _changes: &[Change],
        set: &MappingSet,
        _context: &Context<'_>,
    ) -> Result<Plan, Unmappable> {
        let column = set
            .mappings
            .first()
            .map(|mapping| mapping.column.to_string());
        Err(Unmappable(format!(
            "{} cannot be mapped here",
            column.unwrap_or_default()
        )))
    }

    /// What is known to stand in the way of a safe way, one sentence each; asked where there is none.
    fn obstacles(&self, changes: &[Change], context: &Context<'_>) -> Vec<String> {
        let _ = (changes, context);
        Vec::new()
    }

    /// SQL for changes that Segue authored and that make one statement together.
    ///
    /// # Errors
    /// [`Unrenderable`] for changes that Segue never authors, which run as the user wrote them.
    fn render(&self, changes: &[Change]) -> Result<Sql, Unrenderable>;

    /// What the server's own function of this name is; `Unknown` for others.
    fn function_volatility(&self, name: &Ident) -> Volatility;

    /// The text without comments and with white space folded outside literals: two texts that are equal in this form
    /// do the same. Never used to run anything.
    fn normalized(&self, text: &str) -> String;

    /// What speaks against dropping something: questions to a live server. `workload` is the namespace of the server's
    /// own statistics of statements, where it has them.
    fn evidence(&self, retired: &Retired, workload: Option<&Ident>) -> Vec<Evidence>;

    /// The statements a runner needs; none for a dialect nothing is run on yet.
    fn runner(&self) -> Option<RunnerStatements>;

    /// The statements of the journal of backfills; none for a dialect that has no backfills.
    fn backfill_journal(&self) -> Option<BackfillJournal> {
        None
    }

    /// How to walk the table of a backfill, with the catalog as it is now and the server's major version.
    ///
    /// # Errors
    /// [`Unwalkable`] when there is no way that does every row.
    fn walk(
        &self,
        backfill: &Backfill,
        _catalog: &Catalog,
        _version: u16,
    ) -> Result<Walk, Unwalkable> {
        Err(Unwalkable(format!(
            "{} cannot be changed in batches here",
            backfill.table
        )))
    }

    /// What is said to the server to walk one table or partition (`part`) of a backfill; none where nothing is walked.
    fn backfill(
        &self,
        _backfill: &Backfill,
        _part: &QualifiedName,
        _walk: &Walk,
    ) -> Option<BackfillStatements> {
        None
    }

    /// What only Segue does, as one ordinary statement for other runners; none where there is no such statement.
    fn script(&self, _wanted: Script<'_>) -> Option<Sql> {
        None
    }
}

/// A change that Segue does not author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this change runs as it is written: {0}")]
pub struct Unrenderable(pub String);

/// One open connection to a server.
///
/// Blocking. The user's text is sent verbatim; SQL of our own comes as [`Sql`], values travel as parameters.
pub trait Session {
    /// Why a statement failed.
    type Error: SessionError;

    /// Runs SQL that Segue authored; several statements may stand in one text and are then one message.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn execute(&mut self, statement: &Sql) -> Result<(), Self::Error>;

    /// Runs the user's own text, verbatim.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn execute_users(&mut self, text: &str) -> Result<(), Self::Error>;

    /// Runs a query that Segue authored; each value as the server's text, null as none. Several statements may stand
    /// in one text: the rows of all of them come back, in order.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn query(&mut self, statement: &Sql) -> Result<TextRows, Self::Error>;

    /// Runs one statement that Segue authored, with parameters: each is text, or none for null. The statement is
    /// prepared once per session. Every column it returns has to be text already (`…::text`), as has every
    /// parameter (`$1::text::bigint`).
    ///
    /// # Errors
    /// What the server said, word for word.
    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, Self::Error>;

    /// The same for a statement that returns no rows: how many it changed.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn change_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<u64, Self::Error>;

    /// Several requests, one behind the other; where the server is far away they travel together. Each may be sent whatever
    /// becomes of the one before, so it must do no harm without it: inside a transaction what fails ends all behind it.
    ///
    /// Gives the rows of each. When the connection is lost, each may have had its effect.
    ///
    /// # Errors
    /// The number of the first that failed, and what the server said to it.
    fn send_all(
        &mut self,
        requests: &[Request<'_>],
    ) -> Result<Vec<TextRows>, (usize, Self::Error)> {
        send_singly(self, requests)
    }

    /// [`Session::send_all`], then [`Session::catalog`], in as few journeys as there can be.
    ///
    /// # Errors
    /// The number of the first request that failed, their count when the catalog could not be read; and what the server
    /// said.
    fn catalog_after(
        &mut self,
        requests: &[Request<'_>],
        scope: &CatalogScope,
    ) -> Result<Catalog, (usize, Self::Error)> {
        self.send_all(requests)?;
        self.catalog(scope).map_err(|error| (requests.len(), error))
    }

    /// What is in the database now, as far as the scope goes.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, Self::Error>;

    /// Copies the database, outside any transaction, to a place named after this and the time. Gives the place; none
    /// where copies are the server's work, or there is nothing that can be copied.
    ///
    /// # Errors
    /// What the server said, word for word. Half a copy is taken away.
    fn copy(&mut self, named_after: &str) -> Result<Option<String>, Self::Error> {
        let _ = named_after;
        Ok(None)
    }
}

/// [`Session::send_all`], each when the one before it has been answered.
///
/// # Errors
/// As [`Session::send_all`]; nothing behind the one that failed was sent.
pub fn send_singly<S: Session + ?Sized>(
    session: &mut S,
    requests: &[Request<'_>],
) -> Result<Vec<TextRows>, (usize, S::Error)> {
    let mut answers = Vec::with_capacity(requests.len());
    for (number, request) in requests.iter().enumerate() {
        let answer = match request {
            Request::Execute(statement) => session.execute(statement).map(|()| TextRows::new()),
            Request::Users(text) => session.execute_users(text).map(|()| TextRows::new()),
            Request::Query(statement, parameters) => session.query_with(statement, parameters),
        };
        answers.push(answer.map_err(|error| (number, error))?);
    }
    Ok(answers)
}

/// One of several things that are sent in one journey.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// As [`Session::execute`].
    Execute(&'a Sql),
    /// As [`Session::execute_users`].
    Users(&'a str),
    /// As [`Session::query_with`].
    Query(&'a Sql, &'a [Option<&'a str>]),
}

/// How much of a database's catalog is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogScope {
    /// All of it, except Segue's own namespace or tables.
    Whole,
    /// These relations and what belongs to them. One that is not there is absent from the answer.
    Relations(BTreeSet<QualifiedName>),
}

/// Rows as text; null is none.
pub type TextRows = Vec<Vec<Option<String>>>;

/// What a server, or the way to it, said when a statement failed.
pub trait SessionError: std::error::Error + Send + Sync + 'static {
    /// What kind of failure it is: decides what may be done next.
    fn failure(&self) -> Failure;

    /// The SQLSTATE, or the result code of SQLite as a name; none when the server said nothing.
    fn code(&self) -> Option<&str>;

    /// The server's DETAIL.
    fn detail(&self) -> Option<&str> {
        None
    }

    /// The server's HINT.
    fn hint(&self) -> Option<&str> {
        None
    }

    /// The byte in the sent text, from 0, where the server points.
    fn position(&self) -> Option<usize> {
        None
    }
}

/// What kind of failure: decides what may be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A lock was not granted in time (55P03, `SQLITE_BUSY`). Nothing was changed; the same may succeed later.
    LockTimeout,
    /// A deadlock or a failed serialization (40P01, 40001). Nothing was changed; the transaction may be tried again.
    Deadlock,
    /// The statement was cancelled (57014): by a person, a time-out of the server, or our own watcher.
    Cancelled,
    /// The connection is gone. Whether the statement had its effect is unknown.
    ConnectionLost,
    /// The role may not do this (42501).
    Permission,
    /// The server lacks disk, memory or connections (class 53).
    Resources,
    /// The server refused the statement. Nothing was changed by it.
    Refused,
}
