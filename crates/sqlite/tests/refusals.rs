//! What SQLite refuses, and what we say it refuses: one table, tried on the SQLite that is linked in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use segue_model::{
    Context, Dialect, Impact, LockMode, ServerFacts, Session, Settings, TransactionSoFar, WorkKind,
};
use segue_sqlite::{NEWEST_VERSION, Sqlite, SqliteSession, live_catalog};

const SETUP: &str = "
PRAGMA foreign_keys = ON;
CREATE TABLE p (id INTEGER PRIMARY KEY, x INT);
CREATE TABLE t (id INTEGER PRIMARY KEY, plain INT, u INT UNIQUE, ix INT, part INT, ex INT, chk INT, own INT CHECK (own > 0),
  cross1 INT CHECK (cross1 <> cross2), cross2 INT, fk INT, own_fk INT REFERENCES p (id), g INT, gen INT AS (g + 1), st INT AS (1) STORED,
  tr INT, tw INT, vw INT, starred INT, Mixed INT, CHECK (chk > 0), FOREIGN KEY (fk) REFERENCES p (id));
CREATE INDEX i1 ON t (ix);
CREATE INDEX i2 ON t (plain) WHERE part > 0;
CREATE INDEX i3 ON t (abs(ex));
CREATE INDEX i4 ON t (mixed);
CREATE TRIGGER tr1 AFTER UPDATE OF tr ON t BEGIN SELECT 1; END;
CREATE TRIGGER tr2 AFTER INSERT ON t WHEN new.tw > 0 BEGIN SELECT 1; END;
CREATE VIEW v AS SELECT vw FROM t;
CREATE VIEW w AS SELECT * FROM t;
CREATE TABLE single (a);
INSERT INTO single VALUES (1);
INSERT INTO p VALUES (1, 1);
INSERT INTO t (id, plain, chk, own) VALUES (1, 1, 1, 1);
";

/// Statements, each alone on the set-up.
const CASES: &[&str] = &[
    "ALTER TABLE t DROP COLUMN id",
    "ALTER TABLE t DROP COLUMN u",
    "ALTER TABLE t DROP COLUMN ix",
    "ALTER TABLE t DROP COLUMN part",
    "ALTER TABLE t DROP COLUMN ex",
    "ALTER TABLE t DROP COLUMN chk",
    "ALTER TABLE t DROP COLUMN own",
    "ALTER TABLE t DROP COLUMN cross1",
    "ALTER TABLE t DROP COLUMN cross2",
    "ALTER TABLE t DROP COLUMN fk",
    "ALTER TABLE t DROP COLUMN own_fk",
    "ALTER TABLE t DROP COLUMN g",
    "ALTER TABLE t DROP COLUMN gen",
    "ALTER TABLE t DROP COLUMN st",
    "ALTER TABLE t DROP COLUMN tr",
    "ALTER TABLE t DROP COLUMN tw",
    "ALTER TABLE t DROP COLUMN vw",
    "ALTER TABLE t DROP COLUMN starred",
    "ALTER TABLE t DROP COLUMN mixed",
    "ALTER TABLE T DROP COLUMN IX",
    "ALTER TABLE t DROP COLUMN plain",
    "ALTER TABLE single DROP COLUMN a",
    "ALTER TABLE p DROP COLUMN x",
    "ALTER TABLE t ADD COLUMN n INT",
    "ALTER TABLE t ADD COLUMN n INT PRIMARY KEY",
    "ALTER TABLE t ADD COLUMN n INT UNIQUE",
    "ALTER TABLE t ADD COLUMN n INT NOT NULL",
    "ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT NULL",
    "ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT 1",
    "ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT (-1)",
    "ALTER TABLE t ADD COLUMN n INT DEFAULT (1 + 1)",
    "ALTER TABLE t ADD COLUMN n INT DEFAULT (random())",
    "ALTER TABLE t ADD COLUMN n TEXT DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE t ADD COLUMN n TEXT DEFAULT word",
    "ALTER TABLE t ADD COLUMN n INT REFERENCES p (id)",
    "ALTER TABLE t ADD COLUMN n INT DEFAULT 1 REFERENCES p (id)",
    "ALTER TABLE t ADD COLUMN n INT DEFAULT NULL REFERENCES p (id)",
    "ALTER TABLE t ADD COLUMN n INT AS (plain) STORED",
    "ALTER TABLE t ADD COLUMN n INT AS (plain) VIRTUAL",
    "ALTER TABLE t ADD COLUMN n INT AS (plain) VIRTUAL NOT NULL",
    "ALTER TABLE t ADD COLUMN n INT DEFAULT 1 CHECK (n > 0)",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (plain > 0)",
    "ALTER TABLE t ALTER COLUMN plain SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN plain DROP NOT NULL",
    "ALTER TABLE t RENAME COLUMN vw TO wv",
    "ALTER TABLE t RENAME TO s",
    "CREATE INDEX n ON t (plain)",
    "DROP INDEX i1",
    "DROP TABLE single",
    "BEGIN; VACUUM",
];

