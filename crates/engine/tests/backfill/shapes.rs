//! Stripes, deletes, copies.

use segue_engine::BackfillLimits;
use segue_model::{Backfill, BackfillKind, BackfillProof, Ident, QualifiedName};
use segue_testkit::TestServer;

use crate::scene::{expression, once, run, small, update, value};

#[test]
fn stripes_do_every_row_once_and_the_table_hardly_grows() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, a text, n text, c int NOT NULL DEFAULT 0); CREATE INDEX ON t (a); \
             INSERT INTO t SELECT i, 'value ' || i FROM generate_series(-10000, 9999) i; ANALYZE t",
        )
        .unwrap();
    let limits = BackfillLimits {
        units_max: 64,
        slices: 2,
        ..small()
    };
    let pages = "SELECT pg_relation_size('t') / 8192";
    let before: u64 = value(&mut client, pages).parse().unwrap();
    run(&database, &update("t", "n", "upper(a)"), &limits).unwrap();
    let left = value(
        &mut client,
        "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
    );
    assert_eq!(left, "0");
    let after: u64 = value(&mut client, pages).parse().unwrap();
    // One UPDATE of every row more than doubles it.
    assert!(after * 10 < before * 17, "{before} pages became {after}");
    client
        .execute("DELETE FROM segue.migration; DELETE FROM segue.step")
        .unwrap();
    run(&database, &once("t", "c", "c + 1", "true"), &limits).unwrap();
    let counted = value(
        &mut client,
        "SELECT count(*) || ' ' || min(c) || ' ' || max(c) FROM t",
    );
    assert_eq!(counted, "20000 1 1");
}

#[test]
fn rows_go_and_rows_are_copied() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 3000) i; \
             CREATE TABLE kept (id int PRIMARY KEY, a text); INSERT INTO kept VALUES (7, 'mine')",
        )
        .unwrap();
    let table = QualifiedName::new("public", "t");
    let copy = Backfill {
        table: table.clone(),
        kind: BackfillKind::Copy {
            into: QualifiedName::new("public", "kept"),
            columns: vec![
                (Ident::new("id"), expression("t.id")),
                (Ident::new("a"), expression("t.a")),
            ],
            taken: segue_model::Taken::Skipped,
        },
        remaining: expression("NOT EXISTS (SELECT FROM kept AS k WHERE k.id = t.id)"),
        proof: BackfillProof::NoneRemain,
    };
    run(&database, &copy, &small()).unwrap();
    let kept = value(&mut client, "SELECT count(*) || ' ' || min(a) FROM kept");
    assert_eq!(kept, "3000 mine");
    client
        .execute("DELETE FROM segue.migration; DELETE FROM segue.step")
        .unwrap();
    let delete = Backfill {
        table,
        kind: BackfillKind::Delete,
        remaining: expression("id % 3 = 0 -- thirds"),
        proof: BackfillProof::EachRangeOnce,
    };
    run(&database, &delete, &small()).unwrap();
    assert_eq!(value(&mut client, "SELECT count(*) FROM t"), "2000");
}
