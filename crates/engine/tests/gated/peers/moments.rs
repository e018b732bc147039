//! What another session sees at every moment of a run.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use segue_engine::{Approval, EngineError, Event, EvidencePolicy, Runner, Target};
use segue_postgres::{Postgres, PostgresSession};
use segue_testkit::{TestDatabase, TestServer};

use crate::scene::{self, RealClock, contract, down, migration, selection, up};

const START: &str = "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, c text NOT NULL DEFAULT 'x', n int);\n\
    INSERT INTO t SELECT i, 'row ' || i, i FROM generate_series(1, 2000) i;\nCREATE INDEX t_c ON t (c, n);\n";

/// One snapshot: how many of the two columns there are, and how many sync triggers.
const SEEN: &str = "SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname IN ('c', 'd') AND NOT attisdropped) \
    || ' columns, ' || (SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND tgname LIKE 'zzzz_segue%')";

/// Looks all the while. Gives what was seen and is not allowed.
fn watched<T>(
    database: &TestDatabase<'_>,
    act: impl FnOnce() -> Result<T, EngineError>,
) -> (Result<T, EngineError>, Vec<String>) {
    let (over, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut client = database.connect().unwrap();
            let mut wrong = Vec::new();
            while !over.load(Ordering::SeqCst) {
                let seen = client.value(SEEN).unwrap().unwrap();
                if !matches!(seen.as_str(), "1 columns, 0" | "2 columns, 1") {
                    wrong.push(seen);
                }
                looks.fetch_add(1, Ordering::SeqCst);
            }
            wrong
        });
        while looks.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let done = act();
        over.store(true, Ordering::SeqCst);
        assert!(
            looks.load(Ordering::SeqCst) > 3,
            "the test proves something"
        );
        (done, watcher.join().unwrap())
    })
}

/// T-15, T-16: a switch of phases is one transaction. There is never a column without what keeps it, nor a trigger without
/// its column.
#[test]
fn at_no_moment_is_a_column_there_without_its_trigger_or_the_other_way_round() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_rename.sql",
            "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\n-- migrate:down\nALTER TABLE t RENAME COLUMN d TO c;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    let (done, wrong) = watched(&database, || up(&database, &files));
    done.unwrap();
    assert!(wrong.is_empty(), "up: {wrong:?}");
    let (done, wrong) = watched(&database, || down(&database, &files));
    done.unwrap();
    assert!(wrong.is_empty(), "down: {wrong:?}");
    up(&database, &files).unwrap();
    let (done, wrong) = watched(&database, || {
        contract(&database, &files, EvidencePolicy::Accept)
    });
    done.unwrap();
    assert!(wrong.is_empty(), "contract: {wrong:?}");
}

/// T-14: the server itself refuses whoever would wait for a lock without end.
#[test]
fn no_connection_changes_anything_without_a_lock_timeout() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_all.sql",
            "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\nALTER TABLE t ALTER COLUMN n TYPE bigint;\n\
             ALTER TABLE t ADD COLUMN z uuid DEFAULT gen_random_uuid();\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE SCHEMA guard; \
             CREATE FUNCTION guard.ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF current_setting('lock_timeout') = '0' THEN RAISE EXCEPTION 'without a lock timeout: %', current_query(); END IF; END $$; \
             CREATE FUNCTION guard.dml() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF current_setting('lock_timeout') = '0' THEN RAISE EXCEPTION 'without a lock timeout: %', current_query(); END IF; RETURN NULL; END $$; \
             CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION guard.dml(); \
             CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION guard.ddl()",
        )
        .unwrap();
    assert!(
        client.execute("UPDATE t SET n = n WHERE id = 1").is_err(),
        "the guard is awake"
    );
    up(&database, &files).unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
}

/// T-19: a lock in the way of the first batch is waited out, and nothing is given up for it.
#[test]
fn a_row_lock_in_the_way_of_the_first_batch_is_waited_out() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_rename.sql",
            "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    let mut observing = database.connect().unwrap();
    let mut holder = Some(database.connect().unwrap());
    let mut held = None;
    let connect = || scene::session(&database);
    let mut observer = |event: &Event| {
        let is_copy =
            matches!(event, Event::Step { purpose, .. } if purpose.contains("in batches"));
        if is_copy && let Some(mut client) = holder.take() {
            client
                .execute("BEGIN; SELECT FROM t WHERE id IN (1, 2000) FOR UPDATE")
                .unwrap();
            held = Some(client.start("SELECT pg_sleep(1); COMMIT").unwrap());
        }
    };
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, &connect, &RealClock, &mut observer).unwrap();
    runner.limits.pause_ms = 2;
    let over = &AtomicBool::new(false);
    let waited = std::thread::scope(|scope| {
        let watcher = scope.spawn(move || {
            let waits = "SELECT count(*)::text FROM pg_stat_activity \
                WHERE wait_event_type = 'Lock' AND application_name <> 'segue-testkit'";
            let mut waited = 0;
            while !over.load(Ordering::SeqCst) {
                waited += usize::from(observing.value(waits).unwrap().as_deref() != Some("0"));
            }
            waited
        });
        let done = runner.up(&files, &selection(Target::All), &Approval::default());
        over.store(true, Ordering::SeqCst);
        assert_eq!(done.unwrap().completed, ["2"]);
        watcher.join().unwrap()
    });
    assert!(waited > 0, "the test proves something");
    let (mut client, _) = held.expect("the lock").join().unwrap();
    let left = client
        .value("SELECT count(*)::text FROM t WHERE c IS DISTINCT FROM d")
        .unwrap();
    assert_eq!(left.as_deref(), Some("0"));
}
