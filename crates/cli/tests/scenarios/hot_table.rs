//! AS-05: changes that take milliseconds on a copy, on a table that is in use.

use std::time::Duration;

use segue_testkit::TestServer;

use crate::shop::{furnish, hash, long_reader, up};

#[test]
fn a_column_dropped_from_a_hot_table_keeps_nobody_waiting() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    let migration = "ALTER TABLE orders DROP COLUMN legacy;";
    let hash = hash(&database.url(), migration);
    let reader = long_reader(&database, "orders", Duration::from_secs(2));
    let lived = up(&database.url(), migration, &["--approve", &hash]);
    assert_eq!(lived.code, 0, "{}", lived.err);
    lived.nobody_noticed();
    assert!(lived.err.contains("no lock, try 1"), "{}", lived.err);
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
