//! A private PostgreSQL server for one test, gone when the test is gone.
//!
//! It listens on a Unix socket in a directory only its own user can enter, on TCP only for tests
//! of TLS and then on 127.0.0.1, and keeps nothing durable. A shell supervises it and holds the other end of a pipe: when this
//! process ends, however it ends, the server is stopped and its directory removed.
//! PostgreSQL refuses to run as root, so root hands it to an unprivileged user.

use crate::session::{Address, Client};
use crate::sql::Sql;
use crate::{Error, Installed};
use nix::unistd::{Uid, User};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

mod standby;

const SUPERVISOR: &str = include_str!("supervise.sh");
/// Only part of the socket's file name: every server has a directory of its own.
const PORT: u16 = 5432;
/// A data directory is about 53 MB; a memory file system with less than this is not used.
const MEMORY_BYTES_MIN: u64 = 1 << 30;

/// What a server shows to clients that want TLS, as PEM.
#[derive(Clone, Copy, Debug)]
pub struct TlsIdentity<'a> {
    /// The certificate, with those between it and its root after it.
    pub certificate: &'a str,
    /// Its private key.
    pub key: &'a str,
}

/// Where a server listens beside its Unix socket.
#[derive(Clone, Copy)]
enum Listen<'a> {
    Nowhere,
    /// Nowhere, with options of its own.
    NowhereWith(&'a str),
    LoopbackTls(TlsIdentity<'a>),
    With(&'a [(&'a str, &'a str)]),
}

/// A running server; dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct TestServer {
    installed: Installed,
    directory: PathBuf,
    supervisor: Child,
    lifeline: Option<ChildStdin>,
    databases: AtomicU32,
    port: u16,
}

impl TestServer {
    /// Starts a fresh server of the given installation.
    ///
    /// # Errors
    /// When no directory could be prepared or the server did not start; its log is in the text.
    pub fn start(installed: &Installed) -> Result<Self, Error> {
        Self::start_listening(installed, Listen::Nowhere)
    }

    /// The same, listening on 127.0.0.1 too, with TLS for those who ask for it.
    ///
    /// # Errors
    /// As [`TestServer::start`]; also when the free port that was found is taken meanwhile.
    pub fn start_with_tls(installed: &Installed, identity: TlsIdentity<'_>) -> Result<Self, Error> {
        Self::start_listening(installed, Listen::LoopbackTls(identity))
    }

    /// The same with further options of the server's command line (`-c name=value`), which win over the usual ones.
    ///
    /// # Errors
    /// As [`TestServer::start`].
    pub fn start_with_options(installed: &Installed, options: &str) -> Result<Self, Error> {
        Self::start_listening(installed, Listen::NowhereWith(options))
    }

    /// A standby of this server, which streams its log. Nobody should write while it is made.
    ///
    /// # Errors
    /// As [`TestServer::start`].
    pub fn start_standby(&self) -> Result<Self, Error> {
        let directory = private_directory()?;
        let started = standby::prepare(self, &directory)
            .and_then(|()| Self::start_in(&self.installed, &directory, Listen::Nowhere));
        if started.is_err() {
            // The reason is already on its way to the caller; a leftover directory is not worse.
            let _ = std::fs::remove_dir_all(&directory);
        }
        started
    }

    /// The newest server that is installed, with settings that only a start can make: names and values without spaces.
    ///
    /// # Errors
    /// As [`TestServer::start`]; also when no server is installed.
    pub fn start_newest_with(settings: &[(&str, &str)]) -> Result<Self, Error> {
        let newest = crate::installed().pop().ok_or_else(no_server)?;
        Self::start_listening(&newest, Listen::With(settings))
    }

    /// Makes the server a standby of nobody: it is stopped, and starts again as one.
    ///
    /// # Errors
    /// What the server said.
    pub fn become_standby(&self) -> Result<(), Error> {
        let data = self.directory.join("data");
        let signal = data.join("standby.signal");
        std::fs::write(&signal, "")
            .map_err(|cause| Error::caused("the server could not be made a standby", cause))?;
        let mut bin = self.installed.bin.clone();
        let mut user = None;
        if let Some(found) = unprivileged_user()? {
            hand_over(&signal, &found)?;
            let copied = self.directory.join("server");
            if let (true, Some(Ok(inside))) = (
                copied.is_dir(),
                self.installed
                    .relocatable
                    .as_ref()
                    .map(|root| self.installed.bin.strip_prefix(root)),
            ) {
                bin = copied.join(inside);
            }
            user = Some(found);
        }
        let mut command = Command::new(bin.join("pg_ctl"));
        command
            .args(["restart", "-s", "-w", "-t", "60", "-m", "fast", "-l"])
            .arg(self.directory.join("log"))
            .arg("-D")
            .arg(&data)
            .current_dir("/")
            .stdout(Stdio::null());
        if let Some(user) = user {
            command.gid(user.gid.as_raw()).uid(user.uid.as_raw());
        }
        succeed(&mut command)
    }

    /// Makes a standby the primary.
    ///
    /// # Errors
    /// What the server said.
    pub fn promote(&self) -> Result<(), Error> {
        self.connect("postgres")?.execute("SELECT pg_promote()")
    }

    fn start_listening(installed: &Installed, listen: Listen<'_>) -> Result<Self, Error> {
        let directory = private_directory()?;
        let started = Self::start_in(installed, &directory, listen);
        if started.is_err() {
            // The reason is already on its way to the caller; a leftover directory is not worse.
            let _ = std::fs::remove_dir_all(&directory);
        }
        started
    }

    /// Starts the newest server that is installed.
    ///
    /// # Errors
    /// As [`TestServer::start`]; also when no server is installed.
    pub fn start_newest() -> Result<Self, Error> {
        let newest = crate::installed().pop().ok_or_else(no_server)?;
        Self::start(&newest)
    }

    /// One server for each installation and process, started at the first call and stopped when
    /// the process ends.
    ///
    /// # Errors
    /// As [`TestServer::start`].
    pub fn shared(installed: &Installed) -> Result<&'static Self, Error> {
        static SHARED: Mutex<BTreeMap<PathBuf, &'static TestServer>> = Mutex::new(BTreeMap::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.get(&installed.bin) {
            return Ok(server);
        }
        let server: &'static Self = Box::leak(Box::new(Self::start(installed)?));
        shared.insert(installed.bin.clone(), server);
        Ok(server)
    }

    fn start_in(
        installed: &Installed,
        directory: &Path,
        listen: Listen<'_>,
    ) -> Result<Self, Error> {
        let user = unprivileged_user()?;
        let (port, options) = prepared(listen, directory, user.as_ref())?;
        let bin = match &user {
            Some(user) => {
                hand_over(directory, user)?;
                reachable_bin(installed, directory, user)?
            }
            None => installed.bin.clone(),
        };
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SUPERVISOR, "segue-testkit"])
            .arg(bin)
            .arg(directory)
            .arg(port.to_string())
            .arg(options)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(user) = &user {
            command.gid(user.gid.as_raw()).uid(user.uid.as_raw());
        }
        let mut supervisor = command
            .spawn()
            .map_err(|cause| Error::caused("could not start the server's supervisor", cause))?;
        let lifeline = supervisor.stdin.take();
        let started = wait_until_ready(&mut supervisor);
        let server = Self {
            installed: installed.clone(),
            directory: directory.to_path_buf(),
            supervisor,
            lifeline,
            databases: AtomicU32::new(0),
            port,
        };
        started.map(|()| server)
    }

    /// The installation this server was started from.
    pub fn installed(&self) -> &Installed {
        &self.installed
    }

    /// The directory of the Unix socket: what a client calls the host.
    pub fn socket_directory(&self) -> &Path {
        &self.directory
    }

    /// The port in the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection URL for one database, as every client reads it.
    pub fn url(&self, database: &str) -> String {
        let host = self.directory.display();
        let port = self.port;
        format!("postgresql:///{database}?host={host}&port={port}&user=postgres")
    }

    /// Connects to a database as the superuser.
    ///
    /// # Errors
    /// When the server refuses the connection.
    pub fn connect(&self, database: &str) -> Result<Client, Error> {
        let address = Address {
            socket_directory: &self.directory,
            port: self.port,
        };
        Client::connect(address, database)
    }

    /// Creates an empty database with a fresh name.
    ///
    /// # Errors
    /// What the server said.
    pub fn create_database(&self) -> Result<TestDatabase<'_>, Error> {
        self.create_database_from("template0")
    }

    /// Creates a database as a copy of `template`, which nobody may be connected to.
    ///
    /// # Errors
    /// What the server said.
    pub fn create_database_from(&self, template: &str) -> Result<TestDatabase<'_>, Error> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let create = Sql::literal("CREATE DATABASE ")
            .ident(&name)
            .text(" TEMPLATE ")
            .ident(template);
        self.connect("postgres")?.execute(create.as_str())?;
        Ok(TestDatabase { server: self, name })
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // Nothing is left to tell anybody here: the supervisor removes what it can, we the rest.
        let _ = self.supervisor.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A database of its own for one test; dropping it drops the database.
