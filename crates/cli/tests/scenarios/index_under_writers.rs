//! AS-03: an index, written the plain way, on a large table that is written to all the time.

use std::time::Duration;

use segue_testkit::TestServer;

use crate::shop::{furnish, up};

#[test]
fn a_plain_index_on_a_large_table_keeps_no_writer_waiting() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    // The writer behind which a plain build would queue, and everybody behind the build.
    let mut writer = database.connect().unwrap();
    writer
        .execute("BEGIN; UPDATE orders SET total = total WHERE id = 1")
        .unwrap();
    let seconds = Duration::from_secs(2).as_secs_f64();
    let writer = writer
        .start(&format!("SELECT pg_sleep({seconds}); COMMIT"))
        .unwrap();
    let lived = up(
        &database.url(),
        "CREATE INDEX orders_total ON orders (total, status);",
        &[],
    );
    assert_eq!(lived.code, 0, "{}", lived.err);
    lived.nobody_noticed();
    writer.join().unwrap().1.unwrap();
    let valid = database
        .connect()
        .unwrap()
        .value("SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'orders_total'::regclass")
        .unwrap();
    assert_eq!(valid.as_deref(), Some("true"));
}
