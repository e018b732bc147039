//! A backfill waits for the server, says why, and never takes silence for leave to go on (F17, F18, AS-12).

use segue_engine::{BackfillLimits, EngineError, Signal};
use segue_postgres::PostgresSession;
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{plan, run, session, session_at, small, update, value, with};
use crate::steps::wait;

const SET_UP: &str = "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, n text); \
                      INSERT INTO t SELECT i, repeat('x', 100) || i FROM generate_series(1, 30000) i";

fn limits(signal: Signal) -> BackfillLimits {
    BackfillLimits {
        signals: vec![signal],
        silence_ms: 30_000,
        ..small()
    }
}

/// Runs a backfill that is held for a reason with this word in it, until `release` lets it go on.
fn held_until(
    database: &TestDatabase,
    signal: Signal,
    word: &str,
    release: impl FnOnce(&mut Client),
) -> Result<(), EngineError> {
    let mut client = database.connect().unwrap();
    let limits = limits(signal);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(database, &update("t", "n", "upper(a)"), &limits));
        let seen = format!("SELECT bool_or(held LIKE '%{word}%')::text FROM segue.backfill");
        wait(&mut client, &seen);
        let connect = || session(database);
        let shown = with::<PostgresSession, _>(&connect, &limits, |runner| {
            let shown = runner.backfills()?;
            Ok(shown)
        })?;
        assert!(
            shown[0]
                .reason
                .as_deref()
                .unwrap_or_default()
                .contains(word)
        );
        client.execute("SELECT pg_sleep(0.2)").unwrap();
        let done = "SELECT count(n) FROM t";
        let at = value(&mut client, done);
        client.execute("SELECT pg_sleep(0.5)").unwrap();
        assert_eq!(value(&mut client, done), at, "it waits");
        assert_ne!(at, "30000");
        let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        assert_eq!(
            value(&mut client, open),
            "0",
            "it holds nothing open meanwhile"
        );
        release(&mut client);
        running.join().unwrap()
    })?;
    let left = value(
        &mut client,
        "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
    );
    assert_eq!(left, "0");
    Ok(())
}

#[test]
fn it_waits_for_a_replica_that_does_not_replay_and_goes_on_when_it_does() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    database.connect().unwrap().execute(SET_UP).unwrap();
    let standby = server.start_standby().unwrap();
    let mut replica = standby.connect("postgres").unwrap();
    let mut client = database.connect().unwrap();
    wait(
        &mut client,
        "SELECT bool_and(replay_lsn = pg_current_wal_lsn())::text FROM pg_stat_replication",
    );
    replica.execute("SELECT pg_wal_replay_pause()").unwrap();
    // It is behind from the beginning: a quick machine has filled the table before it would be.
    client
        .execute("CREATE TABLE noise AS SELECT repeat('x', 200) FROM generate_series(1, 20000)")
        .unwrap();
    let signal = Signal::ReplicaLag { bytes_max: 500_000 };
    held_until(&database, signal, "bytes behind", |_| {
        replica.execute("SELECT pg_wal_replay_resume()").unwrap();
    })
    .unwrap();
}

#[test]
fn a_replica_whose_lag_may_not_be_read_holds_it_until_the_role_may() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.execute(SET_UP).unwrap();
    client
        .execute(&format!(
            "CREATE ROLE plain LOGIN; ALTER TABLE t OWNER TO plain; GRANT CREATE ON DATABASE {} TO plain",
            database.name()
        ))
        .unwrap();
    let _standby = server.start_standby().unwrap();
    let limits = limits(Signal::ReplicaLag { bytes_max: 1 << 40 });
    let url = database.url().replace("user=postgres", "user=plain");
    let connect = || session_at(&url);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            with::<PostgresSession, _>(&connect, &limits, |runner| {
                runner.run(plan(&update("t", "n", "upper(a)"))).map(drop)
            })
        });
        wait(
            &mut client,
            "SELECT bool_or(held LIKE '%may not be read%')::text FROM segue.backfill",
        );
        client.execute("SELECT pg_sleep(0.3)").unwrap();
        assert_eq!(value(&mut client, "SELECT count(n) FROM t"), "0");
        client.execute("GRANT pg_monitor TO plain").unwrap();
        running.join().unwrap().unwrap();
    });
    assert_eq!(value(&mut client, "SELECT count(n) FROM t"), "30000");
}

