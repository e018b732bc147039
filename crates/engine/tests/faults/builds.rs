//! Concurrent builds that fail: a deadlock with somebody who waits blockingly (F08), an old transaction (F09),
//! duplicates (F11). None leaves an invalid index.

use std::time::Duration;

use segue_engine::{Approval, Clock, EngineError, Event, Kind, Limits, Outcome, Runner};
use segue_model::Migration;
use segue_postgres::{Postgres, PostgresSession};
use segue_testkit::{Client, TestDatabase, TestServer, installed};

use crate::project::{database_session, migration};
use crate::runs::{RealClock, all, quick, up};

const INVALID: &str = "SELECT count(*)::text FROM pg_index WHERE NOT indisvalid";
const VALID: &str =
    "SELECT count(*)::text FROM pg_index WHERE indexrelid = to_regclass('a_b') AND indisvalid";

fn build() -> [Migration; 1] {
    let text = "-- migrate:up\nCREATE INDEX a_b ON a (b);\n";
    [migration("1_a.sql", text)]
}

/// Runs with events kept.
fn run(
    database: &TestDatabase,
    project: &[Migration],
    limits: Limits,
) -> (Result<Outcome, EngineError>, Vec<Event>) {
    let connect = || database_session(database);
    let mut events = Vec::new();
    let mut observer = |event: &Event| events.push(event.clone());
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, &connect, &RealClock, &mut observer).unwrap();
    runner.limits = limits;
    let ended = runner.up(project, &all(), &Approval::default());
    (ended, events)
}

fn table(database: &TestDatabase) -> Client {
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE a (b int); INSERT INTO a SELECT generate_series(1, 100)")
        .unwrap();
    client
}

fn until(client: &mut Client, question: &str) {
    for _ in 0..2_000 {
        if client.value(question).unwrap().as_deref() == Some("t") {
            return;
        }
        RealClock.pause(Duration::from_millis(10));
    }
    panic!("it never came: {question}");
}

#[test]
fn a_build_that_is_the_victim_of_a_deadlock_is_cleaned_up_and_done_again() {
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        let database = server.create_database().unwrap();
        let mut client = table(&database);
        let mut rival = database.connect().unwrap();
        // Its snapshot is older than the build, which waits for it; it is not the one who notices.
        rival
            .execute("SET deadlock_timeout = '60s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM a")
            .unwrap();
        let (ended, events) = std::thread::scope(|scope| {
            let built = scope.spawn(|| run(&database, &build(), quick()));
            until(
                &mut client,
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'virtualxid' AND NOT granted)",
            );
            let waiting = rival
                .start("LOCK TABLE a IN SHARE UPDATE EXCLUSIVE MODE")
                .unwrap();
            let (mut rival, locked) = waiting.join().unwrap();
            locked.expect("the build gives way");
            rival.execute("COMMIT").unwrap();
            built.join().unwrap()
        });
        ended.unwrap();
        assert!(
            events
                .iter()
                .any(|event| matches!(event, Event::InvalidIndex { .. })),
            "the first build failed: {events:?}"
        );
        assert_eq!(client.value(INVALID).unwrap().as_deref(), Some("0"));
        assert_eq!(client.value(VALID).unwrap().as_deref(), Some("1"));
    }
}

#[test]
fn behind_an_old_transaction_the_wait_budget_ends_the_build_and_names_who_holds_it_up() {
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        let database = server.create_database().unwrap();
        let mut client = table(&database);
        client.execute("CREATE TABLE other (c int)").unwrap();
        let mut old = database.connect().unwrap();
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other")
            .unwrap();
        let limits = Limits {
            online_wait_ms: 700,
            attempts_max: 2,
            ..quick()
        };
        let error = run(&database, &build(), limits).0.unwrap_err();
        assert_eq!(error.kind(), Kind::LockBudget, "{error:?}");
        assert!(error.to_string().contains("700 ms"), "{error}");
        let pid = format!("pid {}", old.backend_pid());
        assert!(
            error.details().iter().any(|line| line.contains(&pid)),
            "{:?}",
            error.details()
        );
        assert_eq!(client.value(INVALID).unwrap().as_deref(), Some("0"));
        old.execute("COMMIT").unwrap();
        assert_eq!(up(&database, &build()).unwrap().completed, ["1"]);
        assert_eq!(client.value(VALID).unwrap().as_deref(), Some("1"));
    }
}

#[test]
fn a_unique_build_that_meets_duplicates_shows_one_and_leaves_nothing_that_refuses_writes() {
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        let database = server.create_database().unwrap();
        let mut client = table(&database);
        client.execute("INSERT INTO a VALUES (7), (8)").unwrap();
        let text = "-- migrate:up\nCREATE UNIQUE INDEX a_b ON a (b);\n";
        let project = [migration("1_a.sql", text)];
        let error = up(&database, &project).unwrap_err();
        assert_eq!(error.kind(), Kind::Failed, "{error:?}");
        let said = error.details().join("\n");
        assert!(
            said.contains("Key (b)=(7) is duplicated.")
                || said.contains("Key (b)=(8) is duplicated."),
            "{said}"
        );
        assert!(
            said.contains("\"a_b\", which the failed build left behind, was dropped"),
            "{said}"
        );
        assert_eq!(client.value(INVALID).unwrap().as_deref(), Some("0"));
        // An invalid unique index would refuse this.
        client.execute("INSERT INTO a VALUES (9)").unwrap();
        client
            .execute("DELETE FROM a WHERE b IN (7, 8, 9); INSERT INTO a VALUES (7)")
            .unwrap();
        assert_eq!(up(&database, &project).unwrap().completed, ["1"]);
        assert_eq!(client.value(VALID).unwrap().as_deref(), Some("1"));
    }
}
