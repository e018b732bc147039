//! Lock budget, watcher, two runners, a concurrent build that fails (F06, F10, F14, F15, F32).

use std::sync::Mutex;

use segue_engine::{Approval, Event, Kind, Limits, Runner};
use segue_postgres::{Postgres, PostgresSession};
use segue_testkit::TestServer;

use crate::project::{database_session, migration, migrations};
use crate::runs::{RealClock, all, quick, up, with};

#[test]
fn behind_a_long_reader_the_budget_ends_the_run_and_names_the_reader() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut reader = database.connect().unwrap();
    reader.execute("CREATE TABLE a (b int)").unwrap();
    reader.execute("BEGIN").unwrap();
    reader.execute("SELECT * FROM a").unwrap();
    let project = [migration(
        "1_a.sql",
        "-- migrate:up\nALTER TABLE a ADD COLUMN c int;\n",
    )];
    let connect = || database_session(&database);
    let limits = Limits {
        attempts_max: 2,
        ..quick()
    };
    let stopped = with::<PostgresSession, _>(&connect, limits, |runner| {
        runner.up(&project, &all(), &Approval::default())
    });
    let error = stopped.unwrap_err();
    assert_eq!(error.kind(), Kind::LockBudget, "{error:?}");
    let pid = reader.backend_pid().to_string();
    assert!(
        error.details().iter().any(|line| line.contains(&pid)),
        "{:?}",
        error.details()
    );
    reader.execute("COMMIT").unwrap();
    assert_eq!(up(&database, &project).unwrap().completed, ["1"]);
}

#[test]
fn a_point_read_waits_no_longer_than_the_lock_timeout_behind_us() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut reader = database.connect().unwrap();
    reader.execute("CREATE TABLE a (b int)").unwrap();
    reader.execute("BEGIN").unwrap();
    reader.execute("SELECT * FROM a").unwrap();
    let mut point = database.connect().unwrap();
    // The server itself measures: a read that waits longer than this fails.
    point.execute("SET lock_timeout = '600ms'").unwrap();
    let project = [migration(
        "1_a.sql",
        "-- migrate:up\nALTER TABLE a ADD COLUMN c int;\n",
    )];
    let reads = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let connect = || database_session(&database);
            let limits = Limits {
                attempts_max: 4,
                ..quick()
            };
            with::<PostgresSession, _>(&connect, limits, |runner| {
                runner.up(&project, &all(), &Approval::default())
            })
        });
        let mut reads = 0;
        while !run.is_finished() {
            point
                .query("SELECT * FROM a")
                .expect("no read waits longer");
            reads += 1;
        }
        assert_eq!(run.join().unwrap().unwrap_err().kind(), Kind::LockBudget);
        reads
    });
    assert!(reads > 0);
}

#[test]
fn of_several_runners_at_once_exactly_one_applies() {
    let server = TestServer::start_newest().unwrap();
    for _round in 0..5 {
        let database = server.create_database().unwrap();
        let applied = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let connect = || database_session(&database);
                    let limits = Limits {
                        lease_silence_ms: 60_000,
                        ..quick()
                    };
                    let result = with::<PostgresSession, _>(&connect, limits, |runner| {
                        runner.up(&migrations(), &all(), &Approval::default())
                    });
                    match result {
                        Ok(outcome) => *applied.lock().unwrap() += outcome.completed.len(),
                        Err(error) => assert_eq!(error.kind(), Kind::LeaseHeld, "{error:?}"),
                    }
                });
            }
        });
        assert_eq!(*applied.lock().unwrap(), 3);
    }
}

#[test]
fn a_zombie_stops_before_its_next_effect() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let connect = || database_session(&database);
    // The second runner takes the lease while the first is between two migrations.
    let takes_over = std::cell::Cell::new(false);
    let mut observer = |event: &Event| {
        if matches!(event, Event::Done { .. }) && !takes_over.replace(true) {
            let mut thief = database.connect().unwrap();
            thief
                .execute("UPDATE segue.lease SET epoch = epoch + 1, holder = 'other'")
                .unwrap();
        }
    };
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, &connect, &RealClock, &mut observer).unwrap();
    runner.limits = quick();
    let stopped = runner.up(&migrations(), &all(), &Approval::default());
    assert_eq!(stopped.unwrap_err().kind(), Kind::LeaseLost);
    let mut client = database.connect().unwrap();
    let recorded = client
        .value("SELECT count(*)::text FROM segue.migration")
        .unwrap();
    assert_eq!(recorded.as_deref(), Some("1"));
}

#[test]
fn an_invalid_index_that_is_found_is_dropped_and_built_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE a (b int); INSERT INTO a VALUES (1), (1)")
        .unwrap();
    let text = "-- migrate:up\nCREATE UNIQUE INDEX IF NOT EXISTS a_b ON a (b);\n";
    let project = [migration("1_a.sql", text)];
    // A build of somebody else, who does not clean up: the server says that it is there, and it is not.
    client
        .execute("CREATE UNIQUE INDEX CONCURRENTLY a_b ON a (b)")
        .unwrap_err();
    let invalid = "SELECT count(*)::text FROM pg_index WHERE NOT indisvalid";
    assert_eq!(client.value(invalid).unwrap().as_deref(), Some("1"));
    let unverified = up(&database, &project).unwrap_err();
    assert_eq!(unverified.kind(), Kind::NotVerified);
    // A build of our own that was killed before it could clean up.
    client.execute("DROP INDEX a_b").unwrap();
    assert_eq!(up(&database, &project).unwrap_err().kind(), Kind::Failed);
    assert_eq!(client.value(invalid).unwrap().as_deref(), Some("0"));
    client
        .execute("CREATE UNIQUE INDEX CONCURRENTLY a_b ON a (b)")
        .unwrap_err();
    client
        .execute("DELETE FROM a WHERE ctid = '(0,1)'")
        .unwrap();
    up(&database, &project).unwrap();
    assert_eq!(client.value(invalid).unwrap().as_deref(), Some("0"));
    let valid = "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'a_b'::regclass";
    assert_eq!(client.value(valid).unwrap().as_deref(), Some("true"));
}
