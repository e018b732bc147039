//! Where to connect, with whom, and how safely: resolved from what the user gave, with libpq's meaning.
//!
//! Reads no environment and no file by itself: both come with [`Sources`]. Never shows a password, neither in an error
//! nor with `Debug`, and never makes a connection less safe than it was asked to be.

mod endpoint;
mod error;
mod password;
mod settings;
mod text;
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_postgres::config::ChannelBinding;

pub(crate) use endpoint::Role;
pub use endpoint::{Endpoint, SessionKind, TlsMode};
pub use error::TargetError;

use crate::session::PostgresError;
use password::Password;
use settings::Settings;

/// Where servers of the common distributions put their Unix socket.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];
const PORT: u16 = 5432;
/// How long one host may take to answer when nothing else is asked for.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// As libpq: less is taken for this.
const CONNECT_TIME_MIN: Duration = Duration::from_secs(2);

/// A file that was read.
pub struct FoundFile {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its permissions, as `chmod` writes them: 0o600.
    pub mode: u32,
}

/// Reads a file, or says why not.
pub type ReadFile = fn(&Path) -> io::Result<FoundFile>;

/// What the environment and the files say; the default is an empty environment on a machine without files.
pub struct Sources {
    /// The environment. Read are the variables of libpq that begin with `PG`, and `HOME`, `USER` and `LOGNAME`.
    pub environment: BTreeMap<String, String>,
    /// A command for `sh -c` that prints the password; run again for each connection.
    pub password_command: Option<SecretString>,
    /// How files are read.
    pub read: ReadFile,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            password_command: None,
            read: |_| Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sources").finish_non_exhaustive()
    }
}

impl Sources {
    /// A file below the home directory; none when there is no home.
    fn at_home(&self, name: &str) -> Option<PathBuf> {
        let home = self.environment.get("HOME")?;
        Some(Path::new(home).join(name))
    }

    fn system_user(&self) -> Option<&str> {
        ["USER", "LOGNAME"]
            .into_iter()
            .find_map(|name| self.environment.get(name))
            .map(String::as_str)
    }
}

/// Reads a file of this machine: what [`Sources::read`] is outside tests.
///
/// # Errors
/// What the system says.
pub fn read_file(path: &Path) -> io::Result<FoundFile> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o7777;
    let bytes = std::fs::read(path)?;
    Ok(FoundFile { bytes, mode })
}

