//! Where to connect, with whom, and how safely: resolved from what the user gave.
//!
//! Reads nothing by itself: the environment and the files come as arguments. Never shows a password, neither in an
//! error nor with `Debug`.

mod endpoint;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

pub(crate) use endpoint::Role;
pub use endpoint::{Endpoint, SessionKind, TlsMode};

use crate::session::PostgresError;

/// What the environment and the files say.
#[derive(Default)]
pub struct Sources {}

/// A connection string that does not say where to connect.
#[derive(Debug)]
pub struct TargetError {
    message: String,
}

impl std::fmt::Display for TargetError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TargetError {}

/// Where to connect, all parts resolved.
#[derive(Clone, Debug)]
pub struct Target {
    endpoints: Vec<Endpoint>,
    user: String,
    database: String,
    password: Option<SecretString>,
    options: Option<String>,
    connect_time_max: Option<Duration>,
    session_kind: SessionKind,
    tls_mode: TlsMode,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Target {
    /// Reads a connection string.
    ///
    /// # Errors
    /// When it does not parse, or names no host.
    pub fn resolve(text: &str, _sources: &Sources) -> Result<Self, TargetError> {
        let config: tokio_postgres::Config = text.parse().map_err(|_| TargetError {
            message: "the connection string does not parse".to_owned(),
        })?;
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let endpoints = config
            .get_hosts()
            .iter()
            .map(|host| match host {
                tokio_postgres::config::Host::Tcp(host) => Endpoint::Tcp {
                    host: host.clone(),
                    address: None,
                    port,
                },
                tokio_postgres::config::Host::Unix(directory) => Endpoint::Unix {
                    directory: directory.clone(),
                    port,
                },
            })
            .collect();
        let user = config.get_user().unwrap_or("postgres").to_owned();
        Ok(Self {
            endpoints,
            database: config.get_dbname().unwrap_or(&user).to_owned(),
            user,
            password: config
                .get_password()
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned().into()),
            options: config.get_options().map(str::to_owned),
            connect_time_max: Some(Duration::from_secs(10)),
            session_kind: SessionKind::Any,
            tls_mode: TlsMode::Disable,
            tls: None,
        })
    }

    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    pub(crate) fn tls_mode(&self) -> TlsMode {
        self.tls_mode
    }

    pub(crate) fn tls(&self) -> Option<&Arc<rustls::ClientConfig>> {
        self.tls.as_ref()
    }

    pub(crate) fn session_kind(&self) -> SessionKind {
        self.session_kind
    }

    pub(crate) fn connect_time_max(&self) -> Option<Duration> {
        self.connect_time_max
    }

    pub(crate) fn options(&self) -> Option<&str> {
        self.options.as_deref()
    }

    /// The role.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    #[expect(clippy::unnecessary_wraps, reason = "a password command can fail")]
    pub(crate) fn password_for(
        &self,
        _endpoint: &Endpoint,
    ) -> Result<Option<SecretString>, PostgresError> {
        Ok(self.password.clone())
    }
}
