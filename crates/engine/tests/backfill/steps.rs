//! A backfill as a step of a migration, and what another terminal sees and says.

use segue_engine::{Approval, BackfillLimits, Kind, Manner, Order, Selection, Target, Wish};
use segue_model::Tool;
use segue_postgres::PostgresSession;
use segue_sources::read_text;
use segue_testkit::TestServer;

use crate::scene::{once, plan, run, session, small, update, value, with};

fn up(
    database: &segue_testkit::TestDatabase,
    text: &str,
) -> Result<segue_engine::Outcome, segue_engine::EngineError> {
    let mut migration = read_text(
        "1_change.sql",
        format!("-- migrate:up\n{text}\n"),
        Tool::Dbmate,
    );
    migration.id = "1".to_owned();
    let connect = || session(database);
    let selection = Selection {
        target: Target::All,
        manner: Manner::Safe,
        order: Order::Linear,
    };
    with::<PostgresSession, _>(&connect, &small(), |runner| {
        runner.up(&[migration], &selection, &Approval::default())
    })
}

#[test]
fn a_volatile_default_is_filled_in_batches_and_the_step_is_proven() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 3000)",
        )
        .unwrap();
    up(
        &database,
        "ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid();",
    )
    .unwrap();
    let filled = value(
        &mut client,
        "SELECT count(u) || ' ' || count(DISTINCT u) FROM t",
    );
    assert_eq!(filled, "3000 3000");
    let done = value(
        &mut client,
        "SELECT (SELECT state FROM segue.migration) || ' ' || state || ' ' || proof FROM segue.backfill",
    );
    assert!(
        done.starts_with("applied done") && done.contains("\"rows_remaining\":0"),
        "{done}"
    );
}

#[test]
fn rows_that_cannot_be_converted_are_put_aside_and_the_others_are_done() {
    let server = TestServer::start_newest().unwrap();
    for (backfill, by_key) in [
        (update("t", "n", "a::int"), false),
        (once("t", "n", "a::int", "true"), true),
    ] {
        let database = server.create_database().unwrap();
        let mut client = database.connect().unwrap();
        client
            .execute(
                "CREATE TABLE t (id int PRIMARY KEY, a text, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 2000) i; \
                 UPDATE t SET a = 'bad' WHERE id IN (1, 77, 78, 1500, 2000)",
            )
            .unwrap();
        let limits = BackfillLimits {
            stripes: Some(4),
            ..small()
        };
        let error = run(&database, &backfill, &limits).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{error} {:?}", error.details());
        let aside = value(
            &mut client,
            "SELECT string_agg(row_key, ',' ORDER BY row_key::int) || ' ' || min(error) FROM segue.quarantine",
        );
        assert!(aside.starts_with("1,77,78,1500,2000 "), "{aside}");
        assert!(aside.contains("22P02"), "{aside}");
        let filled = value(&mut client, "SELECT count(n) FROM t");
        assert_eq!(filled, "1995", "by key: {by_key}");
        // Still bad: nothing is done, and a run says so again.
        assert!(run(&database, &backfill, &limits).is_err());
        let connect = || session(&database);
        client
            .execute("UPDATE t SET a = '0' WHERE a = 'bad'")
            .unwrap();
        with::<PostgresSession, _>(&connect, &limits, |runner| runner.wish("1", Wish::Retry))
            .unwrap();
        run(&database, &backfill, &limits).unwrap();
        let filled = value(&mut client, "SELECT count(*) FROM t WHERE n = a::int");
        assert_eq!(filled, "2000", "by key: {by_key}");
    }
}

#[test]
fn what_would_refuse_every_row_puts_none_aside() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT generate_series(1, 500)")
        .unwrap();
    let error = run(
        &database,
        &update("t", "n", "no_such_function(id)"),
        &small(),
    )
    .unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    assert_eq!(
        value(&mut client, "SELECT count(*) FROM segue.quarantine"),
        "0"
    );
}

