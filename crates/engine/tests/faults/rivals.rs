//! The application takes the same locks in another order (F16); the machine's clock jumps (F22).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use segue_engine::{Approval, Clock, Event, Kind, Limits, Runner};
use segue_postgres::{Postgres, PostgresSession};
use segue_testkit::{Client, TestDatabase, TestServer, installed};

use crate::project::{canary, database_session, fingerprint, migration, migrations};
use crate::runs::{RealClock, all, quick, up, with};

/// Locks one, then two; counts how often it was committed.
const BOTH: &str = "-- migrate:up\nALTER TABLE one ADD COLUMN c int;\nUPDATE counter SET n = n + 1;\n\
                    ALTER TABLE two ADD COLUMN c int;\n";

fn scene(database: &TestDatabase) -> Client {
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE one (b int); INSERT INTO one VALUES (0); CREATE TABLE two (b int); INSERT INTO two VALUES (0); \
             CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)",
        )
        .unwrap();
    client
}

/// The application has two and wants one, while the migration has one and wants two. What it was told.
fn meet(database: &TestDatabase, limits: Limits) -> Result<(), String> {
    let mut client = scene(database);
    let mut application = database.connect().unwrap();
    application
        .execute("BEGIN; UPDATE two SET b = b + 1")
        .unwrap();
    let project = [migration("1_both.sql", BOTH)];
    let connect = || database_session(database);
    let told = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            with::<PostgresSession, _>(&connect, limits, |runner| {
                runner.up(&project, &all(), &Approval::default())
            })
        });
        let waits =
            "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'two'::regclass AND NOT granted)";
        while client.value(waits).unwrap().as_deref() != Some("t") {
            assert!(!run.is_finished(), "{:?}", run.join());
            RealClock.pause(Duration::from_millis(5));
        }
        let told = application
            .execute("UPDATE one SET b = b + 1")
            .map_err(|error| error.to_string());
        let end = if told.is_ok() { "COMMIT" } else { "ROLLBACK" };
        application.execute(end).unwrap();
        run.join().unwrap().unwrap();
        told
    });
    assert_eq!(canary(&mut client).as_deref(), Some("1"));
    let written = client
        .value("SELECT (SELECT b FROM one)::text || (SELECT b FROM two)::text")
        .unwrap();
    let expected = if told.is_ok() { "11" } else { "00" };
    assert_eq!(written.as_deref(), Some(expected));
    told
}

#[test]
fn with_our_lock_budget_the_application_never_loses_a_deadlock() {
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        let database = server.create_database().unwrap();
        let limits = Limits {
            attempts_max: 30,
            ..quick()
        };
        meet(&database, limits).unwrap();
    }
}

#[test]
fn a_deadlock_ends_with_one_of_both_and_our_whole_transaction_is_tried_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let limits = Limits {
        lock_timeout_ms: 20_000,
        ..quick()
    };
    // Whoever looks first is told; the application may be.
    if let Err(told) = meet(&database, limits) {
        assert!(told.contains("deadlock detected"), "{told}");
    }
}

/// A clock that is ten years off, and jumps back and forth at each look.
#[derive(Default)]
struct Jumping(AtomicU64);

impl Clock for Jumping {
    fn now_ms(&self) -> u64 {
        const TEN_YEARS_MS: u64 = 315_576_000_000;
        match self.0.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => TEN_YEARS_MS,
            1 => 0,
            _ => u64::MAX,
        }
    }

    fn pause(&self, how_long: Duration) {
        RealClock.pause(how_long);
    }
}

#[test]
fn a_clock_that_jumps_changes_nothing_in_the_database() {
    let server = TestServer::start_newest().unwrap();
    let calm = server.create_database().unwrap();
    up(&calm, &migrations()).unwrap();
    // Wherever in its jumps it begins.
    for first in 0..3 {
        let jumping = server.create_database().unwrap();
        let connect = || database_session(&jumping);
        let clock = Jumping(AtomicU64::new(first));
        let mut observer = |_: &Event| {};
        let mut runner =
            Runner::<PostgresSession>::new(&Postgres, &connect, &clock, &mut observer).unwrap();
        runner.limits = quick();
        runner
            .up(&migrations(), &all(), &Approval::default())
            .unwrap();
        assert_eq!(
            fingerprint(&mut jumping.connect().unwrap()),
            fingerprint(&mut calm.connect().unwrap())
        );
    }
}

#[test]
fn a_clock_ten_years_ahead_does_not_take_the_lease_of_a_runner_that_lives() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let connect = || database_session(&database);
    let limits = Limits {
        lease_silence_ms: 30_000,
        ..quick()
    };
    let ahead = Jumping::default();
    let tried = std::cell::Cell::new(None);
    let mut observer = |event: &Event| {
        if matches!(event, Event::Step { .. }) && tried.get().is_none() {
            let mut silent = |_: &Event| {};
            let mut rival =
                Runner::<PostgresSession>::new(&Postgres, &connect, &ahead, &mut silent).unwrap();
            rival.limits = limits;
            let refused = rival.up(&migrations(), &all(), &Approval::default());
            tried.set(Some(refused.unwrap_err().kind()));
        }
    };
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, &connect, &RealClock, &mut observer).unwrap();
    runner.limits = limits;
    runner
        .up(&migrations(), &all(), &Approval::default())
        .unwrap();
    assert_eq!(tried.get(), Some(Kind::LeaseHeld));
}
