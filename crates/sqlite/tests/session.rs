//! What a session promises, on the SQLite that is linked in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use segue_model::{Failure, Session, SessionError, Sql};
use segue_sqlite::{Missing, SqliteSession};

fn open(file: &Path) -> SqliteSession {
    SqliteSession::open(file, Missing::Create, 20).unwrap()
}

#[test]
fn values_come_back_as_sqlite_prints_them() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    let values = "1, 1.5, 1e20, 1e-7, 2.0, 'a', x'0aff', NULL";
    session
        .execute_users(&format!("CREATE TABLE t AS SELECT {values}"))
        .unwrap();
    let rows = session.query(&Sql::literal("SELECT * FROM t")).unwrap();
    let texts: Vec<Option<&str>> = rows[0].iter().map(Option::as_deref).collect();
    assert_eq!(
        texts,
        [
            Some("1"),
            Some("1.5"),
            Some("1.0e+20"),
            Some("1.0e-07"),
            Some("2.0"),
            Some("a"),
            Some("X'0AFF'"),
            None
        ]
    );
    let printed = session
        .query(&Sql::literal(
            "SELECT CAST(1e20 AS TEXT), CAST(1e-7 AS TEXT), CAST(2.0 AS TEXT)",
        ))
        .unwrap();
    assert_eq!(printed[0][0], rows[0][2]);
    assert_eq!(printed[0][1], rows[0][3]);
    assert_eq!(printed[0][2], rows[0][4]);
}

#[test]
fn parameters_are_bound_by_number_and_null_is_none() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    let query = Sql::literal("SELECT $1 || 'x', $2 IS NULL, typeof($1)");
    for _ in 0..2 {
        let rows = session.query_with(&query, &[Some("a'b"), None]).unwrap();
        assert_eq!(rows[0][0].as_deref(), Some("a'bx"));
        assert_eq!(rows[0][1].as_deref(), Some("1"));
        assert_eq!(rows[0][2].as_deref(), Some("text"));
    }
}

#[test]
fn a_parameter_is_known_by_its_number_not_by_its_place() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    let query = Sql::literal("SELECT $2, $1, $2");
    let rows = session.query_with(&query, &[Some("a"), Some("b")]).unwrap();
    let texts: Vec<Option<&str>> = rows[0].iter().map(Option::as_deref).collect();
    assert_eq!(texts, [Some("b"), Some("a"), Some("b")]);
    assert!(session.query_with(&query, &[Some("a")]).is_err());
}

#[test]
fn several_statements_stand_in_one_text_and_a_trigger_is_one() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session
        .execute_users(
            "CREATE TABLE a (x); CREATE TABLE b (x);\n\
             CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.x); SELECT 1; END;\n\
             INSERT INTO a VALUES (7); -- done",
        )
        .unwrap();
    let rows = session
        .query(&Sql::literal("SELECT x FROM a; SELECT x + 1 FROM b"))
        .unwrap();
    assert_eq!(rows, [[Some("7".to_owned())], [Some("8".to_owned())]]);
}

#[test]
fn a_lock_that_is_held_is_a_lock_timeout_in_both_journal_modes() {
    for mode in ["DELETE", "WAL"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        let mut one = open(&file);
        let mut other = open(&file);
        one.execute_users(&format!(
            "PRAGMA journal_mode = {mode}; CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)"
        ))
        .unwrap();
        let rows = other
            .query(&Sql::literal("SELECT count(*) FROM t"))
            .unwrap();
        assert_eq!(rows[0][0].as_deref(), Some("0"), "{mode}: readers go on");
        let error = other.execute_users("INSERT INTO t VALUES (2)").unwrap_err();
        assert_eq!(error.failure(), Failure::LockTimeout, "{mode}");
        assert_eq!(error.code(), Some("SQLITE_BUSY"));
        one.execute_users("COMMIT").unwrap();
        other.execute_users("INSERT INTO t VALUES (2)").unwrap();
    }
}

#[test]
fn a_snapshot_that_is_too_old_asks_for_the_whole_transaction_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.db");
    let mut one = open(&file);
    let mut other = open(&file);
    one.execute_users("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
        .unwrap();
    other.execute_users("BEGIN; SELECT * FROM t").unwrap();
    one.execute_users("INSERT INTO t VALUES (1)").unwrap();
    let error = other.execute_users("INSERT INTO t VALUES (2)").unwrap_err();
    assert_eq!(error.code(), Some("SQLITE_BUSY_SNAPSHOT"));
    assert_eq!(error.failure(), Failure::Deadlock);
}

#[test]
fn a_syntax_error_points_into_the_text_that_was_sent() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    let text = "CREATE TABLE t (x); SELECT nowhere FROM t; DROP TABLE t";
    let error = session.execute_users(text).unwrap_err();
    assert_eq!(error.failure(), Failure::Refused);
    assert_eq!(error.code(), Some("SQLITE_ERROR"));
    assert_eq!(error.to_string(), "no such column: nowhere");
    assert_eq!(error.position(), text.find("nowhere"));
    assert!(session.execute_users("SELECT x FROM t").is_ok());
}

#[test]
fn a_file_that_is_missing_or_no_database_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("none.db");
    let error = SqliteSession::open(&file, Missing::Refuse, 0).unwrap_err();
    assert_eq!(error.code(), Some("SQLITE_CANTOPEN"));
    assert_eq!(error.failure(), Failure::Permission);
    std::fs::write(
        &file,
        "this is certainly no database, whatever it is".repeat(20),
    )
    .unwrap();
    let error = open(&file).execute_users("SELECT * FROM t").unwrap_err();
    assert_eq!(error.code(), Some("SQLITE_NOTADB"));
}