#[test]
fn a_paused_backfill_waits_and_a_cancelled_one_ends_until_somebody_resumes_it() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL DEFAULT 0); INSERT INTO t SELECT generate_series(1, 20000); \
             CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS 'SELECT pg_sleep(0.002); SELECT 1'",
        )
        .unwrap();
    let backfill = once("t", "c", "c + slow()", "id <= 400 OR id > 19000");
    let limits = BackfillLimits {
        units_max: 20,
        silence_ms: 30_000,
        ..small()
    };
    let connect = || session(&database);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&database, &backfill, &limits));
        wait(
            &mut client,
            "SELECT EXISTS (SELECT FROM segue.backfill_range WHERE done)::text",
        );
        with::<PostgresSession, _>(&connect, &limits, |runner| runner.wish("1", Wish::Pause))
            .unwrap();
        wait(
            &mut client,
            "SELECT (count(*) = 0)::text FROM pg_stat_activity WHERE query LIKE 'UPDATE ONLY%' AND state <> 'idle'",
        );
        let at = value(&mut client, "SELECT sum(c) FROM t");
        let seen = with::<PostgresSession, _>(&connect, &limits, |runner| {
            let seen = runner.backfills()?;
            Ok(seen)
        })
        .unwrap();
        assert_eq!(seen[0].state, "paused");
        assert_eq!(seen[0].reason.as_deref(), Some("paused by hand"));
        client.execute("SELECT pg_sleep(0.3)").unwrap();
        assert_eq!(value(&mut client, "SELECT sum(c) FROM t"), at);
        with::<PostgresSession, _>(&connect, &limits, |runner| runner.wish("1", Wish::Cancel))
            .unwrap();
        let error = running.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("cancelled"), "{error}");
    });
    assert!(run(&database, &backfill, &limits).is_err());
    with::<PostgresSession, _>(&connect, &limits, |runner| runner.wish("1", Wish::Resume)).unwrap();
    // The range that was open belongs to a worker that is gone.
    let limits = BackfillLimits {
        silence_ms: 1,
        ..limits
    };
    run(&database, &backfill, &limits).unwrap();
    assert_eq!(
        value(&mut client, "SELECT sum(c) || ' ' || max(c) FROM t"),
        "1400 1"
    );
    let error =
        with::<PostgresSession, _>(&connect, &limits, |runner| runner.wish("1", Wish::Pause))
            .unwrap_err();
    assert_eq!(error.kind(), Kind::Request);
    let _ = plan(&backfill);
}

#[test]
fn a_migration_that_went_back_fills_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE t (id int PRIMARY KEY, a text, n text); INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 500) i")
        .unwrap();
    run(&database, &update("t", "n", "upper(a)"), &small()).unwrap();
    client
        .execute("DELETE FROM segue.step; DELETE FROM segue.migration; UPDATE t SET n = NULL")
        .unwrap();
    run(&database, &update("t", "n", "upper(a)"), &small()).unwrap();
    assert_eq!(value(&mut client, "SELECT count(n) FROM t"), "500");
}

#[test]
fn a_sample_says_what_it_would_cost_and_changes_nothing() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, a text, c int DEFAULT 0); \
             INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 20000) i; ANALYZE t",
        )
        .unwrap();
    let connect = || session(&database);
    let sample = with::<PostgresSession, _>(&connect, &small(), |runner| {
        runner.sample(&once("t", "c", "c + 1", "true"))
    })
    .unwrap();
    assert_eq!(
        (sample.rows, sample.parts, sample.slice_rows),
        (20_000, 1, 2_000)
    );
    assert!(sample.slice_log_bytes > 2_000 * 20, "{sample:?}");
    assert_eq!(sample.log_bytes, Some(sample.slice_log_bytes * 10));
    assert_eq!(value(&mut client, "SELECT sum(c) FROM t"), "0");
    let unknown = with::<PostgresSession, _>(&connect, &small(), |runner| {
        runner.sample(&update("t", "absent", "1"))
    });
    assert!(unknown.is_err());
    assert_eq!(
        value(
            &mut client,
            "SELECT count(*) FROM pg_namespace WHERE nspname = 'segue'"
        ),
        "0"
    );
}

