//! What only SQLite has, run through the engine: no step that did its work is called unverified.

#![cfg(test)]

use segue_engine::{Approval, EngineError, Outcome};
use segue_model::{Migration, Session as _, Sql};
use segue_sqlite::{Missing, Sqlite, SqliteError, SqliteSession};
use segue_testkit::exercise::{all, migration, with};

fn up(path: &std::path::Path, migrations: &[Migration]) -> Result<Outcome, EngineError> {
    let connect = || -> Result<SqliteSession, SqliteError> {
        SqliteSession::open(path, Missing::Create, 200)
    };
    with(&Sqlite, &connect, |runner| {
        runner.up(migrations, &all(), &Approval::default())
    })
}

const STATEMENTS: &[&str] = &[
    "PRAGMA journal_mode = WAL",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE)",
    "CREATE TABLE child (a INT, b TEXT DEFAULT 'x;y', c REAL AS (a * 2) VIRTUAL, \
     d TEXT GENERATED ALWAYS AS (b || '!') STORED, parent INT REFERENCES parent (id) ON DELETE CASCADE \
     DEFERRABLE INITIALLY DEFERRED, CHECK (a > 0), PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE TABLE \"weird \"\"name\" ([a b] INT, `c``d` ANY, \"select\" TEXT) STRICT",
    "CREATE TABLE k (a UNIQUE ON CONFLICT IGNORE, b DEFAULT (1 + 1), c DEFAULT CURRENT_TIMESTAMP)",
    "CREATE INDEX partial ON child (b COLLATE NOCASE DESC) WHERE a > 3",
    "CREATE UNIQUE INDEX expression ON \"weird \"\"name\" (lower(\"select\"), [a b])",
    "CREATE VIEW first (a) AS SELECT id FROM parent",
    "CREATE VIEW second AS SELECT * FROM first JOIN child USING (a)",
    "CREATE TRIGGER on_table AFTER UPDATE OF a ON child WHEN new.a > 1 BEGIN SELECT 1; DELETE FROM k; END",
    "CREATE TRIGGER instead INSTEAD OF INSERT ON second BEGIN INSERT INTO k (a) VALUES (new.a); END",
    "CREATE VIRTUAL TABLE f USING fts5(title, body)",
    "INSERT INTO f VALUES ('a', 'b')",
    "INSERT INTO parent (name) VALUES ('one'), ('two') ON CONFLICT DO NOTHING",
    "CREATE TEMP TABLE aside (x)",
    "CREATE INDEX temp.aside_x ON aside (x)",
    "INSERT INTO aside SELECT id FROM parent",
    "CREATE TABLE IF NOT EXISTS Copied AS SELECT * FROM parent",
    "ALTER TABLE copied ADD COLUMN Extra TEXT NOT NULL DEFAULT 'e'",
    "ALTER TABLE COPIED RENAME COLUMN extra TO Further",
    "ALTER TABLE Copied RENAME TO Renamed",
    "CREATE INDEX of_renamed ON RENAMED (FURTHER)",
    "DROP INDEX Of_Renamed",
    "ALTER TABLE renamed ADD COLUMN at TEXT DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE k ADD COLUMN z REFERENCES parent (id)",
    "ALTER TABLE k ALTER COLUMN b SET NOT NULL",
    "ALTER TABLE k ADD CONSTRAINT few CHECK (b < 100)",
    "ALTER TABLE k DROP CONSTRAINT few",
    "DROP TRIGGER on_table",
    "DROP VIEW second",
    "ANALYZE",
    "REINDEX",
    "SAVEPOINT here",
    "RELEASE here",
    "VACUUM",
    "DROP TABLE IF EXISTS never",
    "PRAGMA user_version = 42",
];

#[test]
fn every_kind_of_statement_that_sqlite_takes_is_run_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zoo.db");
    let mut wrong = Vec::new();
    let mut project = Vec::new();
    for (number, statement) in (1..).zip(STATEMENTS.iter().copied()) {
        // A savepoint lives in its transaction only.
        if statement == "SAVEPOINT here" || statement == "RELEASE here" {
            continue;
        }
        project.push(migration(&format!("{number}_x.sql"), statement, ""));
        // What is temporary goes with its session: these belong together.
        if statement.starts_with("CREATE TEMP") || statement.contains("temp.") {
            continue;
        }
        if let Err(error) = up(&path, &project) {
            wrong.push(format!("{statement}: {error:?}"));
            project.pop();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let together = folder.path().join("together.db");
    let text = STATEMENTS.join(";\n");
    up(&together, &[migration("1_all.sql", &text, "")]).unwrap();
    let mut session = SqliteSession::open(&together, Missing::Refuse, 0).unwrap();
    let version = session.query(&Sql::literal("PRAGMA user_version")).unwrap();
    assert_eq!(version, [[Some("42".to_owned())]]);
}
