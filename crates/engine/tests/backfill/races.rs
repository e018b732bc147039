//! Writers, other processes, and what no writer should do.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use segue_engine::{BackfillLimits, Kind};
use segue_postgres::PostgresSession;
use segue_testkit::{TestDatabase, TestServer};

use crate::scene::{once, run, session_at, small, update, value, with};
use crate::steps::wait;

/// A table whose new column a trigger keeps: what writers do is converted at once, also a change of another column.
const KEPT: &str = "\
CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, n text, v int NOT NULL DEFAULT 0); \
INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 4000) i; \
CREATE FUNCTION sync() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF TG_OP = ''INSERT'' OR NEW.a IS DISTINCT FROM OLD.a \
THEN NEW.n := upper(NEW.a); END IF; RETURN NEW; END'; \
CREATE TRIGGER zz_sync BEFORE INSERT OR UPDATE ON t FOR EACH ROW \
WHEN (current_setting('segue.backfill', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION sync()";

/// Updates of any column, deletes, inserts and moves of keys until told to stop. Gives how often `v` was raised.
fn write(database: &TestDatabase, is_over: &AtomicBool, seed: u64) -> u32 {
    let mut client = database.connect().unwrap();
    let raised = AtomicU32::new(0);
    let mut seed = seed;
    while !is_over.load(Ordering::Relaxed) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let id = 1 + seed % 4000;
        let other = 10_000 + seed % 1_000_000;
        match seed % 7 {
            0 => client.execute(&format!("UPDATE t SET a = 'y' || a WHERE id = {id}")).unwrap(),
            1 => client.execute(&format!("DELETE FROM t WHERE id = {id} AND v = 0 AND id % 5 = 0")).unwrap(),
            2 => client.execute(&format!("INSERT INTO t (id, a) VALUES ({other}, 'z') ON CONFLICT DO NOTHING")).unwrap(),
            3 => client.execute(&format!("UPDATE t SET id = {other} WHERE id = {id} AND id % 3 = 0 AND NOT EXISTS (SELECT FROM t AS o WHERE o.id = {other})")).unwrap(),
            _ => {
                let done = client
                    .query(&format!("UPDATE t SET v = v + 1 WHERE id = {id} RETURNING 1"))
                    .unwrap();
                raised.fetch_add(u32::try_from(done.len()).unwrap(), Ordering::Relaxed);
            }
        }
    }
    raised.into_inner()
}

#[test]
fn writers_of_the_rows_of_the_current_range_lose_nothing_and_no_row_is_left() {
    let server = TestServer::start_newest().unwrap();
    for stripes in [1, 4] {
        let database = server.create_database().unwrap();
        let mut client = database.connect().unwrap();
        client.execute(KEPT).unwrap();
        let is_over = AtomicBool::new(false);
        let limits = BackfillLimits {
            workers: 2,
            stripes: Some(stripes),
            silence_ms: 30_000,
            units_max: 4,
            signals: Vec::new(),
            ..small()
        };
        let raised: u32 = std::thread::scope(|scope| {
            let writers: Vec<_> = [17, 4711]
                .into_iter()
                .map(|seed| {
                    let (database, is_over) = (&database, &is_over);
                    scope.spawn(move || write(database, is_over, seed))
                })
                .collect();
            let done = run(&database, &update("t", "n", "upper(a)"), &limits);
            is_over.store(true, Ordering::Relaxed);
            let raised = writers
                .into_iter()
                .map(|writer| writer.join().unwrap())
                .sum();
            done.unwrap();
            raised
        });
        let left = value(
            &mut client,
            "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
        );
        assert_eq!(left, "0");
        let kept = value(&mut client, "SELECT sum(v) FROM t");
        assert_eq!(kept, raised.to_string(), "no write was lost");
    }
}

#[test]
fn the_proof_finds_a_row_that_somebody_turns_back() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, a text, n text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 900) i; \
             CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NULL; RETURN NEW; END'; \
             CREATE TRIGGER spoil BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.id = 77) EXECUTE FUNCTION spoil()",
        )
        .unwrap();
    let limits = BackfillLimits {
        passes_max: 3,
        ..small()
    };
    let error = run(&database, &update("t", "n", "upper(a)"), &limits).unwrap_err();
    assert_eq!(error.kind(), Kind::NotVerified);
    assert!(error.to_string().starts_with("1 rows"), "{error}");
    let state = value(
        &mut client,
        "SELECT state || COALESCE(proof, ' unproven') FROM segue.backfill",
    );
    assert_eq!(state, "running unproven");
    client.execute("DROP TRIGGER spoil ON t").unwrap();
    let limits = BackfillLimits {
        passes_max: 5,
        ..small()
    };
    run(&database, &update("t", "n", "upper(a)"), &limits).unwrap();
}

/// Where the test below wants another process to help.
const HELPS_AT: &str = "SEGUE_TEST_HELPS_AT";

#[test]
fn help_for_a_backfill_that_is_not_there_is_refused() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the address comes from the test that started this process"
    )]
    if let Ok(url) = std::env::var(HELPS_AT) {
        return helps(&url);
    }
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let connect = || session_at(&database.url());
    let refused = with::<PostgresSession, _>(&connect, &small(), |runner| runner.help("1"));
    assert_eq!(refused.unwrap_err().kind(), Kind::Request);
}

/// The other process.
fn helps(url: &str) {
    let connect = || session_at(url);
    let limits = BackfillLimits {
        silence_ms: 500,
        ..small()
    };
    with::<PostgresSession, _>(&connect, &limits, |runner| {
        runner.holder = "the helper".to_owned();
        runner.help("1")
    })
    .unwrap();
}

fn helper(database: &TestDatabase) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "races::help_for_a_backfill_that_is_not_there_is_refused",
        ])
        .env(HELPS_AT, database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn two_processes_share_a_backfill_and_one_of_them_is_killed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL DEFAULT 0); INSERT INTO t SELECT generate_series(1, 6000); \
             CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(0.001)'",
        )
        .unwrap();
    let limits = BackfillLimits {
        silence_ms: 500,
        ..small()
    };
    std::thread::scope(|scope| {
        let running =
            scope.spawn(|| run(&database, &once("t", "c", "c + slow()", "true"), &limits));
        wait(
            &mut client,
            "SELECT EXISTS (SELECT FROM segue.backfill_range WHERE done)::text",
        );
        for _ in 0..2 {
            let mut other = helper(&database);
            wait(
                &mut client,
                "SELECT EXISTS (SELECT FROM segue.backfill_range WHERE worker = 'the helper' AND changed > 0 AND NOT done)::text",
            );
            other.kill().unwrap();
            other.wait().unwrap();
        }
        running.join().unwrap().unwrap();
    });
    let counted = value(
        &mut client,
        "SELECT count(*) || ' ' || min(c) || ' ' || max(c) FROM t",
    );
    assert_eq!(counted, "6000 1 1");
}
