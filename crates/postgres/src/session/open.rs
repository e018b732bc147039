//! Opening a connection: hosts in order, with or without TLS, and the first questions to the server.
//!
//! What the target asks for is never weakened: without the TLS it requires there is no connection.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;

use secrecy::{ExposeSecret, SecretString};
use segue_model::{Failure, SessionError};
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::path::Names;
use super::socket::{AnnouncedPid, Overheard, Socket};
use super::{Canceller, Notice, PostgresError, Wire, drive, row_of};
use crate::connect::{Endpoint, Role, SessionKind, Target, TlsMode};

/// The name the server shows for our connections.
const APPLICATION_NAME: &str = "segue";

type Raw = Overheard<Socket>;
type Secured = Overheard<<MakeRustlsConnect as MakeTlsConnect<Raw>>::Stream>;
pub(super) type Connection = tokio_postgres::Connection<Raw, Secured>;

/// A connection that answered its first questions.
pub(super) struct Opened {
    pub(super) requests: tokio_postgres::Client,
    pub(super) wire: Wire,
    pub(super) notices: VecDeque<Notice>,
    pub(super) canceller: Canceller,
    pub(super) announced_pid: Option<i32>,
    pub(super) backend_pid: i32,
    pub(super) names: Names,
    role: Role,
}

/// Secures a stream, or refuses when the connection was meant to be in the clear.
#[derive(Clone)]
pub(super) struct Connector {
    tls: Option<MakeRustlsConnect>,
    host: String,
    pid: AnnouncedPid,
}

impl TlsConnect<Raw> for Connector {
    type Stream = Secured;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Secured>>>>;

    fn connect(self, stream: Raw) -> Self::Future {
        Box::pin(async move {
            let mut tls = self
                .tls
                .ok_or_else(|| io::Error::other("this connection is without TLS"))?;
            let connect = MakeTlsConnect::<Raw>::make_tls_connect(&mut tls, &self.host)
                .map_err(io::Error::other)?;
            let stream = connect.connect(stream).await?;
            Ok(Overheard::new(stream, self.pid))
        })
    }
}

/// One way to try an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Plain,
    Secured,
}

/// The ways to try, best first.
///
/// Source: `PostgreSQL` manual, 34.19.3: TLS is not used over Unix sockets, whatever the mode.
fn attempts(endpoint: &Endpoint, mode: TlsMode) -> &'static [Attempt] {
    match (endpoint, mode) {
        (Endpoint::Unix { .. }, _) | (Endpoint::Tcp { .. }, TlsMode::Disable) => &[Attempt::Plain],
        (Endpoint::Tcp { .. }, TlsMode::Allow) => &[Attempt::Plain, Attempt::Secured],
        (Endpoint::Tcp { .. }, TlsMode::Prefer) => &[Attempt::Secured, Attempt::Plain],
        (Endpoint::Tcp { .. }, TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull) => {
            &[Attempt::Secured]
        }
    }
}

/// Opens a connection to the first host that accepts.
pub(super) fn open(runtime: &Runtime, target: &Target) -> Result<Opened, PostgresError> {
    let rounds: &[SessionKind] = match target.session_kind() {
        SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
        SessionKind::Any => &[SessionKind::Any],
        SessionKind::ReadWrite => &[SessionKind::ReadWrite],
        SessionKind::ReadOnly => &[SessionKind::ReadOnly],
        SessionKind::Primary => &[SessionKind::Primary],
        SessionKind::Standby => &[SessionKind::Standby],
    };
    let mut last = None;
    for wanted in rounds {
        for endpoint in target.endpoints() {
            match at(runtime, target, endpoint, *wanted) {
                Ok(opened) => return Ok(opened),
                // Another host would refuse the same role and password, and may lock the role.
                Err(error) if error.failure() == Failure::Permission => return Err(error),
                Err(error) => last = Some(error),
            }
        }
    }
    Err(last
        .unwrap_or_else(|| PostgresError::ours(Failure::Refused, "there is no host to connect to")))
}