#[derive(Debug)]
pub struct TestDatabase<'server> {
    server: &'server TestServer,
    name: String,
}

impl TestDatabase<'_> {
    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection URL for this database.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Connects as the superuser.
    ///
    /// # Errors
    /// When the server refuses the connection.
    pub fn connect(&self) -> Result<Client, Error> {
        self.server.connect(&self.name)
    }
}

impl Drop for TestDatabase<'_> {
    fn drop(&mut self) {
        // Best effort: the server and all its databases are thrown away soon after.
        if let Ok(mut client) = self.server.connect("postgres") {
            let sql = Sql::literal("DROP DATABASE ")
                .ident(&self.name)
                .text(" WITH (FORCE)");
            let _ = client.execute(sql.as_str());
        }
    }
}

fn no_server() -> Error {
    Error::new(
        "no PostgreSQL server was found on the search path, through pg_config, in \
         /usr/lib/postgresql or in target/tools; run `cargo xtask test`, which installs one",
    )
}

/// A fresh directory with mode 0700 and a short path, in memory when there is room.
fn private_directory() -> Result<PathBuf, Error> {
    let memory = Path::new("/dev/shm");
    let roomy = nix::sys::statvfs::statvfs(memory)
        .is_ok_and(|room| room.blocks_available() * room.fragment_size() >= MEMORY_BYTES_MIN);
    let parent = if roomy {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    tempfile::Builder::new()
        .prefix("segue-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .map(tempfile::TempDir::keep)
        .map_err(|cause| {
            let place = parent.display();
            Error::caused(format!("could not make a directory in {place}"), cause)
        })
}

/// Whom root hands the server to; `None` when this process is not root.
fn unprivileged_user() -> Result<Option<User>, Error> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Ok(Some(user)) = User::from_name(name) {
            return Ok(Some(user));
        }
    }
    Err(Error::new(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody",
    ))
}

