//! A private server of one's own, gone when whoever started it is gone.
//!
//! It listens on a Unix socket in a directory only its own user can enter, on nothing else unless asked to, and keeps
//! nothing durable. A shell supervises it and holds the other end of a pipe: when this process ends, however it ends,
//! the server is stopped and its directory removed. `PostgreSQL` refuses to run as root, so root hands it to an
//! unprivileged user. Reads no environment: where to look comes with [`Search`].

mod installed;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use nix::unistd::{Uid, User};

pub use installed::{Installed, Search, installed};

const SUPERVISOR: &str = include_str!("scratch/supervise.sh");
/// Only part of the socket's file name: every server has a directory of its own.
const PORT: u16 = 5432;
/// A data directory is about 53 MB before anything is in it; a memory file system with less room is not used.
const MEMORY_BYTES_MIN: u64 = 1 << 30;
/// Names that are tried for the directory.
const NAMES_MAX: u32 = 10_000;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct ScratchError {
    what: String,
    #[source]
    cause: Option<std::io::Error>,
}

impl ScratchError {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
        }
    }

    fn caused(what: impl Into<String>, cause: std::io::Error) -> Self {
        Self {
            what: what.into(),
            cause: Some(cause),
        }
    }
}

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct Manners<'a> {
    /// The port: without `listen_addresses` among the settings, only part of the socket's name.
    pub port: u16,
    /// Settings beside those that every scratch server has, as `name=value`; the value has no spaces and no quotes.
    pub settings: Vec<String>,
    /// Files that are put beside the data before the start, by name, readable for the server's user only.
    pub files: Vec<(&'a str, &'a str)>,
}

impl Default for Manners<'_> {
    fn default() -> Self {
        Self {
            port: PORT,
            settings: Vec::new(),
            files: Vec::new(),
        }
    }
}

/// A running server; dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct ScratchServer {
    directory: PathBuf,
    port: u16,
    supervisor: Child,
    lifeline: Option<ChildStdin>,
    fate: Fate,
}

/// What becomes of the server when its owner goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Removed,
    Kept,
}

impl ScratchServer {
    /// Starts a fresh server of the given installation.
    ///
    /// # Errors
    /// When no directory could be prepared or the server did not start; its log is in the text.
    pub fn start(installed: &Installed, manners: &Manners<'_>) -> Result<Self, ScratchError> {
        let directory = private_directory()?;
        let started = start_in(installed, &directory, manners);
        if started.is_err() {
            // The reason is already on its way to the caller; a leftover directory is not worse.
            let _ = std::fs::remove_dir_all(&directory);
        }
        started
    }

    /// The server's directory; a Unix socket in it is what a client calls the host.
    pub fn directory(&self) -> &Path {
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

    /// Lets the server run on when this value and this process are gone.
    ///
    /// # Errors
    /// When the supervisor could not be told: then it is removed all the same.
    pub fn keep(mut self) -> Result<(), ScratchError> {
        let Some(lifeline) = &mut self.lifeline else {
            return Err(ScratchError::new("the server's supervisor is gone"));
        };
        lifeline
            .write_all(b"keep\n")
            .map_err(|cause| ScratchError::caused("the server could not be kept", cause))?;
        self.fate = Fate::Kept;
        Ok(())
    }
}

impl Drop for ScratchServer {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // Nothing is left to tell anybody here: the supervisor removes what it can, we the rest.
        let _ = self.supervisor.wait();
        if self.fate == Fate::Removed {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

fn start_in(
    installed: &Installed,
    directory: &Path,
    manners: &Manners<'_>,
) -> Result<ScratchServer, ScratchError> {
    let user = unprivileged_user()?;
    write_files(directory, &manners.files, user.as_ref())?;
    let bin = match &user {
        Some(user) => {
            hand_over(directory, user)?;
            reachable_bin(installed, directory, user)?
        }
        None => installed.bin.clone(),
    };
    let options: String = manners
        .settings
        .iter()
        .map(|setting| ["-c ", setting, " "].concat())
        .collect();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SUPERVISOR, "segue-scratch"])
        .arg(bin)
        .arg(directory)
        .arg(manners.port.to_string())
        .arg(options)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        // A Ctrl-C at the terminal is for us; the supervisor sees that we are gone, and cleans up.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(user) = &user {
        command.gid(user.gid.as_raw()).uid(user.uid.as_raw());
    }
    let mut supervisor = command
        .spawn()
        .map_err(|cause| ScratchError::caused("could not start the server's supervisor", cause))?;
    let lifeline = supervisor.stdin.take();
    let started = wait_until_ready(&mut supervisor);
    let server = ScratchServer {
        directory: directory.to_path_buf(),
        port: manners.port,
        supervisor,
        lifeline,
        fate: Fate::Removed,
    };
    started.map(|()| server)
}

