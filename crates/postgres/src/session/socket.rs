//! The way to a server: a TCP or Unix socket, and a reader on top that overhears the process id it sends.
//!
//! Decides nothing about TLS or passwords.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::connect::Endpoint;

/// How long a connection is silent before the system asks whether the other side is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_mins(1);
/// How long between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// After how many questions without an answer the connection is lost.
const KEEPALIVE_RETRIES: u32 = 4;

/// An open socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Opens a socket; every address of a host name is tried in the order the resolver gave.
    pub(crate) async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint {
            Endpoint::Unix { directory, port } => {
                let path = directory.join(format!(".s.PGSQL.{port}"));
                UnixStream::connect(path).await.map(Self::Unix)
            }
            Endpoint::Tcp {
                host,
                address,
                port,
            } => {
                let stream = match address {
                    Some(address) => TcpStream::connect((*address, *port)).await?,
                    None => TcpStream::connect((host.as_str(), *port)).await?,
                };
                stream.set_nodelay(true)?;
                let keepalive = socket2::TcpKeepalive::new()
                    .with_time(KEEPALIVE_IDLE)
                    .with_interval(KEEPALIVE_INTERVAL)
                    .with_retries(KEEPALIVE_RETRIES);
                socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                Ok(Self::Tcp(stream))
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// Where the overheard process id is put; 0 as long as none was heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnnouncedPid(Arc<AtomicI32>);

impl AnnouncedPid {
    /// The process id that the server, or the pooler before it, announced at the connect.
    pub(crate) fn heard(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }
}

/// A stream whose incoming messages are looked at until `BackendKeyData` came.
#[derive(Debug)]
pub(crate) struct Overheard<S> {
    stream: S,
    ear: Ear,
}

/// How far the listening is.
#[derive(Debug)]
enum Ear {
    /// Nothing is looked at.
    Closed,
    /// The head of a message, or the body of `BackendKeyData`, is being collected.
    Collecting { pid: AnnouncedPid, bytes: Vec<u8> },
    /// The body of another message passes by.
    Skipping { pid: AnnouncedPid, bytes: usize },
}

/// A type and a length.
const HEAD_BYTES: usize = 5;
/// The head and a process id; the secret after it is not looked at.
const KEY_BYTES: usize = HEAD_BYTES + 4;

impl<S> Overheard<S> {
    /// Listens from the first byte that comes.
    pub(crate) fn new(stream: S, pid: AnnouncedPid) -> Self {
        let ear = Ear::Collecting {
            pid,
            bytes: Vec::new(),
        };
        Self { stream, ear }
    }

    /// Listens to nothing.
    pub(crate) fn deaf(stream: S) -> Self {
        Self {
            stream,
            ear: Ear::Closed,
        }
    }
}

impl Ear {
    /// The state after one more byte.
    fn hear(self, byte: u8) -> Self {
        match self {
            Self::Closed => Self::Closed,
            Self::Skipping { pid, bytes } => match bytes.saturating_sub(1) {
                0 => Self::Collecting {
                    pid,
                    bytes: Vec::new(),
                },
                bytes => Self::Skipping { pid, bytes },
            },
            Self::Collecting { pid, mut bytes } => {
                bytes.push(byte);
                Self::judge(pid, bytes)
            }
        }
    }

    fn judge(pid: AnnouncedPid, bytes: Vec<u8>) -> Self {
        match *bytes.as_slice() {
            [b'K', _, _, _, _, a, b, c, d] => {
                pid.0
                    .store(i32::from_be_bytes([a, b, c, d]), Ordering::Relaxed);
                Self::Closed
            }
            // Ready for a query: no key came, and none will.
            [b'Z', ..] => Self::Closed,
            [kind, a, b, c, d] if kind != b'K' => {
                let length = u32::from_be_bytes([a, b, c, d]);
                match usize::try_from(length).map(|length| length.checked_sub(4)) {
                    Ok(Some(0)) => Self::Collecting {
                        pid,
                        bytes: Vec::new(),
                    },
                    Ok(Some(bytes)) => Self::Skipping { pid, bytes },
                    Ok(None) | Err(_) => Self::Closed,
                }
            }
            _ if bytes.len() < KEY_BYTES => Self::Collecting { pid, bytes },
            _ => Self::Closed,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Overheard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.ear, Ear::Closed) {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let before = buffer.filled().len();
        let answer = Pin::new(&mut this.stream).poll_read(context, buffer);
        for byte in buffer.filled().iter().skip(before) {
            this.ear = std::mem::replace(&mut this.ear, Ear::Closed).hear(*byte);
        }
        answer
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Overheard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Overheard<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(bytes: &[u8]) -> Option<i32> {
        let pid = AnnouncedPid::default();
        let mut ear = Ear::Collecting {
            pid: pid.clone(),
            bytes: Vec::new(),
        };
        for byte in bytes {
            ear = ear.hear(*byte);
        }
        pid.heard()
    }

    #[test]
    fn the_process_id_is_found_after_other_messages() {
        let stream = b"R\0\0\0\x08\0\0\0\0N\0\0\0\x04S\0\0\0\x09K\0\0\0\0K\0\0\0\x0c\0\0\x01\x02\0\0\0\0Z\0\0\0\x05I";
        assert_eq!(heard(stream), Some(0x102));
    }

    #[test]
    fn nothing_is_taken_from_what_follows_the_first_ready() {
        assert_eq!(heard(b"Z\0\0\0\x05IK\0\0\0\x0c\0\0\x01\x02\0\0\0\0"), None);
    }

    #[test]
    fn a_length_that_cannot_be_ends_the_listening() {
        assert_eq!(heard(b"R\0\0\0\0K\0\0\0\x0c\0\0\x01\x02\0\0\0\0"), None);
    }
}