/// The port, and the options that make the server listen as it should.
fn prepared(
    listen: Listen<'_>,
    directory: &Path,
    user: Option<&User>,
) -> Result<(u16, String), Error> {
    let identity = match listen {
        Listen::Nowhere => return Ok((PORT, String::new())),
        Listen::NowhereWith(options) => return Ok((PORT, options.to_owned())),
        Listen::With(settings) => {
            let words = settings
                .iter()
                .map(|(name, value)| format!("-c {name}={value} "));
            return Ok((PORT, words.collect()));
        }
        Listen::LoopbackTls(identity) => identity,
    };
    for (name, text) in [
        ("server.crt", identity.certificate),
        ("server.key", identity.key),
    ] {
        let path = directory.join(name);
        let written = std::fs::write(&path, text)
            .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)));
        written.map_err(|cause| Error::caused(format!("could not write {name}"), cause))?;
        if let Some(user) = user {
            hand_over(&path, user)?;
        }
    }
    let place = directory.display();
    let options = format!(
        "-c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file='{place}/server.crt' \
         -c ssl_key_file='{place}/server.key'"
    );
    Ok((free_port()?, options))
}

/// A TCP port that nobody listens on at this moment.
fn free_port() -> Result<u16, Error> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|cause| Error::caused("there is no free port", cause))
}

fn hand_over(directory: &Path, user: &User) -> Result<(), Error> {
    chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(|cause| {
        let place = directory.display();
        Error::caused(format!("could not give {place} to {}", user.name), cause)
    })
}

/// The directory of the programs, copied to a place `user` can reach if the original is not.
fn reachable_bin(installed: &Installed, directory: &Path, user: &User) -> Result<PathBuf, Error> {
    if anybody_can_enter(&installed.bin) {
        return Ok(installed.bin.clone());
    }
    let place = installed.bin.display();
    let root = installed.relocatable.as_ref().ok_or_else(|| {
        Error::new(format!(
            "{place} cannot be entered by {}, and root may not run PostgreSQL",
            user.name
        ))
    })?;
    let inside = installed
        .bin
        .strip_prefix(root)
        .map_err(|cause| Error::caused(format!("{place} is not inside its package"), cause))?;
    let copy = directory.join("server");
    succeed(Command::new("cp").arg("-R").arg(root).arg(&copy))?;
    let owner = format!("{}:{}", user.uid, user.gid);
    succeed(Command::new("chown").args(["-R", &owner]).arg(&copy))?;
    Ok(copy.join(inside))
}

/// Whether every directory down to `path` lets other users pass.
fn anybody_can_enter(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| {
        path.ancestors().all(|directory| {
            std::fs::metadata(directory).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
        })
    })
}

fn succeed(command: &mut Command) -> Result<(), Error> {
    let output = command
        .output()
        .map_err(|cause| Error::caused(format!("could not run {command:?}"), cause))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::new(format!("{command:?} failed: {said}")))
}

/// Reads the supervisor's answer. It always comes: `pg_ctl` waits 60 s at most.
fn wait_until_ready(supervisor: &mut Child) -> Result<(), Error> {
    let Some(output) = supervisor.stdout.take() else {
        return Err(Error::new("the supervisor has no output"));
    };
    let mut log = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|cause| Error::caused("the supervisor is gone", cause))?;
        match line.as_str() {
            "ready" => return Ok(()),
            "failed" => {}
            "end" => break,
            logged => {
                log.push_str(logged);
                log.push('\n');
            }
        }
    }
    Err(Error::new(format!("the server did not start\n{log}")))
}
