//! Plans for what ALTER TABLE refuses, carried out on the SQLite that is linked in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use segue_model::{
    Action, Context, Dialect, Plan, Rows, ServerFacts, Session, Settings, Sql, StepTransaction,
    TransactionSoFar,
};
use segue_sqlite::{NEWEST_VERSION, Sqlite, SqliteSession, live_catalog};

const SETUP: &str = "
PRAGMA foreign_keys = ON;
CREATE TABLE owner (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT 'x' COLLATE NOCASE, u INT UNIQUE,
  ix INT, chk INT, fk INT, twice INT AS (ix * 2) STORED, CHECK (chk > 0), FOREIGN KEY (fk) REFERENCES owner (id) ON DELETE CASCADE);
CREATE INDEX by_name ON t (name DESC) WHERE name <> '';
CREATE INDEX by_chk ON t (chk);
CREATE TABLE child (t INT REFERENCES t (id) ON DELETE CASCADE);
CREATE VIEW other AS SELECT id FROM owner;
INSERT INTO owner VALUES (1);
INSERT INTO t (id, name, u, ix, chk, fk) VALUES (1, 'a', 10, 100, 1, 1), (2, 'B', 20, 200, 2, NULL), (9, 'c', 30, 300, 3, 1);
DELETE FROM t WHERE id = 9;
INSERT INTO child VALUES (1), (2);
";

fn plan(statement: &str, session: &mut SqliteSession) -> Option<Plan> {
    plan_for(NEWEST_VERSION, statement, session)
}

fn plan_for(version: u16, statement: &str, session: &mut SqliteSession) -> Option<Plan> {
    let mut catalog = live_catalog(session).unwrap().catalog;
    let name = segue_model::QualifiedName::new("main", "t");
    catalog.edit_table(&name, |table| table.rows = Rows::Unknown);
    let context = Context {
        catalog: &catalog,
        transaction: &TransactionSoFar::default(),
        settings: &Settings::default(),
        server: &ServerFacts::new(version),
        reverses: &[],
    };
    let read = Sqlite.read(statement, NEWEST_VERSION);
    Sqlite.phases(&read[0].changes, &context)
}

/// Carries a plan out, with its transactions; what stands behind a gate too.
fn carry_out(plan: &Plan, session: &mut SqliteSession) {
    let mut open = false;
    for step in plan.steps() {
        if step.transaction != StepTransaction::WithPrevious && open {
            session.execute(&Sql::literal("COMMIT")).unwrap();
            open = false;
        }
        if step.transaction == StepTransaction::Own {
            session.execute(&Sql::literal("BEGIN IMMEDIATE")).unwrap();
            open = true;
        }
        match &step.action {
            Action::Change(changes) => {
                let sql = Sqlite.render(changes).unwrap();
                let back = Sqlite.read(sql.as_str(), NEWEST_VERSION);
                assert_eq!(&back[0].changes, changes, "{}", sql.as_str());
                session
                    .execute(&sql)
                    .unwrap_or_else(|error| panic!("{}: {error}", sql.as_str()));
            }
            Action::Probe(probe) => {
                let rows = session.query(&probe.query).unwrap();
                assert!(rows.is_empty(), "{}: {rows:?}", probe.finds);
            }
            Action::AsWritten | Action::Backfill(_) => panic!("not part of these plans"),
        }
    }
    if open {
        session.execute(&Sql::literal("COMMIT")).unwrap();
    }
}

fn one(session: &mut SqliteSession, query: &'static str) -> Vec<Option<String>> {
    let rows = session.query(&Sql::literal(query)).unwrap();
    rows.into_iter().flatten().collect()
}

fn texts(values: &[&str]) -> Vec<Option<String>> {
    values
        .iter()
        .map(|value| Some((*value).to_owned()))
        .collect()
}

