//! One open connection, blocking; the only module, with its children, that sends SQL to a server.
//!
//! The user's text goes to the server as it is. Sets nothing on the connection but its name: no time-out, and no search
//! path, except for the length of a statement of our own where the server's names are not the first. Never connects again by itself, because what the lost statement did is not known here.
//!
//! Must not be used from inside an async runtime: it has its own.

mod canceller;
mod error;
mod open;
mod path;
mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;

use segue_model::{
    Catalog, CatalogScope, Failure, Request, Session, SessionError as _, Sql, TextRows,
};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, SimpleQueryMessage, SimpleQueryRow};

pub use canceller::Canceller;
pub use error::PostgresError;

use crate::connect::Target;
use crate::introspect::{self, IntrospectError};
use open::Opened;
use path::{Names, Transaction};

/// Notices that are kept until somebody takes them; the oldest go first.
const NOTICES_MAX: usize = 10_000;

/// A notice, warning or debug message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `DEBUG` …, in the server's language.
    pub severity: String,
    /// The SQLSTATE.
    pub code: String,
    /// The primary message, word for word.
    pub message: String,
}

/// One open connection to a `PostgreSQL` server.
pub struct PostgresSession {
    runtime: tokio::runtime::Runtime,
    requests: tokio_postgres::Client,
    wire: Wire,
    notices: VecDeque<Notice>,
    prepared: BTreeMap<(String, usize), Prepared>,
    canceller: Canceller,
    announced_pid: Option<i32>,
    backend_pid: i32,
    names: Names,
    transaction: Transaction,
}

/// A statement that the server knows.
struct Prepared {
    statement: tokio_postgres::Statement,
    /// Whether [`may_be_spoiled`].
    may_be_spoiled: bool,
}

/// The driver's half of a connection, and whether it has ended.
enum Wire {
    Open(Box<open::Connection>),
    Ended { why: String },
}

impl PostgresSession {
    /// Connects to the first host of the target that accepts.
    ///
    /// # Errors
    /// What the last host that was tried said; [`Failure::ConnectionLost`] when none could be reached in time,
    /// [`Failure::Permission`] when the role or the password was refused. Nothing was changed anywhere.
    pub fn connect(target: &Target) -> Result<Self, PostgresError> {
        let runtime = runtime()?;
        let opened = open::open(&runtime, target)?;
        Ok(Self::over(runtime, opened))
    }

    fn over(runtime: tokio::runtime::Runtime, opened: Opened) -> Self {
        Self {
            runtime,
            requests: opened.requests,
            wire: opened.wire,
            notices: opened.notices,
            prepared: BTreeMap::new(),
            canceller: opened.canceller,
            announced_pid: opened.announced_pid,
            backend_pid: opened.backend_pid,
            names: opened.names,
            transaction: Transaction::None,
        }
    }

    /// The process id of the backend that answered right after the connect; behind a pooler another one may answer
    /// the next statement.
    pub fn backend_pid(&self) -> i32 {
        self.backend_pid
    }

    /// True when something stands between this session and the server: the process id that was announced at the
    /// connect is not that of the backend. A pooler may give each transaction another backend, on which locks and
    /// settings of the session are not those it made.
    pub fn is_pooled(&self) -> bool {
        self.announced_pid != Some(self.backend_pid)
    }

