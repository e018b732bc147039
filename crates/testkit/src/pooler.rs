//! A pooler in front of a test server: pgbouncer, which `cargo xtask test` installs.
//!
//! Listens on a Unix socket beside the server's and ends when it is dropped, or when this process ends.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, ChildStderr, Command, Stdio};

use nix::unistd::{Uid, User};

use crate::{Error, TestServer};

const PORT: u16 = 6432;
/// Ends the pooler when this process ends, however it ends: the other end of its input is ours.
const SUPERVISOR: &str = r#""$@" & pid=$!; cat >/dev/null; kill "$pid""#;

/// A running pooler.
#[derive(Debug)]
pub struct Pooler {
    supervisor: Child,
    host: String,
    _log: BufReader<ChildStderr>,
}

impl Pooler {
    /// Puts a pooler before the server and waits until it listens. `mode` is `session` or `transaction`.
    ///
    /// # Errors
    /// When pgbouncer is not installed or does not start.
    pub fn before(server: &TestServer, mode: &str) -> Result<Self, Error> {
        let failed = |cause| Error::caused("pgbouncer could not be started", cause);
        let place = server.socket_directory();
        let host = place.display().to_string();
        let configuration = place.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={host} port={} user=postgres\n\
             [pgbouncer]\nlisten_addr =\nlisten_port = {PORT}\nunix_socket_dir = {host}\n\
             auth_type = any\npool_mode = {mode}\n",
            server.port()
        );
        std::fs::write(&configuration, text).map_err(failed)?;
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "pooler", "pgbouncer"]);
        let owner = Uid::from_raw(place.metadata().map_err(failed)?.uid());
        // It refuses to run as root: it becomes whoever owns the server's directory.
        if owner != Uid::effective()
            && let Ok(Some(user)) = User::from_uid(owner)
        {
            command.args(["-u", &user.name]);
        }
        let mut supervisor = command
            .arg(&configuration)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let Some(log) = supervisor.stderr.take() else {
            return Err(Error::new("the pooler has no log"));
        };
        let mut log = BufReader::new(log);
        let mut said = String::new();
        while !said.contains("process up") {
            if log.read_line(&mut said).map_err(failed)? == 0 {
                return Err(Error::new(format!("the pooler did not start: {said}")));
            }
        }
        Ok(Self {
            supervisor,
            host,
            _log: log,
        })
    }

    /// A connection URL for one database, through the pooler.
    pub fn url(&self, database: &str) -> String {
        let host = &self.host;
        format!("postgresql:///{database}?host={host}&port={PORT}&user=postgres")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}
