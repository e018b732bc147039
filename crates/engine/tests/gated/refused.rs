//! What has no safe way is refused before anything is changed, unless nobody would notice or a person allows it.

use segue_engine::{Approval, EngineError, Kind, Manner, Selection, StateOfDatabase, Target};
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{migration, selection, up, with};

const START: &str = "-- migrate:up\n\
    CREATE TABLE users (id bigint PRIMARY KEY, username text, seen timestamptz, shade text DEFAULT 'red' NOT NULL);\n\
    CREATE TABLE empty (id bigint PRIMARY KEY, word text);\n\
    CREATE VIEW names AS SELECT id, username FROM users;\n\
    CREATE VIEW words AS SELECT word FROM empty;\n";
const FEW: &str = "INSERT INTO users SELECT i, 'user ' || i, now() FROM generate_series(1, 100) i";
const MANY: &str =
    "INSERT INTO users SELECT i, 'user ' || i, now() FROM generate_series(1, 20000) i";

fn started<'s>(server: &'s TestServer, rows: &str) -> (TestDatabase<'s>, Client) {
    let database = server.create_database().expect("a database");
    up(&database, &[migration("1_start.sql", START)]).expect("the start");
    let mut client = database.connect().expect("a connection");
    client.execute(rows).expect("rows");
    (database, client)
}

fn change(database: &TestDatabase<'_>, statement: &str) -> Result<(), EngineError> {
    let text = format!("-- migrate:up\n{statement}\n-- migrate:down\nSELECT 1;\n");
    let files = [
        migration("1_start.sql", START),
        migration("2_change.sql", &text),
    ];
    up(database, &files).map(drop)
}

fn refused(database: &TestDatabase<'_>, statement: &str) -> EngineError {
    let error = change(database, statement).expect_err(statement);
    assert_eq!(error.kind(), Kind::Unsafe, "{statement}: {error}");
    assert_eq!(error.state(), &StateOfDatabase::Untouched);
    error
}

/// Hangs on what no second column can be kept alike with.
const STUCK: &str = "CREATE RULE quiet AS ON DELETE TO users DO INSTEAD NOTHING";

#[test]
fn a_rename_without_a_safe_way_is_refused_and_changes_nothing() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server, FEW);
    client.execute(STUCK).unwrap();
    let error = refused(
        &database,
        "ALTER TABLE users RENAME COLUMN username TO full_name;",
    );
    assert!(
        error
            .to_string()
            .contains(r#""username" of "public"."users""#),
        "{error}"
    );
    assert_eq!(
        error.next(),
        Some("-- segue:allow rename-column because REASON")
    );
    assert!(
        error.details()[0].contains("has rules"),
        "{:?}",
        error.details()
    );
    let (file, byte) = error.file().unwrap();
    assert_eq!((file, byte), ("2_change.sql", "-- migrate:up\n".len()));
    client.execute("SELECT username FROM users").unwrap();
    let steps = client
        .value("SELECT count(*) FROM segue.migration")
        .unwrap();
    assert_eq!(steps.as_deref(), Some("1"), "nothing was recorded");
}

#[test]
fn a_plan_refuses_what_up_refuses() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server, FEW);
    client.execute(STUCK).unwrap();
    let text = "-- migrate:up\nALTER TABLE users RENAME COLUMN username TO full_name;\n";
    let files = [
        migration("1_start.sql", START),
        migration("2_change.sql", text),
    ];
    let planned = with(&database, |runner| {
        runner.plan(&files, &selection(Target::All)).map(drop)
    });
    assert_eq!(planned.unwrap_err().kind(), Kind::Unsafe);
    let verbatim = Selection {
        manner: Manner::Verbatim,
        ..selection(Target::All)
    };
    with(&database, |runner| {
        runner.up(&files, &verbatim, &Approval::default())
    })
    .expect("as written");
    client.execute("SELECT full_name FROM users").unwrap();
}

