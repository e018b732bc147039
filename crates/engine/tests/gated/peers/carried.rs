//! What hangs on a column comes along as it was, or is named before anything starts.

use segue_engine::{EvidencePolicy, Standing};
use segue_testkit::{TestDatabase, TestServer};

use crate::scene::{catalog, contract, down, migration, status, up};

fn plain<'s>(server: &'s TestServer, start: &str, statement: &str) -> TestDatabase<'s> {
    let database = server.create_database().unwrap();
    up(&database, &[migration("1_start.sql", start)]).unwrap();
    database.connect().unwrap().execute(statement).unwrap();
    database
}

/// Up, contract: the same catalog as after the plain statement; up, down: the same as before.
fn comes_along(server: &TestServer, start: &str, statement: &str) {
    let start = format!("-- migrate:up\n{start}\n");
    let files = [
        migration("1_start.sql", &start),
        migration("2_change.sql", &format!("-- migrate:up\n{statement};\n")),
    ];
    let database = server.create_database().unwrap();
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    let before = catalog(&mut client);
    up(&database, &files).unwrap();
    assert_eq!(
        status(&database, &files)[1].standing,
        Standing::Waiting,
        "{statement}"
    );
    down(&database, &files).unwrap();
    assert_eq!(catalog(&mut client), before, "{statement}: back");
    up(&database, &files).unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let plain = plain(server, &start, statement);
    assert_eq!(
        catalog(&mut client),
        catalog(&mut plain.connect().unwrap()),
        "{statement}"
    );
}

const INDEXES: &str = "CREATE TABLE t (id int PRIMARY KEY, c text COLLATE \"C\" NOT NULL, n int, e int4range);\n\
    INSERT INTO t SELECT i, 'row ' || i, i FROM generate_series(1, 60) i;\n\
    CREATE INDEX t_opclass ON t (c text_pattern_ops);\n\
    CREATE INDEX t_collated ON t (c COLLATE \"POSIX\" DESC NULLS LAST, n);\n\
    CREATE INDEX t_include ON t (n) INCLUDE (c);\n\
    CREATE UNIQUE INDEX t_expression ON t (lower(c), (n + 1));\n\
    CREATE INDEX t_partial ON t (n) WHERE c <> 'c' AND n > 3;\n\
    CREATE INDEX t_hash ON t USING hash (c);\n\
    CREATE INDEX t_brin ON t USING brin (c) WITH (pages_per_range = 8);\n\
    CREATE UNIQUE INDEX t_nulls ON t (c, n) NULLS NOT DISTINCT;\n\
    ALTER TABLE t ADD CONSTRAINT t_late UNIQUE (c, id) DEFERRABLE INITIALLY DEFERRED;\n";

/// T-07, T-24, T-44.
#[test]
fn indexes_of_every_shape_come_along_with_a_renamed_column() {
    let server = TestServer::start_newest().unwrap();
    comes_along(&server, INDEXES, "ALTER TABLE t RENAME COLUMN c TO d");
}

/// T-07, T-24: with another type.
#[test]
fn indexes_of_every_shape_come_along_with_another_type() {
    let server = TestServer::start_newest().unwrap();
    let start = "CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL DEFAULT 7, n int);\n\
        INSERT INTO t SELECT i, i, i FROM generate_series(1, 60) i;\n\
        CREATE INDEX t_desc ON t (c DESC NULLS LAST);\nCREATE INDEX t_include ON t (n) INCLUDE (c);\n\
        CREATE INDEX t_partial ON t (n) WHERE c > 3;\nCREATE UNIQUE INDEX t_both ON t (c, id);\n\
        ALTER TABLE t ADD CONSTRAINT t_range CHECK (c > 0 AND c < n + 1000);\n";
    comes_along(&server, start, "ALTER TABLE t ALTER COLUMN c TYPE bigint");
}

/// T-22: a name inside another one, and inside a literal, is not that name.
#[test]
fn names_inside_other_names_and_in_literals_are_left_alone() {
    let server = TestServer::start_newest().unwrap();
    let start = "CREATE TABLE t (id int PRIMARY KEY, name text DEFAULT 'name', username text, \"name name\" text);\n\
        INSERT INTO t SELECT i, 'name' || i, 'u' || i FROM generate_series(1, 60) i;\n\
        CREATE INDEX t_names ON t (lower(name || username || \"name name\" || 'name'));\n\
        CREATE INDEX t_part ON t (username) WHERE name <> 'name' AND username <> 'name';\n\
        ALTER TABLE t ADD CONSTRAINT t_name CHECK (name <> 'username' OR username <> 'name');\n";
    comes_along(&server, start, "ALTER TABLE t RENAME COLUMN name TO label");
}

/// T-44: another namespace, and names that need quotes.
#[test]
fn a_table_of_another_namespace_with_odd_names_is_changed_there() {
    let server = TestServer::start_newest().unwrap();
    let start = "CREATE SCHEMA \"My App\";\nCREATE TABLE t (id int);\n\
        CREATE TABLE \"My App\".\"T\" (id int PRIMARY KEY, \"C c\" text DEFAULT 'x');\n\
        INSERT INTO \"My App\".\"T\" SELECT i, 'y' FROM generate_series(1, 60) i;\nCREATE INDEX \"I i\" ON \"My App\".\"T\" (\"C c\");\n";
    comes_along(
        &server,
        start,
        "ALTER TABLE \"My App\".\"T\" RENAME COLUMN \"C c\" TO \"D \"\"d\"\"\"",
    );
}

/// T-23: what cannot come along is named, and nothing has begun.
#[test]
fn what_cannot_come_along_is_named_before_anything_starts() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration(
            "1_start.sql",
            "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, c text);\nINSERT INTO t VALUES (1, 'x');\n",
        ),
        migration(
            "2_rename.sql",
            "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE ROLE reads_one; GRANT SELECT (c) ON t TO reads_one")
        .unwrap();
    let before = catalog(&mut client);
    let error = up(&database, &files).unwrap_err();
    assert!(
        error
            .details()
            .iter()
            .any(|line| line.contains("privileges on the column")),
        "{error}: {:?}",
        error.details()
    );
    assert_eq!(catalog(&mut client), before);
    assert_eq!(status(&database, &files)[1].standing, Standing::Pending);
    client
        .execute("DROP OWNED BY reads_one; DROP ROLE reads_one")
        .unwrap();
}

/// T-21: the view under the old name of a table has its columns in the table's order.
#[test]
fn the_view_under_the_old_name_has_the_columns_in_their_order() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration(
            "1_start.sql",
            "-- migrate:up\nCREATE TABLE t (z int, a text, m int DEFAULT 5, b text);\n",
        ),
        migration(
            "2_rename.sql",
            "-- migrate:up\nALTER TABLE t RENAME TO s;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    up(&database, &files).unwrap();
    let mut client = database.connect().unwrap();
    client.execute("INSERT INTO t VALUES (1, 'a', 2, 'b'); INSERT INTO t (z) VALUES (2); UPDATE t SET m = DEFAULT WHERE z = 1").unwrap();
    let rows = client.query("SELECT * FROM t ORDER BY z").unwrap();
    let row = |values: [Option<&str>; 4]| values.map(|value| value.map(str::to_owned)).to_vec();
    assert_eq!(
        rows,
        [
            row([Some("1"), Some("a"), Some("5"), Some("b")]),
            row([Some("2"), None, Some("5"), None])
        ]
    );
}
