//! AS-14: after a switch the server plans blindly, and a query that took a millisecond reads the whole table.

use segue_testkit::{Client, TestServer};

use crate::shop::{beside, furnish, project};

/// The plan of a query, without its numbers.
fn plan(client: &mut Client, query: &str) -> Vec<Option<String>> {
    let rows = client
        .query(&format!("EXPLAIN (COSTS off) {query}"))
        .unwrap();
    rows.into_iter().flatten().collect()
}

const RARE: &str = "SELECT id FROM orders WHERE status = 'rare'";
const USUAL: &str = "SELECT id FROM orders WHERE status = 'new' AND total = 5";

#[test]
fn queries_by_a_renamed_column_have_the_plans_they_had() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    furnish(&mut client);
    client
        .execute("UPDATE orders SET status = 'rare' WHERE id = 7; CREATE INDEX orders_status ON orders (status); ANALYZE orders")
        .unwrap();
    let before = [RARE, USUAL].map(|query| plan(&mut client, query));
    let project = project("ALTER TABLE orders RENAME COLUMN status TO state;");
    let url = database.url();
    let expanded = beside(&project, &url, &["up"]);
    assert_eq!(expanded.code, 0, "{}", expanded.err);
    expanded.nobody_noticed();
    let known =
        "SELECT count(*)::text FROM pg_stats WHERE tablename = 'orders' AND attname = 'state'";
    assert_eq!(client.value(known).unwrap().as_deref(), Some("1"));
    let code = crate::shop::segue(
        project.path(),
        &url,
        &["contract", "--accept-evidence", "--watch", "0"],
    );
    assert!(code.status.success(), "{code:?}");
    let after = [RARE, USUAL].map(|query| plan(&mut client, &query.replace("status", "state")));
    let renamed = before.map(|lines| {
        let lines = lines.into_iter().map(|line| {
            line.map(|line| {
                line.replace("status", "state")
                    .replace("orders_state", "orders_status")
            })
        });
        lines.collect::<Vec<_>>()
    });
    assert_eq!(after, renamed);
}
