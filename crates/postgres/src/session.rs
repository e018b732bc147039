//! One open connection, blocking; the only module, with its children, that sends SQL to a server.
//!
//! The user's text goes to the server as it is. Sets nothing on the connection but its name: no search path, no
//! time-out. Never connects again by itself, because what the lost statement did is not known here.
//!
//! Must not be used from inside an async runtime: it has its own.

mod canceller;
mod error;
mod open;
mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use segue_model::{Catalog, CatalogScope, Failure, Session, Sql, TextRows};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, SimpleQueryMessage, SimpleQueryRow};

pub use canceller::Canceller;
pub use error::PostgresError;

use crate::connect::Target;
use crate::introspect::{self, IntrospectError};
use open::Opened;

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
    prepared: BTreeMap<(String, usize), tokio_postgres::Statement>,
    canceller: Canceller,
    announced_pid: Option<i32>,
    backend_pid: i32,
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
            return Ok(known.clone());
        }
        let types = vec![Type::TEXT; parameters];
        let work = self.requests.prepare_typed(text, &types);
        let answer = self
            .runtime
            .block_on(drive(work, &mut self.wire, &mut self.notices));
        let statement = answer.map_err(|cause| self.failed(cause, text))?;
        self.prepared.insert(key, statement.clone());
        Ok(statement)
    }

    /// Sends a query with parameters and a message without one after the other, before either is answered.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn together(
        &mut self,
        (query, parameters): (&Sql, &[Option<&str>]),
        message: &Sql,
        order: Order,
    ) -> Result<TextRows, PostgresError> {
        let text = query.as_str();
        let prepared = self.prepared(text, parameters.len())?;
        let values: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let (asked, sent) = {
            let asked = self.requests.query(&prepared, &values);
            let sent = self.requests.simple_query(message.as_str());
            let both = in_order(asked, sent, order);
            self.runtime
                .block_on(drive(both, &mut self.wire, &mut self.notices))
        };
        let sent = sent.map(drop).map_err(|cause| (cause, message.as_str()));
        let asked = asked.map_err(|cause| (cause, text));
        let answer = match order {
            Order::MessageFirst => sent.and(asked),
            Order::QueryFirst => asked.and_then(|rows| sent.map(|()| rows)),
        };
        match answer {
            Ok(rows) => rows.iter().map(text_row).collect(),
            Err((cause, failed)) => {
                self.prepared.remove(&(text.to_owned(), parameters.len()));
                Err(self.failed(cause, failed))
            }
        }
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
        if may_deallocate(text) {
            self.prepared.clear();
        } else {
            // Another type for a column that is selected spoils a plan; Segue's own tables and the server's keep theirs,
            // and every other name is in quotes.
            self.prepared.retain(|(text, _), _| !text.contains('"'));
        }
        answer
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, PostgresError> {
        self.send(statement.as_str())
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
        let text = statement.as_str();
        let prepared = self.prepared(text, parameters.len())?;
        let values: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let work = self.requests.query(&prepared, &values);
        let answer = self
            .runtime
            .block_on(drive(work, &mut self.wire, &mut self.notices));
        match answer {
            Ok(rows) => rows.iter().map(text_row).collect(),
            Err(cause) => {
                self.prepared.remove(&(text.to_owned(), parameters.len()));
                Err(self.failed(cause, text))
            }
        }
    }

    fn execute_and_query(
        &mut self,
        first: &Sql,
        second: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, PostgresError> {
        self.together((second, parameters), first, Order::MessageFirst)
    }

    fn query_and_execute(
        &mut self,
        first: &Sql,
        parameters: &[Option<&str>],
        second: &Sql,
    ) -> Result<TextRows, PostgresError> {
        self.together((first, parameters), second, Order::QueryFirst)
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
        let text = statement.as_str();
        let prepared = self.prepared(text, parameters.len())?;
        let values: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let work = self.requests.execute(&prepared, &values);
        let answer = self
            .runtime
            .block_on(drive(work, &mut self.wire, &mut self.notices));
        answer.map_err(|cause| {
            self.prepared.remove(&(text.to_owned(), parameters.len()));
            self.failed(cause, text)
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    fn query_all(
        &mut self,
        queries: &[(Sql, Vec<Option<&str>>)],
    ) -> Result<Vec<TextRows>, PostgresError> {
        let known: Vec<tokio_postgres::Statement> = queries
            .iter()
            .filter_map(|(statement, parameters)| {
                let key = (statement.as_str().to_owned(), parameters.len());
                self.prepared.get(&key).cloned()
            })
            .collect();
        if known.len() != queries.len() {
            // What a query means may depend on what the one before does: it is prepared behind it.
            return queries
                .iter()
                .map(|(statement, parameters)| self.query_with(statement, parameters))
                .collect();
        }
        let requests = &self.requests;
        let work = known
            .iter()
            .zip(queries)
            .map(|(prepared, (_, parameters))| {
                Box::pin(async move {
                    let values: Vec<&(dyn ToSql + Sync)> = parameters
                        .iter()
                        .map(|value| value as &(dyn ToSql + Sync))
                        .collect();
                    requests.query(prepared, &values).await
                })
            });
        let answers = self.runtime.block_on(drive(
            all(work.collect()),
            &mut self.wire,
            &mut self.notices,
        ));
        let mut all = Vec::with_capacity(queries.len());
        for (answer, (statement, _)) in answers.into_iter().zip(queries) {
            match answer {
                Ok(rows) => all.push(rows.iter().map(text_row).collect::<Result<_, _>>()?),
                Err(cause) => {
                    self.prepared.clear();
                    return Err(self.failed(cause, statement.as_str()));
                }
            }
        }
        Ok(all)
    }

    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, PostgresError> {
        introspect::catalog(self, scope).map_err(|error| match error {
            IntrospectError::Session(error) => error,
            unexpected @ IntrospectError::Unexpected(_) => {
                PostgresError::ours(Failure::Refused, unexpected.to_string())
            }
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

/// Which of two goes to the server first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    MessageFirst,
    QueryFirst,
}

/// Polls both to their ends; what is polled first is sent first.
async fn in_order<A: Future, B: Future>(
    query: A,
    message: B,
    order: Order,
) -> (A::Output, B::Output) {
    let (mut query, mut message) = (pin!(query), pin!(message));
    let (mut asked, mut sent) = (None, None);
    std::future::poll_fn(|context| {
        let ask = |context: &mut Context<'_>, asked: &mut Option<A::Output>, query: Pin<&mut A>| {
            if asked.is_none()
                && let Poll::Ready(answer) = query.poll(context)
            {
                *asked = Some(answer);
            }
        };
        if order == Order::QueryFirst {
            ask(context, &mut asked, query.as_mut());
        }
        if sent.is_none()
            && let Poll::Ready(answer) = message.as_mut().poll(context)
        {
            sent = Some(answer);
        }
        if order == Order::MessageFirst {
            ask(context, &mut asked, query.as_mut());
        }
        match (asked.take(), sent.take()) {
            (Some(asked), Some(sent)) => Poll::Ready((asked, sent)),
            (one, other) => {
                (asked, sent) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
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