/// A fresh directory with mode 0700 and a short path, in memory when there is room.
fn private_directory() -> Result<PathBuf, ScratchError> {
    let memory = Path::new("/dev/shm");
    let is_roomy = nix::sys::statvfs::statvfs(memory)
        .is_ok_and(|room| room.blocks_available() * room.fragment_size() >= MEMORY_BYTES_MIN);
    let parent = if is_roomy {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    let process = std::process::id();
    for number in 0..NAMES_MAX {
        let place = parent.join(format!("segue-{process}-{number}"));
        match std::fs::DirBuilder::new().mode(0o700).create(&place) {
            Ok(()) => return Ok(place),
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(cause) => {
                let what = format!("could not make {}", place.display());
                return Err(ScratchError::caused(what, cause));
            }
        }
    }
    Err(ScratchError::new(format!(
        "{} is full of directories of other scratch servers",
        parent.display()
    )))
}

/// Whom root hands the server to; `None` when this process is not root.
fn unprivileged_user() -> Result<Option<User>, ScratchError> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Ok(Some(user)) = User::from_name(name) {
            return Ok(Some(user));
        }
    }
    Err(ScratchError::new(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody",
    ))
}

fn write_files(
    directory: &Path,
    files: &[(&str, &str)],
    user: Option<&User>,
) -> Result<(), ScratchError> {
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::write(&path, text)
            .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)))
            .map_err(|cause| ScratchError::caused(format!("could not write {name}"), cause))?;
        if let Some(user) = user {
            hand_over(&path, user)?;
        }
    }
    Ok(())
}

fn hand_over(path: &Path, user: &User) -> Result<(), ScratchError> {
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(|cause| {
        let place = path.display();
        ScratchError::caused(format!("could not give {place} to {}", user.name), cause)
    })
}

/// The directory of the programs, copied to a place `user` can reach if the original is not.
fn reachable_bin(
    installed: &Installed,
    directory: &Path,
    user: &User,
) -> Result<PathBuf, ScratchError> {
    if anybody_can_enter(&installed.bin) {
        return Ok(installed.bin.clone());
    }
    let place = installed.bin.display();
    let root = installed.relocatable.as_ref().ok_or_else(|| {
        ScratchError::new(format!(
            "{place} cannot be entered by {}, and root may not run PostgreSQL",
            user.name
        ))
    })?;
    let inside = installed
        .bin
        .strip_prefix(root)
        .map_err(|_| ScratchError::new(format!("{place} is not inside its package")))?;
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

fn succeed(command: &mut Command) -> Result<(), ScratchError> {
    let output = command
        .output()
        .map_err(|cause| ScratchError::caused(format!("could not run {command:?}"), cause))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(ScratchError::new(format!("{command:?} failed: {said}")))
}

/// Reads the supervisor's answer. It always comes: `pg_ctl` waits 60 s at most.
fn wait_until_ready(supervisor: &mut Child) -> Result<(), ScratchError> {
    let Some(output) = supervisor.stdout.take() else {
        return Err(ScratchError::new("the supervisor has no output"));
    };
    let mut log = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|cause| ScratchError::caused("the supervisor is gone", cause))?;
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
    Err(ScratchError::new(format!(
        "the server did not start\n{log}"
    )))
}
