//! A migration of which only questions were asked has not begun: its file may be corrected.

use segue_engine::{EvidencePolicy, Kind, Standing};
use segue_testkit::{TestDatabase, TestServer};

use crate::scene::{contract, down, migration, status, up};

const START: &str = "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, c text);\n\
    INSERT INTO t SELECT i, CASE WHEN i = 7 THEN ' 007' ELSE i::text END FROM generate_series(1, 50) i;\n";

fn files(change: &str) -> Vec<segue_model::Migration> {
    let change = format!("-- migrate:up\n{change}\n");
    vec![
        migration("1_start.sql", START),
        migration("2_change.sql", &change),
    ]
}

/// Values do not survive, and the run has said so.
fn refused(database: &TestDatabase<'_>) -> Vec<segue_model::Migration> {
    let files = files("ALTER TABLE t ALTER COLUMN c TYPE integer USING c::integer;");
    up(database, &files[..1]).unwrap();
    let error = up(database, &files).unwrap_err();
    assert!(
        error.details().iter().any(|line| line.contains("007")),
        "{error}: {:?}",
        error.details()
    );
    assert!(error.to_string().contains("are others"), "{error}");
    files
}

#[test]
fn a_file_is_corrected_when_only_questions_were_asked() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    refused(&database);
    // The numbers of the steps stay, what they do does not: the second one was a question before.
    let corrected =
        files("ALTER TABLE t RENAME COLUMN c TO d;\nALTER TABLE t ADD COLUMN note text;\n");
    assert_eq!(status(&database, &corrected)[1].standing, Standing::Pending);
    assert_eq!(up(&database, &corrected).unwrap().completed, ["2"]);
    contract(&database, &corrected, EvidencePolicy::Accept).unwrap();
    let mut client = database.connect().unwrap();
    let columns = client
        .value("SELECT string_agg(column_name, ',' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 't'")
        .unwrap();
    assert_eq!(columns.as_deref(), Some("d,id,note"));
}

#[test]
fn a_corrected_table_needs_no_corrected_file() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = refused(&database);
    let mut client = database.connect().unwrap();
    client.execute("UPDATE t SET c = '7' WHERE id = 7").unwrap();
    assert_eq!(up(&database, &files).unwrap().completed, ["2"]);
    down(&database, &files).unwrap();
    assert_eq!(status(&database, &files)[1].standing, Standing::Pending);
}

#[test]
fn a_file_whose_first_effect_is_done_is_not_edited() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let both = "ALTER TABLE t ADD COLUMN note text;\nCOMMIT;\n\
        ALTER TABLE t ALTER COLUMN c TYPE integer USING c::integer;";
    let begun = files(both);
    up(&database, &begun[..1]).unwrap();
    up(&database, &begun).unwrap_err();
    let edited = files("ALTER TABLE t ADD COLUMN note text;");
    let error = up(&database, &edited).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("was edited after"), "{error}");
}