/// Opens a connection to one host, in the ways that the mode allows.
fn at(
    runtime: &Runtime,
    target: &Target,
    endpoint: &Endpoint,
    wanted: SessionKind,
) -> Result<Opened, PostgresError> {
    let mut first = None;
    for attempt in attempts(endpoint, target.tls_mode()) {
        match try_one(runtime, target, endpoint, *attempt) {
            Ok(opened) => {
                opened.prove(wanted, endpoint)?;
                return Ok(opened);
            }
            Err(error) if error.is_of_this_way() => {
                first.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(first
        .unwrap_or_else(|| PostgresError::ours(Failure::Refused, "there is no way to connect")))
}

fn try_one(
    runtime: &Runtime,
    target: &Target,
    endpoint: &Endpoint,
    attempt: Attempt,
) -> Result<Opened, PostgresError> {
    // Asked anew for each connection: such passwords often live for minutes.
    let password = target.password_for(endpoint)?;
    let work = greet(target, endpoint, attempt, password);
    runtime.block_on(async {
        match target.connect_time_max() {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let place = endpoint.shown();
                let seconds = limit.as_secs();
                let message = format!("{place} did not answer within {seconds} s");
                Err(PostgresError::ours(Failure::ConnectionLost, message))
            }),
        }
    })
}

/// Connects, and asks what a session has to know.
async fn greet(
    target: &Target,
    endpoint: &Endpoint,
    attempt: Attempt,
    password: Option<SecretString>,
) -> Result<Opened, PostgresError> {
    let socket = Socket::open(endpoint).await.map_err(|cause| {
        let message = format!("could not connect to {}: {cause}", endpoint.shown());
        PostgresError::ours(Failure::ConnectionLost, message).because(cause)
    })?;
    let pid = AnnouncedPid::default();
    let (raw, tls, mode) = match attempt {
        Attempt::Plain => (Overheard::new(socket, pid.clone()), None, SslMode::Disable),
        Attempt::Secured => (
            Overheard::deaf(socket),
            target
                .tls()
                .map(|tls| MakeRustlsConnect::new(tls.as_ref().clone())),
            SslMode::Require,
        ),
    };
    let connector = Connector {
        tls,
        host: endpoint.host().to_owned(),
        pid: pid.clone(),
    };
    let config = config(target, password.as_ref(), mode);
    let (requests, connection) = config
        .connect_raw(raw, connector.clone())
        .await
        .map_err(|cause| not_greeted(endpoint, cause))?;
    let canceller = Canceller {
        token: requests.cancel_token(),
        endpoint: endpoint.clone(),
        connector,
    };
    let mut opened = Opened {
        requests,
        wire: Wire::Open(Box::new(connection)),
        notices: VecDeque::new(),
        canceller,
        announced_pid: pid.heard(),
        backend_pid: 0,
        names: Names::Servers,
        role: Role::Standby,
    };
    opened.get_acquainted(endpoint).await?;
    Ok(opened)
}

/// What the driver needs to know.
fn config(
    target: &Target,
    password: Option<&SecretString>,
    mode: SslMode,
) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config
        .user(target.user())
        .dbname(target.database())
        .application_name(APPLICATION_NAME)
        .channel_binding(target.channel_binding())
        .ssl_mode(mode);
    if let Some(options) = target.options() {
        config.options(options);
    }
    if let Some(password) = password {
        config.password(password.expose_secret());
    }
    config
}

fn not_greeted(endpoint: &Endpoint, cause: tokio_postgres::Error) -> PostgresError {
    if cause.as_db_error().is_some() {
        return PostgresError::from_driver(cause, "");
    }
    let mut message = format!("no connection to {}: {cause}", endpoint.shown());
    let mut next = std::error::Error::source(&cause);
    while let Some(inner) = next {
        message.push_str(": ");
        message.push_str(&inner.to_string());
        next = inner.source();
    }
    PostgresError::ours(Failure::ConnectionLost, message).because(cause)
}

/// Who answers, and whether it writes.
const ACQUAINTANCE: &str = "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), \
     pg_catalog.current_setting('transaction_read_only'), pg_catalog.current_setting('search_path')";

impl Opened {
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that sends SQL"
    )]
    async fn get_acquainted(&mut self, endpoint: &Endpoint) -> Result<(), PostgresError> {
        let work = self.requests.simple_query(ACQUAINTANCE);
        let messages = drive(work, &mut self.wire, &mut self.notices)
            .await
            .map_err(|cause| PostgresError::from_driver(cause, ACQUAINTANCE))?;
        let rows = messages
            .iter()
            .filter_map(row_of)
            .collect::<Result<Vec<_>, _>>()?;
        let [[Some(pid), Some(in_recovery), Some(read_only), Some(path)]] = rows
            .iter()
            .map(Vec::as_slice)
            .filter_map(|row| <&[Option<String>; 4]>::try_from(row).ok())
            .collect::<Vec<_>>()[..]
        else {
            let message = format!("{} does not say who it is", endpoint.shown());
            return Err(PostgresError::ours(Failure::Refused, message));
        };
        self.backend_pid = pid.parse().unwrap_or_default();
        self.names = Names::by(path);
        self.role = match (in_recovery.as_str(), read_only.as_str()) {
            ("f", "off") => Role::Writer,
            ("f", _) => Role::ReadOnlyPrimary,
            _ => Role::Standby,
        };
        Ok(())
    }

    /// Refuses a server that is not of the kind that is wanted.
    fn prove(&self, wanted: SessionKind, endpoint: &Endpoint) -> Result<(), PostgresError> {
        if wanted.accepts(self.role) {
            return Ok(());
        }
        let message = format!("{} {}", endpoint.shown(), wanted.refusal());
        Err(PostgresError::ours(Failure::Refused, message))
    }
}
