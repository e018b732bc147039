//! A session knows that it is behind a pooler, on a real one.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests fail like tests; the lint's own exception covers only test functions"
)]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, ChildStderr, Command, Stdio};

use segue_postgres::{PostgresSession, Sources, Target};
use segue_testkit::TestServer;

const PORT: u16 = 6432;
/// Ends the pooler when this process ends, however it ends: the other end of its input is ours.
const SUPERVISOR: &str = r#""$@" & pid=$!; cat >/dev/null; kill "$pid""#;

/// A pooler in front of a server; it ends when dropped.
struct Pooler {
    supervisor: Child,
    _log: BufReader<ChildStderr>,
}

impl Pooler {
    /// Puts a pooler before the server and waits until it listens.
    fn before(server: &TestServer, mode: &str) -> Self {
        let place = server.socket_directory();
        let shown = place.display();
        let configuration = place.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={shown} port={} user=postgres\n\
             [pgbouncer]\nlisten_addr =\nlisten_port = {PORT}\nunix_socket_dir = {shown}\n\
             auth_type = any\npool_mode = {mode}\n",
            server.port()
        );
        std::fs::write(&configuration, text).expect("a file");
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "pooler", "pgbouncer"]);
        if let Some(user) = owner(place.metadata().expect("a directory").uid()) {
            command.args(["-u", &user]);
        }
        let mut supervisor = command
            .arg(&configuration)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pgbouncer, which `cargo xtask test` installs");
        let mut log = BufReader::new(supervisor.stderr.take().expect("a log"));
        let mut said = String::new();
        while !said.contains("process up") {
            let read = log.read_line(&mut said).expect("a line");
            assert_ne!(read, 0, "the pooler did not start: {said}");
        }
        Self {
            supervisor,
            _log: log,
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Whom the pooler has to become, to enter the server's directory; none when that is who we are.
fn owner(uid: u32) -> Option<String> {
    let me = std::fs::metadata("/proc/self").expect("a process").uid();
    let users = std::fs::read_to_string("/etc/passwd").expect("users");
    let owner = users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2)? == &uid.to_string()).then(|| fields.first().map(ToString::to_string))?
    });
    owner.filter(|_| uid != me)
}

#[test]
fn a_session_behind_a_pooler_is_pooled_in_every_mode() {
    for mode in ["session", "transaction"] {
        let server = TestServer::start_newest().expect("a server");
        let _pooler = Pooler::before(&server, mode);
        let place = server.socket_directory().display();
        let text = format!("host={place} port={PORT} user=postgres dbname=postgres");
        let target = Target::resolve(&text, &Sources::default()).expect("a target");
        let session = PostgresSession::connect(&target).expect(mode);
        assert!(session.is_pooled(), "{mode}");
    }
}
