//! AS-05: changes that take milliseconds on a copy, on a table that is in use.

use std::time::Duration;

use segue_testkit::TestServer;

use crate::shop::{beside, furnish, long_reader, project, up};

#[test]
fn a_column_dropped_from_a_hot_table_goes_behind_its_gate_and_keeps_nobody_waiting() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    let project = project("ALTER TABLE orders DROP COLUMN legacy;");
    let url = database.url();
    let before = beside(&project, &url, &["up"]);
    assert_eq!(before.code, 0, "{}", before.err);
    before.nobody_noticed();
    let is_there = "SELECT count(*)::text FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'legacy'";
    let mut client = database.connect().unwrap();
    assert_eq!(client.value(is_there).unwrap().as_deref(), Some("1"));
    // The application of this test is older than the change, and says nothing of the column.
    let reader = long_reader(&database, "orders", Duration::from_secs(2));
    let behind = beside(
        &project,
        &url,
        &["contract", "--accept-evidence", "--watch", "0"],
    );
    assert_eq!(behind.code, 0, "{}", behind.err);
    behind.nobody_noticed();
    assert!(behind.err.contains("no lock, try 1"), "{}", behind.err);
    assert_eq!(client.value(is_there).unwrap().as_deref(), Some("0"));
    reader.join().unwrap().1.unwrap();
}

#[test]
fn constraints_added_to_a_hot_table_keep_nobody_waiting() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    let reader = long_reader(&database, "orders", Duration::from_secs(2));
    let lived = up(
        &database.url(),
        "ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0);\n\
         ALTER TABLE orders ADD CONSTRAINT orders_legacy UNIQUE (legacy);\n\
         ALTER TABLE orders ALTER COLUMN total SET NOT NULL;",
        &[],
    );
    assert_eq!(lived.code, 0, "{}", lived.err);
    lived.nobody_noticed();
    assert!(lived.err.contains("no lock, try 1"), "{}", lived.err);
    reader.join().unwrap().1.unwrap();
    let left = database
        .connect()
        .unwrap()
        .value("SELECT count(*)::text FROM pg_constraint WHERE conrelid = 'orders'::regclass AND convalidated AND contype IN ('c', 'u')")
        .unwrap();
    assert_eq!(left.as_deref(), Some("2"));
}
