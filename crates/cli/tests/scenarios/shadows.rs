//! AS-16: a second namespace has the same names, and a query of the catalog answers twice.

use segue_testkit::{TestDatabase, TestServer};

use crate::shop::{furnish, project, segue};

const HOSTILE: &str = "CREATE SCHEMA evil; \
    CREATE TABLE evil.orders (id text, status int, state text); CREATE TABLE evil.notes (id int); \
    CREATE VIEW evil.pg_class AS SELECT c.oid, c.relname, c.relnamespace, c.relkind FROM pg_catalog.pg_class c CROSS JOIN (VALUES (1), (2)) twice; \
    CREATE VIEW evil.pg_attribute AS SELECT a.attrelid, a.attname, a.attnum, a.atttypid FROM pg_catalog.pg_attribute a CROSS JOIN (VALUES (1), (2)) twice; \
    CREATE TABLE evil.pg_namespace AS SELECT 11::oid AS oid, nspname FROM pg_catalog.pg_namespace; \
    CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE sql AS 'SELECT ''lie''::text'; \
    CREATE FUNCTION evil.pg_get_indexdef(oid) RETURNS text LANGUAGE sql AS 'SELECT ''lie''::text'; \
    CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''-infinity''::timestamptz'; \
    CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql AS 'SELECT ''on''::text'; \
    CREATE FUNCTION evil.nextval(regclass) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';";

fn plan(project: &tempfile::TempDir, database: &TestDatabase<'_>) -> String {
    let shown = segue(project.path(), &database.url(), &["plan"]);
    assert!(shown.status.success(), "{shown:?}");
    String::from_utf8(shown.stdout).unwrap()
}

#[test]
fn the_same_names_elsewhere_change_neither_the_plan_nor_its_outcome() {
    let server = TestServer::start_newest().unwrap();
    let (clean, hostile) = (
        server.create_database().unwrap(),
        server.create_database().unwrap(),
    );
    for database in [&clean, &hostile] {
        furnish(&mut database.connect().unwrap());
    }
    let mut client = hostile.connect().unwrap();
    client.execute(HOSTILE).unwrap();
    client
        .execute(&format!(
            "ALTER DATABASE {} SET search_path = public, evil, pg_catalog",
            hostile.name()
        ))
        .unwrap();
    let project = project("ALTER TABLE orders RENAME COLUMN status TO state;");
    assert_eq!(plan(&project, &hostile), plan(&project, &clean));
    let url = hostile.url();
    for words in [
        &["up"][..],
        &["contract", "--accept-evidence", "--watch", "0"],
    ] {
        let done = segue(project.path(), &url, words);
        assert!(done.status.success(), "{done:?}");
        // An application whose session resolves names this way.
        let mut application = hostile.connect().unwrap();
        application
            .execute("INSERT INTO public.orders (id, state, total) VALUES (pg_catalog.nextval('new_orders'), 'mine', 1)")
            .unwrap();
    }
    let rows = client
        .value("SELECT pg_catalog.count(*)::text FROM public.orders WHERE state OPERATOR(pg_catalog.=) 'mine'")
        .unwrap();
    assert_eq!(rows.as_deref(), Some("2"));
    let untouched = client
        .value("SELECT pg_catalog.count(*)::text FROM evil.orders")
        .unwrap();
    assert_eq!(untouched.as_deref(), Some("0"));
}