#[test]
fn a_replica_that_is_gone_counts_as_behind() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.execute(SET_UP).unwrap();
    client
        .execute("CREATE FUNCTION slow(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1) FROM pg_sleep(0.0005)'")
        .unwrap();
    let standby = server.start_standby().unwrap();
    wait(
        &mut client,
        "SELECT (count(*) = 1)::text FROM pg_stat_replication",
    );
    let limits = limits(Signal::ReplicaLag { bytes_max: 1 << 40 });
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&database, &update("t", "n", "slow(a)"), &limits));
        wait(
            &mut client,
            "SELECT EXISTS (SELECT FROM segue.backfill_range)::text",
        );
        drop(standby);
        wait(
            &mut client,
            "SELECT bool_or(held LIKE '%gone%')::text FROM segue.backfill",
        );
        client
            .execute("UPDATE segue.backfill SET state = 'cancelled'")
            .unwrap();
        // Held workers end with the process; here somebody cancels.
        let _ = running.join().unwrap();
    });
}

#[test]
fn it_waits_while_the_archiver_is_behind() {
    let installed = segue_testkit::installed().pop().unwrap();
    let server = TestServer::start_with_options(
        &installed,
        "-c archive_mode=on -c archive_command=false -c wal_level=replica",
    )
    .unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.execute(SET_UP).unwrap();
    for _ in 0..4 {
        client.execute("CREATE TABLE u (); DROP TABLE u").unwrap();
        client.execute("SELECT pg_switch_wal()").unwrap();
    }
    let signal = Signal::ArchiveBacklog { files_max: 2 };
    held_until(&database, signal, "files to archive", |client| {
        client.execute("ALTER SYSTEM SET archive_command = 'true'").unwrap();
        // An option of the command line wins over it.
        client.execute("SELECT pg_reload_conf()").unwrap();
        client
            .execute("COPY (SELECT '#!/bin/sh') TO PROGRAM 'for f in pg_wal/archive_status/*.ready; do mv $f ${f%.ready}.done; done'")
            .unwrap();
    })
    .unwrap();
}

#[test]
fn it_waits_while_others_wait_for_locks() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    database.connect().unwrap().execute(SET_UP).unwrap();
    let mut holder = database.connect().unwrap();
    holder.execute("CREATE TABLE other (i int)").unwrap();
    holder
        .execute("BEGIN; LOCK TABLE other IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut client = database.connect().unwrap();
            client.execute("SELECT * FROM other").unwrap();
        });
        let signal = Signal::LockWaiters { sessions_max: 0 };
        let mut other = database.connect().unwrap();
        wait(
            &mut other,
            "SELECT (count(*) = 1)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        );
        let done = std::thread::scope(|inner| {
            let running =
                inner.spawn(|| run(&database, &update("t", "n", "upper(a)"), &limits(signal)));
            wait(
                &mut other,
                "SELECT bool_or(held LIKE '%wait for a lock%')::text FROM segue.backfill",
            );
            assert_eq!(value(&mut other, "SELECT count(n) FROM t"), "0");
            holder.execute("COMMIT").unwrap();
            running.join().unwrap()
        });
        done.unwrap();
        waiting.join().unwrap();
    });
}

#[test]
fn it_waits_while_a_small_write_takes_long() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.execute(SET_UP).unwrap();
    client
        .execute(
            "DELETE FROM t WHERE id > 4000; \
             CREATE FUNCTION slow(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1) FROM pg_sleep(0.0005)'; \
             CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END'",
        )
        .unwrap();
    let limits = limits(Signal::Latency { ms_max: 200 });
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&database, &update("t", "n", "slow(a)"), &limits));
        wait(
            &mut client,
            "SELECT EXISTS (SELECT FROM segue.backfill_range)::text",
        );
        // What any write of the application would feel.
        client
            .execute("CREATE TRIGGER late BEFORE UPDATE ON segue.backfill FOR EACH ROW EXECUTE FUNCTION late()")
            .unwrap();
        wait(
            &mut client,
            "SELECT bool_or(held LIKE 'a small write: % ms%')::text FROM segue.backfill",
        );
        let done = "SELECT count(n) FROM t";
        client.execute("SELECT pg_sleep(0.5)").unwrap();
        let at = value(&mut client, done);
        client.execute("SELECT pg_sleep(0.5)").unwrap();
        assert_eq!(value(&mut client, done), at, "it waits");
        client
            .execute("DROP TRIGGER late ON segue.backfill")
            .unwrap();
        client
            .execute("CREATE OR REPLACE FUNCTION slow(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)'")
            .unwrap();
        running.join().unwrap().unwrap();
    });
    let left = value(
        &mut client,
        "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
    );
    assert_eq!(left, "0");
}

#[test]
fn it_waits_while_a_replication_slot_keeps_the_log() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("SELECT pg_create_physical_replication_slot('forgotten', true)")
        .unwrap();
    client.execute(SET_UP).unwrap();
    let signal = Signal::SlotBacklog { bytes_max: 1 << 20 };
    held_until(&database, signal, "bytes behind", |client| {
        client
            .execute("SELECT pg_drop_replication_slot('forgotten')")
            .unwrap();
    })
    .unwrap();
}
