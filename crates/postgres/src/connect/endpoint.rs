//! One place a server listens at, and what is asked of the server there.

use std::net::IpAddr;
use std::path::PathBuf;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket.
    Unix {
        /// The directory of the socket.
        directory: PathBuf,
        /// The number in the socket's name.
        port: u16,
    },
    /// A TCP socket.
    Tcp {
        /// The name, which a certificate is compared with.
        host: String,
        /// The address, when it is not to be asked of the resolver.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
    },
}

impl Endpoint {
    /// `host:port`, or `directory:port` for a Unix socket; brackets around an IPv6 address.
    pub fn shown(&self) -> String {
        match self {
            Self::Unix { directory, port } => format!("{}:{port}", directory.display()),
            Self::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port, .. } => format!("{host}:{port}"),
        }
    }

    /// The name a certificate is compared with; empty for a Unix socket.
    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Unix { .. } => "",
            Self::Tcp { host, .. } => host,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        match self {
            Self::Unix { port, .. } | Self::Tcp { port, .. } => *port,
        }
    }
}

/// How a connection is secured; the words of libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    /// Never TLS.
    Disable,
    /// TLS when the server refuses without.
    Allow,
    /// TLS when the server has it. Protects from nobody who can change what is sent.
    Prefer,
    /// TLS or nothing; the certificate is checked only when there are root certificates.
    Require,
    /// TLS or nothing, with a certificate signed by a known authority.
    VerifyCa,
    /// The same, and the certificate names the host.
    VerifyFull,
}

/// Which servers are accepted; the words of libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// Any.
    Any,
    /// One that lets a session write.
    ReadWrite,
    /// One that does not.
    ReadOnly,
    /// One that is not a standby.
    Primary,
    /// A standby.
    Standby,
    /// A standby, or any when no host is one.
    PreferStandby,
}

/// What a server is, as far as the choice between hosts goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes writes.
    Writer,
    /// A primary whose transactions only read unless told otherwise.
    ReadOnlyPrimary,
    /// Replays another server's log.
    Standby,
}

impl SessionKind {
    pub(crate) fn accepts(self, role: Role) -> bool {
        match self {
            Self::Any => true,
            Self::ReadWrite => role == Role::Writer,
            Self::ReadOnly => role != Role::Writer,
            Self::Primary => role != Role::Standby,
            Self::Standby | Self::PreferStandby => role == Role::Standby,
        }
    }

    /// What is wrong with a server that was not accepted.
    pub(crate) fn refusal(self) -> &'static str {
        match self {
            Self::Any => "was not accepted",
            Self::ReadWrite => {
                "takes no writes: it is a standby, or its transactions are read only"
            }
            Self::ReadOnly => "takes writes, and one that is read only was asked for",
            Self::Primary => "is a standby, and a primary was asked for",
            Self::Standby | Self::PreferStandby => "is no standby, and a standby was asked for",
        }
    }
}
