//! Every kind of key, and none.

use segue_engine::Kind;
use segue_testkit::TestServer;

use crate::scene::{once, run, session, small, update, value};

/// A name, the columns of a table, and an expression that makes the key of row `i`.
const KEYS: &[(&str, &str, &str)] = &[
    ("bigint", "k bigint PRIMARY KEY", "i - 300"),
    ("smallint", "k smallint PRIMARY KEY", "(i - 300)::smallint"),
    ("numeric", "k numeric PRIMARY KEY", "i / 7.0 - 20"),
    (
        "text",
        "k text PRIMARY KEY",
        "(ARRAY['a','B','é','\\',',','\"','{','ß',' '])[1 + i % 9] || i",
    ),
    (
        "odd collation",
        "k text COLLATE \"und-x-icu\" PRIMARY KEY",
        "(ARRAY['a','B','é','-','_'])[1 + i % 5] || i",
    ),
    ("char", "k char(8) PRIMARY KEY", "'r' || i"),
    ("uuid", "k uuid PRIMARY KEY", "md5(i::text)::uuid"),
    (
        "timestamptz",
        "k timestamptz PRIMARY KEY",
        "'1890-01-01 00:00:00.000001 UTC'::timestamptz + i * interval '37 days 3.000007 s'",
    ),
    (
        "timestamp",
        "k timestamp PRIMARY KEY",
        "CASE i WHEN 1 THEN '-infinity' WHEN 2 THEN 'infinity' ELSE '2020-01-01'::timestamp + i * interval '1 h' END",
    ),
    (
        "date",
        "k date PRIMARY KEY",
        "'0044-03-15 BC'::date + i * 1000",
    ),
    (
        "bytea",
        "k bytea PRIMARY KEY",
        "decode(md5(i::text), 'hex')",
    ),
    (
        "enum",
        "k mood, j int, UNIQUE (k, j)",
        "(ARRAY['sad','ok','happy'])[1 + i % 3]::mood, i",
    ),
    (
        "composite",
        "k text, j int, l uuid, PRIMARY KEY (k, j, l)",
        "'tenant ' || i % 4, -i / 10, md5(i::text)::uuid",
    ),
    (
        "bool and int",
        "k boolean, j int, PRIMARY KEY (k, j)",
        "i % 2 = 0, i",
    ),
];

#[test]
fn every_kind_of_key_is_walked_and_each_row_is_done_exactly_once() {
    let server = TestServer::start_newest().unwrap();
    for (name, columns, key) in KEYS {
        let database = server.create_database().unwrap();
        let mut client = database.connect().unwrap();
        // Not every server was built with ICU.
        let collation = client
            .value(
                "SELECT collname::text FROM pg_collation WHERE collname IN ('und-x-icu', 'en_US.utf8', 'C.utf8', 'ucs_basic') \
                 AND collencoding IN (-1, 6) ORDER BY array_position(ARRAY['und-x-icu', 'en_US.utf8', 'C.utf8', 'ucs_basic'], collname::text) LIMIT 1",
            )
            .unwrap()
            .expect("a collation");
        let columns = columns.replace("und-x-icu", &collation);
        client
            .execute(&format!(
                "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE t ({columns}, n int NOT NULL DEFAULT 0); \
                 ALTER DATABASE {} SET DateStyle = 'SQL, DMY'; ALTER DATABASE {} SET TimeZone = 'Europe/Paris'; \
                 ALTER DATABASE {} SET IntervalStyle = 'sql_standard'; ALTER DATABASE {} SET bytea_output = 'escape'; \
                 INSERT INTO t SELECT {key}, 0 FROM generate_series(1, 600) AS i",
                database.name(), database.name(), database.name(), database.name(),
            ))
            .unwrap();
        if *name == "enum" {
            client
                .execute("ALTER TABLE t ALTER k SET NOT NULL, ALTER j SET NOT NULL")
                .unwrap();
        }
        run(&database, &once("t", "n", "n + 1", "true"), &small())
            .unwrap_or_else(|error| panic!("{name}: {error} {:?}", error.details()));
        let counted = value(
            &mut client,
            "SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM t",
        );
        assert_eq!(counted, "600 1 1", "{name}");
        let proof = value(&mut client, "SELECT proof FROM segue.backfill");
        assert!(proof.contains("\"rows_changed\":600"), "{name}: {proof}");
    }
}

#[test]
fn a_table_without_a_key_is_walked_by_pages_and_never_exactly_once() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE t (a text, n text); INSERT INTO t SELECT 'x' || i FROM generate_series(1, 5000) i")
        .unwrap();
    let refused = run(&database, &once("t", "n", "n + 1", "true"), &small()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused);
    client
        .execute("DELETE FROM segue.step; DELETE FROM segue.migration")
        .unwrap();
    run(&database, &update("t", "n", "upper(a)"), &small()).unwrap();
    let left = value(
        &mut client,
        "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
    );
    assert_eq!(left, "0");
}

#[test]
fn every_leaf_of_a_partitioned_table_is_walked() {
    let server = TestServer::start_newest().unwrap();
    for exactly_once in [false, true] {
        let database = server.create_database().unwrap();
        let mut client = database.connect().unwrap();
        client
            .execute(
                "CREATE TABLE t (id int, a text, n text, c int DEFAULT 0, PRIMARY KEY (id)) PARTITION BY RANGE (id); \
                 CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000); \
                 CREATE TABLE t2 (c int DEFAULT 0, gone int, n text, a text, id int NOT NULL); ALTER TABLE t2 DROP gone; \
                 ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (1000) TO (3000); \
                 CREATE TABLE t3 PARTITION OF t DEFAULT PARTITION BY HASH (id); \
                 CREATE TABLE t4 PARTITION OF t3 FOR VALUES WITH (MODULUS 1, REMAINDER 0); \
                 INSERT INTO t (id, a) SELECT i, 'x' || i FROM generate_series(1, 4000) i",
            )
            .unwrap();
        if exactly_once {
            run(&database, &once("t", "c", "t.c + 1", "true"), &small()).unwrap();
            let counted = value(
                &mut client,
                "SELECT count(*) || ' ' || min(c) || ' ' || max(c) FROM t",
            );
            assert_eq!(counted, "4000 1 1");
        } else {
            run(&database, &update("t", "n", "upper(t.a)"), &small()).unwrap();
            let left = value(
                &mut client,
                "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
            );
            assert_eq!(left, "0");
        }
    }
}

#[test]
fn children_that_are_no_partitions_are_refused() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE child () INHERITS (t); INSERT INTO child VALUES (1, 0)")
        .unwrap();
    let error = run(&database, &once("t", "n", "n + 1", "true"), &small()).unwrap_err();
    assert!(error.to_string().contains("child"), "{error}");
}

#[test]
fn an_empty_table_is_done_at_once_and_generated_columns_follow() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.execute("CREATE TABLE t (id int PRIMARY KEY, a text, n text, g text GENERATED ALWAYS AS (lower(n)) STORED)").unwrap();
    run(&database, &update("t", "n", "upper(a)"), &small()).unwrap();
    client
        .execute("DELETE FROM segue.migration; DELETE FROM segue.step; INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 500) i")
        .unwrap();
    run(&database, &update("t", "n", "upper(a)"), &small()).unwrap();
    let left = value(
        &mut client,
        "SELECT count(*) FROM t WHERE g IS DISTINCT FROM a",
    );
    assert_eq!(left, "0");
    let _ = session(&database);
}
