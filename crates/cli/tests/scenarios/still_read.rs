//! AS-10: a column is dropped while the running version still reads it.

use segue_testkit::TestServer;

use crate::shop::{beside, beside_these, furnish, project, sending};

#[test]
fn a_column_that_the_running_version_still_reads_keeps_the_gate_shut() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    let project = project("ALTER TABLE orders DROP COLUMN legacy;");
    let url = database.url();
    let old = [sending(
        "SELECT legacy::text FROM orders WHERE id = $1::text::bigint",
    )];
    let expanded = beside_these(&project, &url, (&["up"], &old));
    assert_eq!(expanded.code, 0, "{}", expanded.err);
    expanded.nobody_noticed();
    let shut = beside_these(&project, &url, (&["contract", "--watch", "0"], &old));
    assert_eq!(shut.code, 4, "{}", shut.err);
    let felt = &shut.felt.total;
    assert_eq!(felt.errors(), 0, "{:?}", felt.first_errors());
    assert!(shut.err.contains("legacy"), "{}", shut.err);
    assert!(shut.err.contains("gate-shut"), "{}", shut.err);
    // The new version asks for other columns.
    let open = beside(&project, &url, &["contract", "--watch", "0"]);
    assert_eq!(open.code, 0, "{}", open.err);
    open.nobody_noticed();
}
