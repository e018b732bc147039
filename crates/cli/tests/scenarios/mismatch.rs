//! AS-15: what was to be moved is not the same on both sides, and the switch goes on.

use segue_testkit::TestServer;

use crate::shop::{beside, furnish, project, segue};

#[test]
fn a_row_that_somebody_wrote_past_the_trigger_keeps_the_old_column() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    furnish(&mut client);
    let project = project("ALTER TABLE orders RENAME COLUMN status TO state;");
    let url = database.url();
    let expanded = beside(&project, &url, &["up"]);
    assert_eq!(expanded.code, 0, "{}", expanded.err);
    // A restore or a subscription: triggers do not fire there.
    client
        .execute("SET session_replication_role = replica; UPDATE orders SET status = 'restored' WHERE id = 41; RESET session_replication_role")
        .unwrap();
    let words = ["contract", "--accept-evidence", "--watch", "0"];
    let blocked = segue(project.path(), &url, &words);
    let said = String::from_utf8_lossy(&blocked.stderr).into_owned();
    assert_eq!(blocked.status.code(), Some(4), "{said}");
    assert!(said.contains("do not agree"), "{said}");
    assert!(said.contains("then run `segue contract` again"), "{said}");
    let both = "SELECT status || ' ' || state FROM orders WHERE id = 41";
    assert_eq!(client.value(both).unwrap().as_deref(), Some("restored new"));
    client
        .execute("UPDATE orders SET status = status || '', state = 'restored' WHERE id = 41")
        .unwrap();
    let done = segue(project.path(), &url, &words);
    assert!(done.status.success(), "{done:?}");
}
