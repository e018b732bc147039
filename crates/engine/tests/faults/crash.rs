//! A backend is killed, and with it every session of the server (F03); the watcher loses its connection.

use std::process::Command;
use std::time::Duration;

use segue_engine::{Approval, Clock, Event, Kind, Limits, Runner};
use segue_postgres::{Postgres, PostgresSession};
use segue_testkit::{Client, TestDatabase, TestServer, installed};

use crate::luck::Luck;
use crate::project::{canary, database_session, fingerprint, migration, migrations};
use crate::runs::{RealClock, all, quick, up, with};

/// Pauses that are long enough for a server to come back.
fn patient() -> Limits {
    Limits {
        pause_ms: 40,
        attempts_max: 14,
        ..quick()
    }
}

/// A connection to a server that may be coming back.
fn again(database: &TestDatabase) -> Client {
    for _ in 0..600 {
        if let Ok(client) = database.connect() {
            return client;
        }
        RealClock.pause(Duration::from_millis(50));
    }
    panic!("the server does not come back");
}

/// As the system's out-of-memory killer does: every session and lock of the server is gone.
fn crash(server: &TestServer) {
    let Ok(victim) = server.connect("postgres") else {
        return;
    };
    let kill = format!("kill -9 {}", victim.backend_pid());
    let killed = Command::new("/bin/sh").args(["-c", &kill]).status();
    assert!(killed.unwrap().success());
}

/// Runs the project; the server crashes when so many events have come.
fn crashed_at(server: &TestServer, database: &TestDatabase, event: usize) -> (bool, Option<Kind>) {
    let connect = || database_session(database);
    let mut seen = 0;
    let mut observer = |_: &Event| {
        seen += 1;
        if seen == event {
            crash(server);
        }
    };
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, &connect, &RealClock, &mut observer).unwrap();
    runner.limits = patient();
    let ended = runner.up(&migrations(), &all(), &Approval::default());
    (seen >= event, ended.err().map(|error| error.kind()))
}

fn after_a_crash_the_next_up_finishes(server: &TestServer, events: impl Iterator<Item = usize>) {
    let undisturbed = {
        let database = server.create_database().unwrap();
        up(&database, &migrations()).unwrap();
        fingerprint(&mut database.connect().unwrap())
    };
    for event in events {
        drop(again(&server.create_database().unwrap()));
        let database = server.create_database().unwrap();
        let (has_crashed, ended) = crashed_at(server, &database, event);
        assert!(has_crashed, "a run has less than {event} events");
        assert!(
            matches!(ended, None | Some(Kind::Connection | Kind::Unknown)),
            "event {event}: {ended:?}"
        );
        drop(again(&database));
        let connect = || database_session(&database);
        let finished = with::<PostgresSession, _>(&connect, patient(), |runner| {
            runner.up(&migrations(), &all(), &Approval::default())
        });
        let finished = finished.unwrap_or_else(|error| panic!("event {event}: {error:?}"));
        assert!(
            ended.is_some() || finished.completed.is_empty(),
            "event {event}: it said done when it was not"
        );
        let mut client = again(&database);
        assert_eq!(canary(&mut client).as_deref(), Some("111"), "event {event}");
        assert_eq!(fingerprint(&mut client), undisturbed, "event {event}");
    }
}

#[test]
fn a_server_that_crashes_in_a_run_is_waited_for_and_nothing_is_lost_or_done_twice() {
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        let mut luck = Luck::new();
        let events: Vec<usize> = (0..3)
            .map(|_| 1 + usize::try_from(luck.below(14)).unwrap())
            .collect();
        after_a_crash_the_next_up_finishes(&server, events.into_iter());
    }
}

#[test]
fn a_server_that_crashes_at_any_event_of_a_run_is_waited_for() {
    // Slow: a crash at every event of a run.
    if !crate::luck::slow_ones_too() {
        return;
    }
    let server = TestServer::start_newest().unwrap();
    after_a_crash_the_next_up_finishes(&server, 1..=14);
}

#[test]
fn what_is_recorded_is_on_the_disk_even_where_commits_do_not_wait_for_it() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let text = "-- migrate:up\nCREATE TABLE seen AS SELECT current_setting('synchronous_commit') AS value;\n";
    up(&database, &[migration("1_seen.sql", text)]).unwrap();
    let mut client = database.connect().unwrap();
    let ours = client.value("SELECT value FROM seen").unwrap();
    assert_eq!(ours.as_deref(), Some("on"));
    let server = client.value("SHOW synchronous_commit").unwrap();
    assert_eq!(server.as_deref(), Some("off"), "the test proves something");
}

#[test]
fn a_lease_is_kept_alive_when_the_connection_that_does_so_is_lost() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let limits = Limits {
        lease_silence_ms: 1_500,
        ..quick()
    };
    let connect = || database_session(&database);
    let slow = [migration(
        "1_slow.sql",
        "-- migrate:up transaction:false\nSELECT pg_sleep(5);\n",
    )];
    let run = || {
        with::<PostgresSession, _>(&connect, limits, |runner| {
            runner.up(&slow, &all(), &Approval::default())
        })
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(run);
        let mut client = database.connect().unwrap();
        let sleeps = "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(5)%' \
                      AND pid <> pg_backend_pid()";
        while client.value(sleeps).unwrap().as_deref() != Some("1") {
            assert!(!first.is_finished(), "{:?}", first.join());
            RealClock.pause(Duration::from_millis(10));
        }
        client
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name = 'segue' AND query NOT LIKE '%pg_sleep%'",
            )
            .unwrap();
        RealClock.pause(Duration::from_secs(3));
        assert!(!first.is_finished(), "the test proves something");
        assert_eq!(run().unwrap_err().kind(), Kind::LeaseHeld);
        first.join().unwrap().unwrap();
    });
}
