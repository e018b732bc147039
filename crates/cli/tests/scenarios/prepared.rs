//! AS-18: `cached plan must not change result type`.

use segue_testkit::TestServer;

use crate::shop::{furnish, project, segue};

#[test]
fn prepared_statements_that_name_their_columns_outlive_every_phase() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    let mut old = database.connect().unwrap();
    old.execute(
        "PREPARE named (bigint) AS SELECT id, status FROM orders WHERE id = $1; \
         PREPARE writes (bigint, text) AS UPDATE orders SET status = $2 WHERE id = $1 RETURNING id, status; \
         PREPARE everything (bigint) AS SELECT * FROM orders WHERE id = $1; \
         EXECUTE named (1); EXECUTE writes (1, 'a'); EXECUTE everything (1)",
    )
    .unwrap();
    let project = project("ALTER TABLE orders RENAME COLUMN status TO state;");
    let url = database.url();
    let done = segue(project.path(), &url, &["up"]);
    assert!(done.status.success(), "{done:?}");
    old.execute("BEGIN; EXECUTE named (1); EXECUTE writes (1, 'b'); COMMIT")
        .unwrap();
    // A prepared `SELECT *` meets a column more, as after any ADD COLUMN: `segue explain` has a page of it.
    let error = old.execute("EXECUTE everything (1)").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cached plan must not change result type"),
        "{error}"
    );
    let page = segue(project.path(), &url, &["explain", "add-column-select-star"]);
    assert!(
        String::from_utf8_lossy(&page.stdout).contains("cached plan"),
        "{page:?}"
    );
    let mut new = database.connect().unwrap();
    new.execute(
        "PREPARE named (bigint) AS SELECT id, state FROM orders WHERE id = $1; \
         PREPARE writes (bigint, text) AS UPDATE orders SET state = $2 WHERE id = $1 RETURNING id, state; EXECUTE named (1)",
    )
    .unwrap();
    drop(old);
    let done = segue(
        project.path(),
        &url,
        &["contract", "--accept-evidence", "--watch", "0"],
    );
    assert!(done.status.success(), "{done:?}");
    new.execute("BEGIN; EXECUTE named (1); EXECUTE writes (1, 'c'); COMMIT")
        .unwrap();
}
