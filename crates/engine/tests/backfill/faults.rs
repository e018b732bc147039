//! Cut off at every call; shared with others that die; raced by writers.

use segue_engine::BackfillLimits;
use segue_model::{Backfill, BackfillKind, Ident, QualifiedName, Taken};
use segue_testkit::TestServer;

use crate::scene::{expression, once, plan, run, session, small, update, value, with};
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};

/// More calls than a run makes.
const CALLS_MAX: usize = 600;

const SET_UP: &str = "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, n text, c int NOT NULL DEFAULT 0); \
                      INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 150) i; CREATE TABLE copied (id int, a text)";

/// Few calls, all kinds of them: two ranges of two slices in two stripes.
fn few(then: Then) -> BackfillLimits {
    BackfillLimits {
        units_max: 40,
        slices: 2,
        stripes: Some(2),
        silence_ms: match then {
            // Ranges of a runner that is dead are free when the next one has its lease.
            Then::Dead => 600_000,
            // The reply that gave a range away was lost: it waits until its worker counts as silent.
            Then::Reconnects => 1,
        },
        ..small()
    }
}

fn at_every_call(backfill: &Backfill, moment: Moment, then: Then) {
    let server = TestServer::start_newest().unwrap();
    let template = server.create_database().unwrap();
    template.connect().unwrap().execute(SET_UP).unwrap();
    for call in 1..CALLS_MAX {
        let database = server.create_database_from(template.name()).unwrap();
        let knife = Knife::at(call, moment, then);
        let connect = || {
            let session = session(&database).map_err(CutError::Server)?;
            Cut::new(session, &knife)
        };
        let cut = with::<Cut<segue_postgres::PostgresSession>, _>(&connect, &few(then), |runner| {
            runner.run(plan(backfill))
        });
        if !knife.is_used() {
            assert!(call > 40, "a run makes more than {call} calls");
            cut.unwrap();
            return;
        }
        run(&database, backfill, &few(then)).unwrap_or_else(|error| {
            panic!("call {call} {moment:?}: {error} {:?}", error.details())
        });
        let mut client = database.connect().unwrap();
        let counted = value(
            &mut client,
            "SELECT count(*) || ' ' || min(c) || ' ' || max(c) || ' ' || count(*) FILTER (WHERE n = upper(a)) \
             || (SELECT ' ' || count(*) || ' ' || count(DISTINCT id) FROM copied) FROM t",
        );
        let once_each = counted == "150 1 1 0 0 0";
        let all_filled = counted == "150 0 0 150 0 0";
        let all_copied = counted == "150 0 0 0 150 150";
        assert!(
            once_each || all_filled || all_copied,
            "call {call} {moment:?}: {counted}"
        );
        let left = value(
            &mut client,
            "SELECT b.state || (b.proof IS NOT NULL) || (SELECT string_agg(state, ',') FROM segue.step) \
             || (SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()) \
             FROM segue.backfill b",
        );
        assert_eq!(left, "donetruedone0", "call {call} {moment:?}");
    }
    panic!("a run makes more than {CALLS_MAX} calls");
}

#[test]
fn killed_before_any_call_each_row_is_still_done_exactly_once() {
    at_every_call(
        &once("t", "c", "c + 1", "true"),
        Moment::BeforeSending,
        Then::Dead,
    );
}

#[test]
fn killed_after_any_reply_each_row_is_still_done_exactly_once() {
    at_every_call(
        &once("t", "c", "c + 1", "true"),
        Moment::AfterReply,
        Then::Dead,
    );
}

#[test]
fn a_connection_cut_at_any_call_each_row_is_still_done_exactly_once() {
    at_every_call(
        &once("t", "c", "c + 1", "true"),
        Moment::AfterReply,
        Then::Reconnects,
    );
}

#[test]
fn killed_after_any_reply_a_walk_by_pages_still_fills_every_row() {
    at_every_call(
        &update("t", "n", "upper(a)"),
        Moment::AfterReply,
        Then::Dead,
    );
}

/// No key of the other table would refuse a row that comes twice.
fn copy() -> Backfill {
    let same = |column: &str| (Ident::new(column), expression(column));
    Backfill {
        kind: BackfillKind::Copy {
            into: QualifiedName::new("public", "copied"),
            columns: vec![same("id"), same("a")],
            taken: Taken::Refused,
        },
        ..once("t", "c", "c", "true")
    }
}

#[test]
fn killed_before_any_call_each_row_is_still_copied_exactly_once() {
    at_every_call(&copy(), Moment::BeforeSending, Then::Dead);
}

#[test]
fn killed_after_any_reply_each_row_is_still_copied_exactly_once() {
    at_every_call(&copy(), Moment::AfterReply, Then::Dead);
}

#[test]
fn several_workers_share_a_table_and_no_row_is_done_twice() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL DEFAULT 0); \
             INSERT INTO t SELECT i FROM generate_series(1, 20000) i",
        )
        .unwrap();
    let limits = BackfillLimits {
        workers: 4,
        units_max: 200,
        // Ranges of living workers are never taken over.
        silence_ms: 30_000,
        ..small()
    };
    run(&database, &once("t", "c", "c + 1", "true"), &limits).unwrap();
    let counted = value(
        &mut client,
        "SELECT count(*) || ' ' || min(c) || ' ' || max(c) FROM t",
    );
    assert_eq!(counted, "20000 1 1");
}

#[test]
fn ranges_that_are_taken_over_while_their_worker_lives_are_still_done_once() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL DEFAULT 0); \
             INSERT INTO t SELECT i FROM generate_series(1, 5000) i",
        )
        .unwrap();
    let limits = BackfillLimits {
        workers: 3,
        units_max: 50,
        // Everybody counts as dead after a millisecond.
        silence_ms: 1,
        ..small()
    };
    run(&database, &once("t", "c", "c + 1", "true"), &limits).unwrap();
    let counted = value(
        &mut client,
        "SELECT count(*) || ' ' || min(c) || ' ' || max(c) FROM t",
    );
    assert_eq!(counted, "5000 1 1");
}