#[test]
fn a_large_update_runs_in_batches_and_a_small_one_as_written() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL DEFAULT 0); INSERT INTO t SELECT generate_series(1, 120000); \
             CREATE TABLE few (id int PRIMARY KEY, c int NOT NULL DEFAULT 0); INSERT INTO few SELECT generate_series(1, 100); ANALYZE",
        )
        .unwrap();
    up(
        &database,
        "UPDATE t SET c = c + 1 WHERE id > 10;\nUPDATE few SET c = c + 1;",
    )
    .unwrap();
    let counted = value(
        &mut client,
        "SELECT sum(c) || ' ' || min(c) || ' ' || max(c) FROM t",
    );
    assert_eq!(counted, "119990 0 1");
    assert_eq!(
        value(&mut client, "SELECT sum(c) || ' ' || max(c) FROM few"),
        "100 1"
    );
    let tables = value(
        &mut client,
        "SELECT string_agg(table_name, ',') FROM segue.backfill",
    );
    assert_eq!(tables, "\"public\".\"t\"");
}

#[test]
fn rows_made_of_a_large_table_are_inserted_in_batches() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t SELECT i, 'n' || i FROM generate_series(1, 120000) i; \
             CREATE TABLE taken (id int PRIMARY KEY, a text); INSERT INTO taken VALUES (11, 'mine'); ANALYZE",
        )
        .unwrap();
    up(
        &database,
        "CREATE TABLE copied (id int, a text NOT NULL);\n\
         INSERT INTO copied (id, a) SELECT id, upper(t.name) FROM t WHERE id > 10;\n\
         INSERT INTO taken (id, a) SELECT id, name FROM t ON CONFLICT DO NOTHING;\n\
         INSERT INTO copied (id, a) SELECT max(id), 'one' FROM t;\n\
         INSERT INTO copied (id, a) SELECT id, 'first' FROM t ORDER BY id LIMIT 2;\n\
         INSERT INTO copied (id, a) SELECT t.id, 'joined' FROM t, taken WHERE t.id = taken.id AND t.id < 3;",
    )
    .unwrap();
    let copied = value(
        &mut client,
        "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || min(a) || ' ' || max(a) FROM copied WHERE a LIKE 'N%'",
    );
    assert_eq!(copied, "119990 119990 N100 N99999");
    let others = value(
        &mut client,
        "SELECT string_agg(id || a, ',' ORDER BY id, a) FROM copied WHERE a NOT LIKE 'N%'",
    );
    assert_eq!(others, "1first,1joined,2first,2joined,120000one");
    assert_eq!(
        value(
            &mut client,
            "SELECT count(*) || ' ' || count(*) FILTER (WHERE a = 'mine') FROM taken"
        ),
        "120000 1"
    );
    assert_eq!(
        value(&mut client, "SELECT count(*) FROM segue.backfill"),
        "2"
    );
}

#[test]
fn a_row_whose_place_is_taken_is_put_aside_where_the_statement_would_have_failed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 120000); \
             CREATE TABLE taken (id int PRIMARY KEY); INSERT INTO taken VALUES (77); ANALYZE",
        )
        .unwrap();
    let text = "INSERT INTO taken (id) SELECT id FROM t;";
    up(&database, text).unwrap_err();
    assert_eq!(
        value(
            &mut client,
            "SELECT string_agg(row_key, ',') FROM segue.quarantine"
        ),
        "77"
    );
    assert_eq!(value(&mut client, "SELECT count(*) FROM taken"), "120000");
}

/// Until a query says `true`.
pub(crate) fn wait(client: &mut segue_testkit::Client, query: &str) {
    for _ in 0..2_000 {
        if client.value(query).ok().flatten().as_deref() == Some("true") {
            return;
        }
        client.execute("SELECT pg_sleep(0.01)").unwrap();
    }
    panic!("never true: {query}");
}