#[test]
fn what_a_person_allows_runs_as_written_until_its_date() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server, FEW);
    client.execute(STUCK).unwrap();
    let rename = "ALTER TABLE users RENAME COLUMN username TO full_name;";
    refused(
        &database,
        &format!("-- segue:allow set-not-null because it is another rule\n{rename}"),
    );
    refused(
        &database,
        &format!("-- segue:allow rename-column because it is over until 1969-12-31\n{rename}"),
    );
    change(
        &database,
        &format!("-- segue:allow drop-object, rename-column because nobody reads it until 2999-01-01\n{rename}"),
    )
    .expect("allowed");
    client.execute("SELECT full_name FROM users").unwrap();
}

#[test]
fn work_under_a_lock_is_refused_where_there_are_many_rows() {
    let server = TestServer::start_newest().unwrap();
    let statement = "ALTER TABLE users SET UNLOGGED;";
    let (large, _client) = started(&server, MANY);
    let error = refused(&large, statement);
    assert!(
        error.to_string().contains("reads and writes wait"),
        "{error}"
    );
    assert_eq!(
        error.next(),
        Some("-- segue:allow set-unlogged because REASON")
    );
    let (small, _client) = started(&server, FEW);
    change(&small, statement).expect("a small table is written anew before anybody notices");
}

#[test]
fn a_break_is_not_decided_by_the_size_but_an_empty_table_has_no_users() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server, FEW);
    client
        .execute("CREATE RULE quiet AS ON DELETE TO empty DO INSTEAD NOTHING")
        .unwrap();
    let rename = "ALTER TABLE empty RENAME COLUMN word TO noun;";
    change(&database, rename).expect("nobody has written a row");
    client.execute("SELECT noun FROM empty").unwrap();
}

#[test]
fn a_view_that_goes_breaks_and_one_that_is_put_back_does_not() {
    let server = TestServer::start_newest().unwrap();
    let (database, _client) = started(&server, FEW);
    let error = refused(&database, "DROP VIEW names;");
    assert_eq!(
        error.next(),
        Some("-- segue:allow drop-object because REASON")
    );
    refused(
        &database,
        "DROP VIEW words;\nALTER TABLE users ALTER COLUMN seen SET NOT NULL;\nCREATE VIEW words AS SELECT 1 AS word;",
    );
    change(
        &database,
        "DROP VIEW names;\nCREATE VIEW names AS SELECT id, username, seen FROM users;",
    )
    .expect("it is there again at the commit");
}

#[test]
fn a_default_that_inserts_need_is_not_taken_away() {
    let server = TestServer::start_newest().unwrap();
    let (database, _client) = started(&server, FEW);
    let error = refused(
        &database,
        "ALTER TABLE users ALTER COLUMN shade DROP DEFAULT;",
    );
    assert_eq!(
        error.next(),
        Some("-- segue:allow drop-default because REASON")
    );
}

#[test]
fn what_is_new_in_the_release_belongs_to_no_running_version() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().expect("a database");
    let files = [
        migration("1_start.sql", START),
        migration("2_rows.sql", &format!("-- migrate:up\n{MANY};\n")),
        migration(
            "3_change.sql",
            "-- migrate:up\nDROP VIEW names;\nALTER TABLE users RENAME COLUMN username TO full_name;\nALTER TABLE users SET UNLOGGED;\n",
        ),
    ];
    up(&database, &files).expect("one release");
}

#[test]
fn a_directive_that_is_not_understood_is_an_error() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server, FEW);
    for directive in ["-- segue:alow x because y", "-- segue:allow rename-column"] {
        let error = change(
            &database,
            &format!("{directive}\nALTER TABLE users ADD COLUMN more int;"),
        )
        .expect_err(directive);
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert_eq!(error.file().unwrap().1, "-- migrate:up\n".len());
    }
    client
        .execute("SELECT more FROM users")
        .expect_err("not added");
}
