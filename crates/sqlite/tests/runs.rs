//! What only SQLite has, run through the engine: no step that did its work is called unverified.

#![cfg(test)]

use segue_engine::{Approval, Copies, EngineError, Kind, Outcome};
use segue_model::{Migration, Session as _, Sql};
use segue_sqlite::{Missing, Sqlite, SqliteError, SqliteSession};
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};
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

#[test]
fn a_reference_to_what_is_no_key_is_no_fault_of_a_step_unless_it_made_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.db");
    let mut project = vec![migration(
        "1_keys.sql",
        "CREATE TABLE parent (a, b UNIQUE); CREATE TABLE child (a REFERENCES parent (b));\n\
         INSERT INTO parent VALUES (1, 1); INSERT INTO child VALUES (1)",
        "",
    )];
    up(&path, &project).unwrap();
    let unkeyed = "ALTER TABLE parent DROP COLUMN b";
    project.push(migration("2_unkeyed.sql", unkeyed, ""));
    let connect = || SqliteSession::open(&path, Missing::Refuse, 200);
    let refused = up(&path, &project).unwrap_err();
    let asked = refused.details().iter();
    let hashes = asked
        .filter_map(|line| line.strip_prefix("to agree: --approve "))
        .map(str::to_owned)
        .collect();
    let stopped = with(&Sqlite, &connect, |runner| {
        runner.up(&project, &all(), &Approval { hashes })
    });
    let stopped = stopped.unwrap_err();
    assert!(
        stopped.kind() == Kind::NotVerified || stopped.kind() == Kind::Failed,
        "{stopped:?}"
    );
    let mut session = connect().unwrap();
    let kept = session
        .query(&Sql::literal("SELECT b FROM parent"))
        .unwrap();
    assert_eq!(kept, [[Some("1".to_owned())]]);
    // Where it was so before, steps that have nothing to do with it run.
    session
        .execute_users("CREATE TABLE odd (a REFERENCES parent (a)); INSERT INTO odd VALUES (1)")
        .unwrap();
    project.pop();
    project.push(migration(
        "2_more.sql",
        "CREATE TABLE more (a); INSERT INTO more VALUES (1)",
        "",
    ));
    assert_eq!(up(&path, &project).unwrap().completed, ["2"]);
}

/// Where nothing waits for a disk, if there is such a place.
fn quick_folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

#[test]
fn with_references_followed_a_rebuild_that_is_cut_off_anywhere_takes_no_row_along() {
    let project = [
        migration(
            "1_tables.sql",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY);\n\
             CREATE TABLE lines (order_id REFERENCES orders (id) ON DELETE CASCADE);\n\
             INSERT INTO orders VALUES (1), (2); INSERT INTO lines VALUES (1), (2)",
            "",
        ),
        migration(
            "2_code.sql",
            "PRAGMA foreign_keys = ON;\nALTER TABLE orders ADD COLUMN code INT UNIQUE;\n\
             ALTER TABLE orders ADD COLUMN word TEXT UNIQUE",
            "",
        ),
    ];
    for (then, stride) in [(Then::Dead, 1), (Then::Reconnects, 3)] {
        for call in (1..).step_by(stride) {
            let folder = quick_folder();
            let path = folder.path().join("cut.db");
            let open = || SqliteSession::open(&path, Missing::Create, 200);
            let knife = Knife::at(call, Moment::AfterReply, then);
            let connect = || {
                let session = open().map_err(CutError::Server)?;
                Cut::new(session, &knife)
            };
            let cut = with(&Sqlite, &connect, |runner| {
                runner.copies = Copies::NotMade;
                runner.limits.attempts_max = 3;
                runner.up(&project, &all(), &Approval::default())
            });
            let mut session = open().unwrap();
            session
                .execute_users("UPDATE segue_lease SET beat = 0")
                .unwrap_or_default();
            up(&path, &project).unwrap_or_else(|error| panic!("call {call}: {cut:?}, {error:?}"));
            let kept = session
                .query(&Sql::literal("SELECT order_id FROM lines"))
                .unwrap();
            assert_eq!(kept.len(), 2, "call {call} {then:?}: {cut:?}");
            if !knife.is_used() {
                assert!(call > 40, "a run makes more than {call} calls");
                break;
            }
        }
    }
}
