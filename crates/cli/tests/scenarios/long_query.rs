//! AS-04: a column without a default, behind a long query; everybody else queues behind the column.

use std::time::Duration;

use segue_testkit::{TestDatabase, TestServer, installed};

use crate::shop::{Lived, furnish, long_reader, up};

const MIGRATION: &str = "ALTER TABLE orders ADD COLUMN note text;";

fn behind_a_long_query(database: &TestDatabase, words: &[&str]) -> Lived {
    furnish(&mut database.connect().unwrap());
    let reader = long_reader(database, "orders", Duration::from_secs(3));
    let lived = up(&database.url(), MIGRATION, words);
    reader.join().unwrap().1.unwrap();
    lived
}

#[test]
fn a_column_behind_a_long_query_gives_up_its_place_in_the_queue_and_comes_back() {
    for version in installed() {
        let server = TestServer::start(&version).unwrap();
        let database = server.create_database().unwrap();
        let lived = behind_a_long_query(&database, &[]);
        assert_eq!(lived.code, 0, "{}", lived.err);
        lived.nobody_noticed();
        assert!(lived.err.contains("no lock, try 1"), "{}", lived.err);
    }
}

#[test]
fn with_a_lock_timeout_that_is_too_long_the_watcher_frees_the_queue() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let words = ["--lock-timeout", "10000", "--max-blocked", "2"];
    let lived = behind_a_long_query(&database, &words);
    assert_eq!(lived.code, 0, "{}", lived.err);
    lived.nobody_noticed();
    assert!(lived.err.contains("no lock, try 1"), "{}", lived.err);
}

#[test]
fn when_the_query_outlasts_the_budget_the_run_says_so_and_has_changed_nothing() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let lived = behind_a_long_query(&database, &["--attempts", "2"]);
    assert_eq!(lived.code, 7, "{}", lived.err);
    lived.nobody_noticed();
    for part in [
        "error[lock-timeout]",
        "blocked by pid",
        "nothing was changed",
    ] {
        assert!(lived.err.contains(part), "{part} is not in {}", lived.err);
    }
    let there = database
        .connect()
        .unwrap()
        .value("SELECT count(*)::text FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note'")
        .unwrap();
    assert_eq!(there.as_deref(), Some("0"));
}
