//! What is written is read back as what was meant.

use crate::parse;

#[test]
fn what_is_written_is_read_back_as_the_same_change() {
    for text in [
        "CREATE TABLE \"a\"\"b\" (id INTEGER PRIMARY KEY AUTOINCREMENT, n varchar(20) NOT NULL DEFAULT 'x' COLLATE NOCASE)",
        "CREATE TABLE t (a INT UNIQUE, b INT CHECK (b > a), c REFERENCES p ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, d DECIMAL(10, 2), CONSTRAINT k UNIQUE (a, b), PRIMARY KEY (a)) WITHOUT ROWID, STRICT",
        "CREATE TABLE t (a DEFAULT (1 + 1), b DEFAULT CURRENT_TIMESTAMP, c DEFAULT -1, d AS (a || 'x') STORED, e AS (a), f DEFAULT ((1)), g DEFAULT (random()))",
        "CREATE TABLE IF NOT EXISTS t (a, FOREIGN KEY (a) REFERENCES q (x) ON UPDATE CASCADE, CONSTRAINT c CHECK (a IN (1, 2) AND a IS NOT NULL))",
        "CREATE TABLE t AS SELECT * FROM u",
        "CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE DESC, lower(b)) WHERE a > 0 AND b LIKE 'x%'",
        "DROP INDEX IF EXISTS i",
        "DROP TABLE t",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t RENAME COLUMN a TO b",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t ADD COLUMN a TEXT NOT NULL DEFAULT '' CHECK (a <> 'y')",
        "ALTER TABLE t ADD COLUMN a INT REFERENCES p (id)",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE t DROP CONSTRAINT c",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "CREATE VIEW v (x) AS SELECT a FROM t",
        "DROP VIEW v",
        "INSERT INTO t (a, b) SELECT a, b FROM u",
        "PRAGMA foreign_keys = OFF",
        "BEGIN",
        "ROLLBACK TO a",
        "VACUUM",
    ] {
        let read = |text: &str| -> Vec<segue_model::Change> {
            parse::statements(text)
                .flat_map(|one| one.changes)
                .collect()
        };
        let meant = read(text);
        let written = super::render(&meant).unwrap();
        assert_eq!(
            read(written.as_str()),
            meant,
            "{text}\n{}",
            written.as_str()
        );
    }
}

#[test]
fn what_the_model_does_not_hold_is_not_written() {
    for text in [
        "CREATE TABLE t (a UNIQUE ON CONFLICT IGNORE)",
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "broken",
    ] {
        let changes: Vec<_> = parse::statements(text)
            .flat_map(|one| one.changes)
            .collect();
        assert!(super::render(&changes).is_err(), "{text}");
    }
}