/// Where to connect, all parts resolved.
#[derive(Clone, Debug)]
pub struct Target {
    endpoints: Vec<Endpoint>,
    user: String,
    database: String,
    password: Password,
    options: Option<String>,
    connect_time_max: Option<Duration>,
    session_kind: SessionKind,
    channel_binding: ChannelBinding,
    tls_mode: TlsMode,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Target {
    /// Reads a URL (`postgres://user@host:port/database?sslmode=…`), a list of `name=value` pairs, the bare name of a
    /// database, or nothing. What the text does not say, the service says, then the environment, then libpq's
    /// defaults.
    ///
    /// # Errors
    /// What does not parse, with its byte; files that are missing or that others can read; settings that contradict
    /// each other. No part of the text is repeated.
    pub fn resolve(text: &str, sources: &Sources) -> Result<Self, TargetError> {
        let mut settings = text::read(text)?;
        settings.complete(sources)?;
        let endpoints = endpoints(&settings)?;
        let user = settings
            .value("user")
            .or_else(|| sources.system_user())
            .ok_or_else(|| TargetError::new("there is no user: name one in the connection string"))?
            .to_owned();
        let database = settings.value("dbname").unwrap_or(&user).to_owned();
        let password = Password::resolve(&settings, sources, &endpoints, (&database, &user))?;
        let tls_mode = tls_mode(&settings)?;
        let is_over_tcp = endpoints
            .iter()
            .any(|endpoint| matches!(endpoint, Endpoint::Tcp { .. }));
        let tls = if tls_mode == TlsMode::Disable || !is_over_tcp {
            None
        } else {
            Some(Arc::new(tls::config(tls_mode, &settings, sources)?))
        };
        Ok(Self {
            endpoints,
            user,
            database,
            password,
            options: settings.value("options").map(str::to_owned),
            connect_time_max: connect_time_max(&settings)?,
            session_kind: session_kind(&settings)?,
            channel_binding: channel_binding(&settings)?,
            tls_mode,
            tls,
        })
    }

    /// `user@host:port/database`, hosts with commas between them; no password.
    pub fn shown(&self) -> String {
        let hosts: Vec<String> = self.endpoints.iter().map(Endpoint::shown).collect();
        format!("{}@{}/{}", self.user, hosts.join(","), self.database)
    }

    /// The role.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The places to try, in order; at least one.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// How connections are secured; Unix sockets are not.
    pub fn tls_mode(&self) -> TlsMode {
        self.tls_mode
    }

    pub(crate) fn tls(&self) -> Option<&Arc<rustls::ClientConfig>> {
        self.tls.as_ref()
    }

    pub(crate) fn session_kind(&self) -> SessionKind {
        self.session_kind
    }

    pub(crate) fn channel_binding(&self) -> ChannelBinding {
        self.channel_binding
    }

    pub(crate) fn connect_time_max(&self) -> Option<Duration> {
        self.connect_time_max
    }

    pub(crate) fn options(&self) -> Option<&str> {
        self.options.as_deref()
    }

    pub(crate) fn password_for(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Option<SecretString>, PostgresError> {
        self.password.for_endpoint(endpoint)
    }
}

/// The hosts with their addresses and ports; lists are as long as each other, or a port is for all.
fn endpoints(settings: &Settings) -> Result<Vec<Endpoint>, TargetError> {
    let list = |keyword| -> Vec<&str> {
        settings
            .value(keyword)
            .map(|text| text.split(',').map(str::trim).collect())
            .unwrap_or_default()
    };
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len()).max(1);
    if !addresses.is_empty() && !hosts.is_empty() && addresses.len() != hosts.len() {
        return Err(TargetError::new("host and hostaddr differ in number"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(TargetError::new(
            "there is neither one port nor one for each host",
        ));
    }
    let mut endpoints = Vec::new();
    for place in 0..count {
        let port = match ports
            .get(place)
            .or_else(|| ports.first().filter(|_| ports.len() == 1))
        {
            None | Some(&"") => PORT,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| TargetError::new("a port is a number from 1 to 65535"))?,
        };
        let host = hosts.get(place).copied().unwrap_or_default();
        let address = addresses.get(place).copied().unwrap_or_default();
        endpoints.extend(at(host, address, port)?);
    }
    Ok(endpoints)
}

/// The places a host, an address, or neither stands for.
fn at(host: &str, address: &str, port: u16) -> Result<Vec<Endpoint>, TargetError> {
    if host.starts_with('@') {
        return Err(TargetError::new("abstract Unix sockets are not supported"));
    }
    if !address.is_empty() {
        let parsed = address
            .parse()
            .map_err(|_| TargetError::new("hostaddr is not an IP address"))?;
        let host = if host.is_empty() { address } else { host };
        return Ok(vec![Endpoint::Tcp {
            host: host.to_owned(),
            address: Some(parsed),
            port,
        }]);
    }
    let unix = |directory: &str| Endpoint::Unix {
        directory: PathBuf::from(directory),
        port,
    };
    Ok(if host.is_empty() {
        SOCKET_DIRECTORIES.into_iter().map(unix).collect()
    } else if host.starts_with('/') {
        vec![unix(host)]
    } else {
        vec![Endpoint::Tcp {
            host: host.to_owned(),
            address: None,
            port,
        }]
    })
}

fn tls_mode(settings: &Settings) -> Result<TlsMode, TargetError> {
    let uses_system = settings.value("sslrootcert") == Some(tls::SYSTEM);
    let mode = match settings.value("sslmode") {
        None if uses_system => TlsMode::VerifyFull,
        None | Some("prefer") => TlsMode::Prefer,
        Some("disable") => TlsMode::Disable,
        Some("allow") => TlsMode::Allow,
        Some("require") => TlsMode::Require,
        Some("verify-ca") => TlsMode::VerifyCa,
        Some("verify-full") => TlsMode::VerifyFull,
        Some(_) => {
            return Err(TargetError::new(
                "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full",
            ));
        }
    };
    if uses_system && mode != TlsMode::VerifyFull {
        // Anybody can have a certificate of a public authority.
        return Err(TargetError::new(
            "sslrootcert=system goes with sslmode=verify-full only",
        ));
    }
    Ok(mode)
}

fn session_kind(settings: &Settings) -> Result<SessionKind, TargetError> {
    Ok(match settings.value("target_session_attrs") {
        None | Some("any") => SessionKind::Any,
        Some("read-write") => SessionKind::ReadWrite,
        Some("read-only") => SessionKind::ReadOnly,
        Some("primary") => SessionKind::Primary,
        Some("standby") => SessionKind::Standby,
        Some("prefer-standby") => SessionKind::PreferStandby,
        Some(_) => {
            return Err(TargetError::new(
                "target_session_attrs is one of any, read-write, read-only, primary, standby, \
                 prefer-standby",
            ));
        }
    })
}

fn channel_binding(settings: &Settings) -> Result<ChannelBinding, TargetError> {
    Ok(match settings.value("channel_binding") {
        None | Some("prefer") => ChannelBinding::Prefer,
        Some("disable") => ChannelBinding::Disable,
        Some("require") => ChannelBinding::Require,
        Some(_) => {
            return Err(TargetError::new(
                "channel_binding is one of disable, prefer, require",
            ));
        }
    })
}

/// How long one host may take; none for without end, which 0 and less ask for.
fn connect_time_max(settings: &Settings) -> Result<Option<Duration>, TargetError> {
    let Some(text) = settings.value("connect_timeout") else {
        return Ok(Some(CONNECT_TIME_MAX));
    };
    let seconds: i32 = text
        .trim()
        .parse()
        .map_err(|_| TargetError::new("connect_timeout is a number of seconds"))?;
    Ok(u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds).max(CONNECT_TIME_MIN)))
}
