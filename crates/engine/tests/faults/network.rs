//! Bad networks: late, cut into bytes, silent, reset (F20).

use std::time::Duration;

use segue_engine::{Approval, EngineError, Outcome};
use segue_model::{Failure, SessionError};
use segue_postgres::{PostgresError, PostgresSession, Sources, Target};
use segue_testkit::{Proxy, TestServer, Way};

use crate::project::{canary, fingerprint, migrations};
use crate::runs::{all, quick, up, with};

fn session(proxy: &Proxy, database: &str) -> Result<PostgresSession, PostgresError> {
    let url = proxy.url(database);
    let target = Target::resolve(&url, &Sources::default()).expect("the target is sound");
    PostgresSession::connect(&target)
}

fn run(proxy: &Proxy, database: &str) -> Result<Outcome, EngineError> {
    let connect = || session(proxy, database);
    with::<PostgresSession, _>(&connect, quick(), |runner| {
        runner.up(&migrations(), &all(), &Approval::default())
    })
}

#[test]
fn late_answers_and_answers_byte_by_byte_change_nothing() {
    let server = TestServer::start_newest().unwrap();
    let undisturbed = {
        let database = server.create_database().unwrap();
        up(&database, &migrations()).unwrap();
        fingerprint(&mut database.connect().unwrap())
    };
    for way in [
        Way::Faithful,
        Way::ByteByByte,
        Way::Late(Duration::from_millis(8)),
    ] {
        let database = server.create_database().unwrap();
        let proxy = Proxy::before(&server, way).unwrap();
        run(&proxy, database.name()).unwrap();
        let mut client = database.connect().unwrap();
        assert_eq!(canary(&mut client).as_deref(), Some("111"), "{way:?}");
        assert_eq!(fingerprint(&mut client), undisturbed, "{way:?}");
    }
}

/// The limit is that of the URL, 2 s; a test that hangs is ended from outside.
#[test]
fn a_server_that_never_answers_or_hangs_up_is_no_connection_and_no_wait_without_end() {
    let server = TestServer::start_newest().unwrap();
    for way in [Way::Silent, Way::ResetAtOnce] {
        let proxy = Proxy::before(&server, way).unwrap();
        let error = session(&proxy, "postgres").unwrap_err();
        assert_eq!(error.failure(), Failure::ConnectionLost, "{way:?}: {error}");
    }
}

fn reset_after(server: &TestServer, undisturbed: &[Vec<Option<String>>], bytes: u64) -> bool {
    let database = server.create_database().unwrap();
    let proxy = Proxy::before(server, Way::ResetAfter(bytes)).unwrap();
    let ended = run(&proxy, database.name());
    let rest = up(&database, &migrations()).unwrap_or_else(|error| panic!("{bytes}: {error:?}"));
    assert!(ended.is_err() || rest.completed.is_empty(), "{bytes} bytes");
    let mut client = database.connect().unwrap();
    assert_eq!(
        canary(&mut client).as_deref(),
        Some("111"),
        "{bytes} bytes: {ended:?}"
    );
    assert_eq!(fingerprint(&mut client), undisturbed, "{bytes} bytes");
    proxy.was_reset()
}

fn resets(every: u64) {
    let server = TestServer::start_newest().unwrap();
    let undisturbed = {
        let database = server.create_database().unwrap();
        up(&database, &migrations()).unwrap();
        fingerprint(&mut database.connect().unwrap())
    };
    let mut luck = crate::luck::Luck::new();
    let mut bytes = 0;
    let mut runs = 0;
    loop {
        bytes += 1 + luck.below(every * 2);
        if !reset_after(&server, &undisturbed, bytes) {
            break;
        }
        runs += 1;
    }
    assert!(runs > 0, "the test proves something");
}

#[test]
fn connections_reset_anywhere_in_a_run_converge_and_nothing_runs_twice() {
    resets(8_000);
}

#[test]
fn connections_reset_at_hundreds_of_places_converge() {
    // Slow: a reset at some hundred places of a run.
    if !crate::luck::slow_ones_too() {
        return;
    }
    resets(300);
}