#[test]
fn rows_references_and_counters_survive_every_plan() {
    for statement in [
        "ALTER TABLE t DROP COLUMN u",
        "ALTER TABLE t DROP COLUMN chk",
        "ALTER TABLE t DROP COLUMN fk",
        "ALTER TABLE t ADD COLUMN n INT UNIQUE",
        "ALTER TABLE t ADD COLUMN n TEXT DEFAULT CURRENT_TIMESTAMP",
        "ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT (1 + 1)",
        "ALTER TABLE t ADD COLUMN n INT AS (ix + 1) STORED",
        "ALTER TABLE t ADD COLUMN n INT DEFAULT 1 REFERENCES owner (id)",
    ] {
        let mut session = SqliteSession::open_in_memory().unwrap();
        session.execute_users(SETUP).unwrap();
        assert!(session.execute_users(statement).is_err(), "{statement}");
        let plan = plan(statement, &mut session).unwrap_or_else(|| panic!("{statement}"));
        carry_out(&plan, &mut session);
        let rows = one(
            &mut session,
            "SELECT id || name || ix || twice FROM t ORDER BY id",
        );
        assert_eq!(rows, texts(&["1a100200", "2B200400"]), "{statement}");
        assert_eq!(one(&mut session, "SELECT t FROM child"), texts(&["1", "2"]));
        assert_eq!(one(&mut session, "PRAGMA integrity_check"), texts(&["ok"]));
        assert!(one(&mut session, "PRAGMA foreign_key_check").is_empty());
        assert_eq!(one(&mut session, "PRAGMA foreign_keys"), texts(&["1"]));
        assert_eq!(
            one(
                &mut session,
                "SELECT seq FROM sqlite_sequence WHERE name = 't'"
            ),
            texts(&["9"]),
            "{statement}"
        );
        let by_name = "SELECT count(*) FROM sqlite_schema WHERE name = 'by_name'";
        assert_eq!(one(&mut session, by_name), texts(&["1"]));
        session.execute_users("DELETE FROM t WHERE id = 1").unwrap();
        assert_eq!(one(&mut session, "SELECT t FROM child"), texts(&["2"]));
    }
}

#[test]
fn before_3_53_a_table_is_built_anew_for_not_null_and_check() {
    for (statement, refused) in [
        (
            "ALTER TABLE t ALTER COLUMN ix SET NOT NULL",
            "UPDATE t SET ix = NULL",
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c CHECK (ix < 1000)",
            "UPDATE t SET ix = 1000",
        ),
    ] {
        let mut session = SqliteSession::open_in_memory().unwrap();
        session.execute_users(SETUP).unwrap();
        assert_eq!(plan(statement, &mut session), None, "as good as it gets");
        let plan = plan_for(3_046, statement, &mut session).unwrap();
        carry_out(&plan, &mut session);
        assert_eq!(one(&mut session, "SELECT count(*) FROM t"), texts(&["2"]));
        assert!(session.execute_users(refused).is_err(), "{statement}");
        assert!(one(&mut session, "PRAGMA foreign_key_check").is_empty());
    }
}

#[test]
fn a_column_that_only_an_index_has_goes_after_the_index() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session
        .execute_users(
            "CREATE TABLE t (a, b); CREATE INDEX i ON t (b); INSERT INTO t VALUES (1, 2)",
        )
        .unwrap();
    let plan = plan("ALTER TABLE t DROP COLUMN b", &mut session).unwrap();
    assert_eq!(plan.steps().count(), 2);
    carry_out(&plan, &mut session);
    assert_eq!(one(&mut session, "SELECT * FROM t"), texts(&["1"]));
}

#[test]
fn a_column_that_must_have_a_value_waits_for_one() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session.execute_users("CREATE TABLE t (a)").unwrap();
    let plan = plan("ALTER TABLE t ADD COLUMN b INT NOT NULL", &mut session).unwrap();
    assert_eq!(plan.phases.len(), 2);
    assert!(plan.phases[1].gate.is_some());
    carry_out(&plan, &mut session);
    assert!(
        session
            .execute_users("INSERT INTO t (a) VALUES (1)")
            .is_err()
    );
}

#[test]
fn there_is_no_plan_for_what_is_not_held_in_full_or_needs_none() {
    for (setup, statement) in [
        ("CREATE TABLE t (a, b)", "ALTER TABLE t DROP COLUMN b"),
        (
            "CREATE TABLE t (a PRIMARY KEY, b)",
            "ALTER TABLE t DROP COLUMN a",
        ),
        (
            "CREATE TABLE t (a UNIQUE ON CONFLICT IGNORE, b UNIQUE)",
            "ALTER TABLE t DROP COLUMN b",
        ),
        (
            "CREATE TABLE t (a, b UNIQUE); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
            "ALTER TABLE t DROP COLUMN b",
        ),
        (
            "CREATE TABLE t (a, b UNIQUE); CREATE VIEW v AS SELECT b FROM t",
            "ALTER TABLE t DROP COLUMN b",
        ),
        (
            "CREATE TABLE t (a)",
            "ALTER TABLE t ADD COLUMN b INT UNIQUE DEFAULT 1",
        ),
    ] {
        let mut session = SqliteSession::open_in_memory().unwrap();
        session.execute_users(setup).unwrap();
        assert_eq!(plan(statement, &mut session), None, "{setup}");
    }
}

#[test]
fn a_view_of_the_table_outlives_a_rebuild() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session
        .execute_users(
            "CREATE TABLE t (a); INSERT INTO t VALUES (7); CREATE VIEW v AS SELECT a FROM t",
        )
        .unwrap();
    let plan = plan("ALTER TABLE t ADD COLUMN b UNIQUE", &mut session).unwrap();
    carry_out(&plan, &mut session);
    assert_eq!(one(&mut session, "SELECT * FROM v"), texts(&["7"]));
}