fn ask(statement: &str, session: &mut SqliteSession, journal: Option<&str>) -> Impact {
    let live = live_catalog(session).unwrap();
    let mut settings = Settings::default();
    if let Some(mode) = journal {
        let name = segue_model::Ident::from("journal_mode");
        settings.session.insert(name, mode.to_owned());
    }
    let server = ServerFacts::new(NEWEST_VERSION);
    let mut transaction = TransactionSoFar::default();
    let mut last = Impact::default();
    let mut catalog = live.catalog;
    for relation in ["t", "single", "p"] {
        let name = segue_model::QualifiedName::new("main", relation);
        catalog.edit_table(&name, |table| table.rows = segue_model::Rows::Unknown);
    }
    for statement in Sqlite.read(statement, NEWEST_VERSION) {
        let context = Context {
            catalog: &catalog,
            transaction: &transaction,
            settings: &settings,
            server: &server,
            reverses: &[],
        };
        last = Sqlite.impact(&statement.changes, &context);
        transaction.state = segue_model::TransactionState::File;
    }
    last
}

fn set_up() -> SqliteSession {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session.execute_users(SETUP).unwrap();
    session
}

#[test]
fn what_is_said_to_be_refused_is_refused_and_nothing_else() {
    let mut wrong = Vec::new();
    for case in CASES {
        let mut session = set_up();
        let said = ask(case, &mut session, None);
        let refusals: Vec<String> = said
            .refusals
            .iter()
            .map(|one| one.message.clone())
            .collect();
        let really = session.execute_users(case);
        if refusals.is_empty() == really.is_err() {
            wrong.push(format!("{case}: said {refusals:?}, was {really:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_empty_table_takes_columns_that_rows_would_forbid() {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session.execute_users("CREATE TABLE e (a)").unwrap();
    for case in [
        "ALTER TABLE e ADD COLUMN b INT NOT NULL",
        "ALTER TABLE e ADD COLUMN c DEFAULT CURRENT_TIMESTAMP",
    ] {
        assert!(ask(case, &mut session, None).refusals.is_empty(), "{case}");
        session.execute_users(case).unwrap();
    }
}

#[test]
fn every_write_locks_the_file_and_only_a_rollback_journal_stops_readers() {
    let mut session = set_up();
    let strongest = |case: &str, session: &mut SqliteSession, mode: Option<&str>| {
        ask(case, session, mode).strongest()
    };
    let write = "UPDATE t SET plain = 2 WHERE id = 1";
    let exclusive = Some(LockMode::Exclusive);
    let all = Some(LockMode::AccessExclusive);
    assert_eq!(strongest(write, &mut session, Some("wal")), exclusive);
    assert_eq!(strongest(write, &mut session, Some("delete")), all);
    assert_eq!(strongest(write, &mut session, None), all);
    let read = "SELECT * FROM t";
    assert_eq!(
        strongest(read, &mut session, None),
        Some(LockMode::AccessShare)
    );
    assert_eq!(strongest("PRAGMA odd = 1", &mut session, Some("wal")), all);
    assert_eq!(
        strongest("CREATE TEMP TABLE x (y)", &mut session, None),
        None
    );
}

#[test]
fn the_work_is_that_of_the_manual() {
    let mut session = set_up();
    let mut kinds = |case: &str| -> Vec<WorkKind> {
        let work = ask(case, &mut session, None).work;
        work.into_iter().map(|work| work.kind).collect()
    };
    assert_eq!(kinds("ALTER TABLE p DROP COLUMN x"), [WorkKind::Rewrite]);
    assert_eq!(kinds("ALTER TABLE t DROP COLUMN gen"), []);
    assert_eq!(kinds("ALTER TABLE p ADD COLUMN y DEFAULT 1"), []);
    assert_eq!(
        kinds("ALTER TABLE p ADD COLUMN y CHECK (y > 0)"),
        [WorkKind::Scan]
    );
    assert_eq!(kinds("ALTER TABLE p RENAME x TO y"), []);
    assert_eq!(
        kinds("CREATE INDEX i ON p (x)"),
        [WorkKind::Scan, WorkKind::BuildIndex("i".into())]
    );
}
