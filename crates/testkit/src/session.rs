//! One open connection, blocking; the only place of this crate that sends SQL.
//!
//! Text goes to the server as it is, with the simple query protocol; rows come back as text and
//! every notice is kept, because DEBUG1 messages are what tells a scan from a rewrite.

use crate::Error;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use std::thread::JoinHandle;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, NoTls, SimpleQueryMessage, Socket};

/// One row; a value is text or NULL.
pub type Row = Vec<Option<String>>;

/// A notice, warning or DEBUG message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `DEBUG`, `NOTICE`, `WARNING` …, not translated.
    pub severity: String,
    /// The SQLSTATE.
    pub code: String,
    /// The primary message.
    pub message: String,
}

/// Where a server listens: the directory of its Unix socket and the port in the socket's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address<'a> {
    pub(crate) socket_directory: &'a Path,
    pub(crate) port: u16,
}

/// A blocking connection as the superuser `postgres`.
///
/// Must not be used from inside an async runtime: it has its own.
pub struct Client {
    runtime: tokio::runtime::Runtime,
    requests: tokio_postgres::Client,
    connection: Wire,
    notices: Vec<Notice>,
    backend_pid: i64,
}

/// The driver's half of a connection, and whether it has ended.
enum Wire {
    Open(Box<tokio_postgres::Connection<Socket, NoTlsStream>>),
    Ended { why: String },
}

impl Client {
    pub(crate) fn connect(address: Address<'_>, database: &str) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::caused("could not start the client's runtime", cause))?;
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(address.socket_directory)
            .port(address.port)
            .user("postgres")
            .dbname(database)
            .application_name("segue-testkit");
        let (requests, connection) = runtime
            .block_on(config.connect(NoTls))
            .map_err(|cause| refusal(&format!("could not connect to {database}"), &cause))?;
        let mut this = Self {
            runtime,
            requests,
            connection: Wire::Open(Box::new(connection)),
            notices: Vec::new(),
            backend_pid: 0,
        };
        let pid = this.value("SELECT pg_backend_pid()")?;
        this.backend_pid = pid.and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(this)
    }

    /// The process id of this connection's backend.
    pub fn backend_pid(&self) -> i64 {
        self.backend_pid
    }

    /// Sends `text` word for word (one or several statements) and returns all rows.
    ///
    /// # Errors
    /// What the server refused, with its message, or that the connection has ended.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    pub fn query(&mut self, text: &str) -> Result<Vec<Row>, Error> {
        let Self {
            runtime,
            requests,
            connection,
            notices,
            ..
        } = self;
        let answer = runtime.block_on(drive(requests.simple_query(text), connection, notices));
        let messages = answer.map_err(|cause| match &*connection {
            Wire::Ended { why } if cause.is_closed() => {
                Error::new(format!("the connection has ended: {why}"))
            }
            Wire::Open(_) | Wire::Ended { .. } => refusal("the server refused", &cause),
        })?;
        Ok(messages.iter().filter_map(row_of).collect())
    }

    /// As [`Client::query`], for text whose rows do not matter.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub fn execute(&mut self, text: &str) -> Result<(), Error> {
        self.query(text).map(drop)
    }

    /// The first value of the first row, or `None` when it is NULL or there is no row.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub fn value(&mut self, text: &str) -> Result<Option<String>, Error> {
        let rows = self.query(text)?;
        Ok(rows.into_iter().flatten().next().flatten())
    }

    /// The notices that came since the last call, oldest first.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Sends `text` from a thread of its own, so that this thread can watch it run.
    ///
    /// # Errors
    /// When no thread could be started.
    pub fn start(mut self, text: &str) -> Result<Running, Error> {
        let text = text.to_owned();
        let backend_pid = self.backend_pid;
        let thread = std::thread::Builder::new()
            .name("segue-testkit statement".to_owned())
            .spawn(move || {
                let answer = self.query(&text);
                (self, answer)
            })
            .map_err(|cause| Error::caused("could not start a thread", cause))?;
        Ok(Running {
            thread,
            backend_pid,
        })
    }
}

/// A statement that runs on another thread.
#[derive(Debug)]
pub struct Running {
    thread: JoinHandle<(Client, Result<Vec<Row>, Error>)>,
    backend_pid: i64,
}

impl Running {
    /// The process id of the backend that runs the statement.
    pub fn backend_pid(&self) -> i64 {
        self.backend_pid
    }

    /// Whether the server has answered.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the server's answer; the connection comes back with it.
    ///
    /// # Errors
    /// When the thread panicked; what the server said is the inner result.
    pub fn join(self) -> Result<(Client, Result<Vec<Row>, Error>), Error> {
        self.thread
            .join()
            .map_err(|_| Error::new("the thread that ran the statement panicked"))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("backend_pid", &self.backend_pid)
            .finish_non_exhaustive()
    }
}

/// Runs `work` while the connection is polled in the same task, so that every notice is in
/// `notices` when the answer is complete.
async fn drive<F: Future>(work: F, connection: &mut Wire, notices: &mut Vec<Notice>) -> F::Output {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        while let Wire::Open(open) = connection {
            let ended = match open.poll_message(context) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => {
                    notices.push(Notice {
                        severity: notice.severity().to_owned(),
                        code: notice.code().code().to_owned(),
                        message: notice.message().to_owned(),
                    });
                    continue;
                }
                Poll::Ready(Some(Ok(_))) => continue,
                Poll::Ready(Some(Err(cause))) => error_text(&cause),
                Poll::Ready(None) => "it was closed".to_owned(),
            };
            *connection = Wire::Ended { why: ended };
        }
        work.as_mut().poll(context)
    })
    .await
}

fn row_of(message: &SimpleQueryMessage) -> Option<Row> {
    let SimpleQueryMessage::Row(row) = message else {
        return None;
    };
    Some(
        (0..row.len())
            .map(|column| row.try_get(column).ok().flatten().map(str::to_owned))
            .collect(),
    )
}

fn refusal(what: &str, cause: &tokio_postgres::Error) -> Error {
    Error::refused(what, error_text(cause))
}

/// The server's primary message, or the driver's words when the server said nothing.
fn error_text(cause: &tokio_postgres::Error) -> String {
    cause
        .as_db_error()
        .map_or_else(|| chain(cause), |error| error.message().to_owned())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
