//! A TCP proxy before a test's server that does to its connections what bad networks do.
//!
//! It listens on 127.0.0.1, knows nothing of the protocol, and is gone when it is dropped.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::SockRef;

use crate::{Error, TestServer};

/// What is done to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing.
    Faithful,
    /// Each byte of the server arrives alone.
    ByteByByte,
    /// Whatever the server sends is this late.
    Late(Duration),
    /// Each connection is reset as soon as it is there.
    ResetAtOnce,
    /// Connections are accepted, and nobody ever answers.
    Silent,
    /// All connections are reset, once, when the server has sent so many bytes on all of them together.
    ResetAfter(u64),
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    way: Way,
    socket: PathBuf,
    is_over: AtomicBool,
    sent: AtomicU64,
    was_reset: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Starts one before a server.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn before(server: &TestServer, way: Way) -> Result<Self, Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .map_err(|cause| Error::caused("the proxy has no port", cause))?;
        let port = listener
            .local_addr()
            .map_err(|cause| Error::caused("the proxy has no port", cause))?
            .port();
        let name = format!(".s.PGSQL.{}", server.port());
        let shared = Arc::new(Shared {
            way,
            socket: server.socket_directory().join(name),
            is_over: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            was_reset: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.is_over.load(Ordering::SeqCst) {
                    return;
                }
                accepting.accepted(client);
            }
        });
        Ok(Self {
            port,
            shared,
            thread: Some(thread),
        })
    }

    /// A connection URL through the proxy, without TLS.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://postgres@127.0.0.1:{}/{database}?sslmode=disable&connect_timeout=2",
            self.port
        )
    }

    /// True when [`Way::ResetAfter`] has happened.
    pub fn was_reset(&self) -> bool {
        self.shared.was_reset.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.reset_all();
        // The thread waits for a connection: this is the last one.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn accepted(self: &Arc<Self>, client: TcpStream) {
        if self.way == Way::ResetAtOnce {
            reset(&client);
            return;
        }
        if let Ok(kept) = client.try_clone() {
            self.open
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(kept);
        }
        if self.way == Way::Silent {
            return;
        }
        let Ok(server) = UnixStream::connect(&self.socket) else {
            reset(&client);
            return;
        };
        let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        std::thread::spawn(move || {
            upstream(from_client, to_server);
        });
        let shared = Arc::clone(self);
        std::thread::spawn(move || shared.downstream(server, client));
    }

    /// From the server to the client, the way that was asked for.
    fn downstream(&self, mut server: UnixStream, mut client: TcpStream) {
        let mut buffer = [0_u8; 8192];
        while let Ok(count) = server.read(&mut buffer) {
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            if self.pass(bytes, &mut client).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a network that is late really is late"
    )]
    fn pass(&self, bytes: &[u8], client: &mut TcpStream) -> std::io::Result<()> {
        match self.way {
            Way::ByteByByte => {
                client.set_nodelay(true)?;
                bytes.chunks(1).try_for_each(|byte| client.write_all(byte))
            }
            Way::Late(how_much) => {
                std::thread::sleep(how_much);
                client.write_all(bytes)
            }
            Way::ResetAfter(limit) => {
                let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let before = self.sent.fetch_add(count, Ordering::SeqCst);
                if before + count > limit && !self.was_reset.swap(true, Ordering::SeqCst) {
                    self.reset_all();
                }
                client.write_all(bytes)
            }
            Way::Faithful | Way::Silent | Way::ResetAtOnce => client.write_all(bytes),
        }
    }

    fn reset_all(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for client in open.drain(..) {
            reset(&client);
        }
    }
}

/// Ends a connection as a machine does that knows nothing of it.
fn reset(client: &TcpStream) {
    let _ = SockRef::from(client).set_linger(Some(Duration::ZERO));
    let _ = client.shutdown(Shutdown::Both);
}

fn upstream(mut client: TcpStream, mut server: UnixStream) {
    let _ = std::io::copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Both);
}