    /// A handle that cancels the running statement from another thread.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// The notices that came since the last call, oldest first; at most 10 000 are kept.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices).into()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn send(&mut self, text: &str) -> Result<TextRows, PostgresError> {
        let work = self.requests.simple_query(text);
        let answer = self
            .runtime
            .block_on(drive(work, &mut self.wire, &mut self.notices));
        self.transaction = self.transaction.after(text);
        match answer {
            Ok(messages) => messages.iter().filter_map(row_of).collect(),
            Err(cause) => Err(self.failed(cause, text)),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn prepared(
        &mut self,
        text: &str,
        parameters: usize,
    ) -> Result<tokio_postgres::Statement, PostgresError> {
        let key = (text.to_owned(), parameters);
        if let Some(known) = self.prepared.get(&key) {
            return Ok(known.statement.clone());
        }
        let types = vec![Type::TEXT; parameters];
        let work = self.requests.prepare_typed(text, &types);
        let answer = self
            .runtime
            .block_on(drive(work, &mut self.wire, &mut self.notices));
        let statement = answer.map_err(|cause| self.failed(cause, text))?;
        let known = Prepared {
            statement: statement.clone(),
            may_be_spoiled: may_be_spoiled(text),
        };
        self.prepared.insert(key, known);
        Ok(statement)
    }

    /// Prepares a statement and sends it; what fails is not known to the server any more.
    fn answered<T>(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
        send: impl AsyncFnOnce(
            &tokio_postgres::Client,
            &tokio_postgres::Statement,
            &[&(dyn ToSql + Sync)],
        ) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, PostgresError> {
        let text = statement.as_str();
        let known = self.prepared(text, parameters.len())?;
        let values: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let work = send(&self.requests, &known, &values);
        let answer = self
            .runtime
            .block_on(drive(work, &mut self.wire, &mut self.notices));
        answer.map_err(|cause| {
            let error = self.failed(cause, text);
            if may_have_spoiled(&error) {
                self.prepared.remove(&(text.to_owned(), parameters.len()));
            }
            error
        })
    }

    /// Lets a statement of ours mean the server's own operators, also where the user's stand before them. What names
    /// something of his, or is about settings, is left alone.
    fn by_own_names<T>(
        &mut self,
        statement: &Sql,
        work: impl FnOnce(&mut Self) -> Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        if self.names == Names::Servers || !path::is_only_ours(statement.as_str()) {
            return work(self);
        }
        let (there, back) = self.transaction.own_path();
        self.send(there)?;
        let answer = work(self);
        let Err(error) = self.send(back) else {
            return answer;
        };
        // What fails in a transaction takes the path back with it; outside of one it was cancelled.
        if self.transaction == Transaction::None {
            self.send(back)?;
        }
        answer.and(Err(error))
    }

    /// What each query of these is prepared as; none when one has yet to be, or a text may do away with them: what a
    /// query means may depend on what the one before does, so it is prepared behind it.
    fn ready(&self, requests: &[Request<'_>]) -> Option<Vec<Option<tokio_postgres::Statement>>> {
        let mut is_behind_users = false;
        requests
            .iter()
            .map(|request| match request {
                Request::Execute(_) => Some(None),
                Request::Users(text) => {
                    is_behind_users = true;
                    (!may_deallocate(text)).then_some(None)
                }
                Request::Query(statement, parameters) => {
                    let key = (statement.as_str().to_owned(), parameters.len());
                    let known = self.prepared.get(&key)?;
                    let is_safe = !(is_behind_users && known.may_be_spoiled);
                    is_safe.then(|| Some(known.statement.clone()))
                }
            })
            .collect()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn send_together(
        &mut self,
        requests: &[Request<'_>],
        ready: &[Option<tokio_postgres::Statement>],
    ) -> Result<Vec<TextRows>, (usize, PostgresError)> {
        let client = &self.requests;
        let work = requests.iter().zip(ready).map(|(request, prepared)| {
            let work: Pin<Box<dyn Future<Output = _> + '_>> =
                if let (Request::Query(_, parameters), Some(prepared)) = (request, prepared) {
                    Box::pin(async move {
                        let values: Vec<&(dyn ToSql + Sync)> = parameters
                            .iter()
                            .map(|value| value as &(dyn ToSql + Sync))
                            .collect();
                        client.query(prepared, &values).await.map(Answer::Rows)
                    })
                } else {
                    let text = text_of(request);
                    Box::pin(async move { client.simple_query(text).await.map(Answer::Messages) })
                };
            work
        });
        let answers = self.runtime.block_on(drive(
            all(work.collect()),
            &mut self.wire,
            &mut self.notices,
        ));
        let mut all = Vec::with_capacity(requests.len());
        for (number, (answer, request)) in answers.into_iter().zip(requests).enumerate() {
            let rows = match answer {
                Ok(Answer::Rows(rows)) => rows.iter().map(text_row).collect(),
                Ok(Answer::Messages(messages)) => messages.iter().filter_map(row_of).collect(),
                Err(cause) => {
                    let error = self.failed(cause, text_of(request));
                    if may_have_spoiled(&error) {
                        self.prepared.clear();
                    }
                    Err(error)
                }
            };
            all.push(rows.map_err(|error| (number, error))?);
        }
        Ok(all)
    }

    /// What the driver's error means for this connection.
    fn failed(&mut self, cause: tokio_postgres::Error, text: &str) -> PostgresError {
        if let Wire::Ended { why } = &self.wire
            && cause.as_db_error().is_none()
        {
            let message = format!("the connection has ended: {why}");
            return PostgresError::ours(Failure::ConnectionLost, message).because(cause);
        }
        let error = PostgresError::from_driver(cause, text);
        if !error.is_servers() {
            // The server may be waiting for something that never comes, such as the rows of a COPY: the next
            // statement would wait for ever.
            self.wire = Wire::Ended {
                why: error.to_string(),
            };
        }
        error
    }
}

impl Session for PostgresSession {
    type Error = PostgresError;

    fn execute(&mut self, statement: &Sql) -> Result<(), PostgresError> {
        self.send(statement.as_str()).map(drop)
    }

    fn execute_users(&mut self, text: &str) -> Result<(), PostgresError> {
        let answer = self.send(text).map(drop);
        self.names = self.names.after(text);
        if may_deallocate(text) {
            self.prepared.clear();
        } else {
            self.prepared.retain(|_, known| !known.may_be_spoiled);
        }
        answer
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, PostgresError> {
        self.by_own_names(statement, |session| session.send(statement.as_str()))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, PostgresError> {
        self.names = self.names.after_values(parameters);
        self.by_own_names(statement, |session| {
            let rows = session.answered(statement, parameters, async |client, known, values| {
                client.query(known, values).await
            })?;
            rows.iter().map(text_row).collect()
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn change_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<u64, PostgresError> {
        self.by_own_names(statement, |session| {
            session.answered(statement, parameters, async |client, known, values| {
                client.execute(known, values).await
            })
        })
    }

    fn send_all(
        &mut self,
        requests: &[Request<'_>],
    ) -> Result<Vec<TextRows>, (usize, PostgresError)> {
        let ready = match self.names {
            Names::Servers => self.ready(requests),
            Names::Shadowed => None,
        };
        let Some(ready) = ready else {
            return segue_model::send_singly(self, requests);
        };
        let sent = self.send_together(requests, &ready);
        for request in requests {
            self.transaction = self.transaction.after(text_of(request));
            if let Request::Users(text) = request {
                self.names = self.names.after(text);
            }
        }
        if requests
            .iter()
            .any(|request| matches!(request, Request::Users(_)))
        {
            self.prepared.retain(|_, known| !known.may_be_spoiled);
        }
        sent
    }

    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, PostgresError> {
        self.catalog_after(&[], scope).map_err(|(_, error)| error)
    }

    fn catalog_after(
        &mut self,
        requests: &[Request<'_>],
        scope: &CatalogScope,
    ) -> Result<Catalog, (usize, PostgresError)> {
        introspect::catalog_after(self, requests, scope).map_err(|(number, error)| {
            let error = match error {
                IntrospectError::Session(error) => error,
                unexpected @ IntrospectError::Unexpected(_) => {
                    PostgresError::ours(Failure::Refused, unexpected.to_string())
                }
            };
            (number, error)
        })
    }
}

impl std::fmt::Debug for PostgresSession {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PostgresSession")
            .field("backend_pid", &self.backend_pid)
            .finish_non_exhaustive()
    }
}

/// A runtime of one thread, which runs only while somebody waits for an answer.
fn runtime() -> Result<tokio::runtime::Runtime, PostgresError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| {
            PostgresError::ours(
                Failure::Resources,
                "the runtime of the connection did not start",
            )
            .because(cause)
        })
}

/// What the driver gives for a request.
enum Answer {
    Rows(Vec<tokio_postgres::Row>),
    Messages(Vec<SimpleQueryMessage>),
}

fn text_of<'a>(request: &Request<'a>) -> &'a str {
    match request {
        Request::Execute(statement) | Request::Query(statement, _) => statement.as_str(),
        Request::Users(text) => text,
    }
}

/// Polls all to their ends, in order: so they are sent.
async fn all<F: Future + Unpin>(mut work: Vec<F>) -> Vec<F::Output> {
    let mut answers: Vec<Option<F::Output>> = work.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (work, answer) in work.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(ready) = Pin::new(work).poll(context)
            {
                *answer = Some(ready);
            }
        }
        if answers.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// Runs `work` while the connection is polled in the same task, so that every notice is there when the answer is.
async fn drive<F: Future>(work: F, wire: &mut Wire, notices: &mut VecDeque<Notice>) -> F::Output {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        while let Wire::Open(open) = wire {
            let why = match open.poll_message(context) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => {
                    keep(notices, &notice);
                    continue;
                }
                Poll::Ready(Some(Ok(_))) => continue,
                Poll::Ready(Some(Err(cause))) => cause
                    .as_db_error()
                    .map_or_else(|| cause.to_string(), |error| error.message().to_owned()),
                Poll::Ready(None) => "it was closed".to_owned(),
            };
            // Drops the driver's half, so that every waiting answer ends.
            *wire = Wire::Ended { why };
        }
        work.as_mut().poll(context)
    })
    .await
}

fn keep(notices: &mut VecDeque<Notice>, notice: &tokio_postgres::error::DbError) {
    if notices.len() == NOTICES_MAX {
        notices.pop_front();
    }
    notices.push_back(Notice {
        severity: notice.severity().to_owned(),
        code: notice.code().code().to_owned(),
        message: notice.message().to_owned(),
    });
}

/// The values of a row; none for a message that is no row.
fn row_of(message: &SimpleQueryMessage) -> Option<Result<Vec<Option<String>>, PostgresError>> {
    if let SimpleQueryMessage::Row(row) = message {
        Some(simple_row(row))
    } else {
        None
    }
}

fn simple_row(row: &SimpleQueryRow) -> Result<Vec<Option<String>>, PostgresError> {
    (0..row.len())
        .map(|column| match row.try_get(column) {
            Ok(value) => Ok(value.map(str::to_owned)),
            Err(cause) => Err(unreadable(cause)),
        })
        .collect()
}

fn text_row(row: &tokio_postgres::Row) -> Result<Vec<Option<String>>, PostgresError> {
    (0..row.len())
        .map(|column| row.try_get(column).map_err(unreadable))
        .collect()
}

fn unreadable(cause: tokio_postgres::Error) -> PostgresError {
    PostgresError::ours(
        Failure::Refused,
        "the server answered with a column that is not text",
    )
    .because(cause)
}

/// Another type for a column that is selected spoils a plan; Segue's own tables and the server's keep theirs, and every
/// other name is in quotes.
fn may_be_spoiled(text: &str) -> bool {
    text.contains('"')
}

/// Whether what is prepared may be at fault. A statement that waited too long or was cancelled is still known to the server:
/// to prepare everything again on each try would be done under the lock that the try is given.
fn may_have_spoiled(error: &PostgresError) -> bool {
    match error.failure() {
        Failure::LockTimeout | Failure::Deadlock | Failure::Cancelled => false,
        Failure::ConnectionLost | Failure::Permission | Failure::Resources | Failure::Refused => {
            true
        }
    }
}

/// True when a text may do away with prepared statements: by DISCARD or DEALLOCATE, or by code that it runs.
fn may_deallocate(text: &str) -> bool {
    const WORDS: [&str; 6] = ["discard", "deallocate", "do", "call", "select", "execute"];
    text.split(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// A session may be handed to another thread, and be cancelled from one.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<PostgresSession>();
    is_send::<Canceller>();
};
