//! The runner's statements on SQLite: journal and lease in four tables of the file, one writer at a time.
//!
//! `BEGIN IMMEDIATE` makes a step's transaction the only writer until it ends: nobody can take the lease meanwhile, and
//! its commit says that the holder is alive, because no other connection could have. Times are SQLite's own clock, in ms
//! since 1970. Source: <https://sqlite.org/lang_transaction.html>, <https://sqlite.org/lang_datefunc.html>.

use segue_model::{RunnerStatements, Sql};

/// The journal's tables: left out of catalogs and dumps.
pub(crate) const TABLES: [&str; 4] = [
    "segue_lease",
    "segue_migration",
    "segue_step",
    "segue_event",
];

/// The statements.
#[expect(
    clippy::too_many_lines,
    reason = "one list of statements, read from top to bottom"
)]
pub(crate) fn statements() -> RunnerStatements {
    RunnerStatements {
        is_installed: Sql::literal(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'segue_lease') \
             THEN 't' ELSE 'f' END, NULL",
        ),
        format: Sql::literal("SELECT CAST(format AS TEXT) FROM main.segue_lease"),
        install: Sql::literal(INSTALL),
        uninstall: Sql::literal(
            "BEGIN IMMEDIATE; DROP TABLE IF EXISTS main.segue_event; DROP TABLE IF EXISTS main.segue_step; \
             DROP TABLE IF EXISTS main.segue_migration; DROP TABLE IF EXISTS main.segue_lease; COMMIT",
        ),
        begin: Sql::literal("BEGIN IMMEDIATE"),
        commit: Sql::literal(
            "UPDATE main.segue_lease SET beat = CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) \
             WHERE holder IS NOT NULL; COMMIT",
        ),
        rollback: Sql::literal("ROLLBACK"),
        fence: Sql::literal("SELECT NULL FROM main.segue_lease WHERE epoch = CAST($1 AS INTEGER)"),
        session_lock_timeout: busy_timeout,
        identity: None,
        rights: None,
        reset_settings: None,
        outcome: None,
        take_lease: Sql::literal(
            "UPDATE main.segue_lease SET epoch = epoch + 1, holder = $1, \
             beat = CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) WHERE holder IS NULL \
             OR beat < CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) - CAST($2 AS INTEGER) \
             RETURNING CAST(epoch AS TEXT)",
        ),
        beat: Sql::literal(
            "UPDATE main.segue_lease SET beat = CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) \
             WHERE epoch = CAST($1 AS INTEGER) RETURNING CAST(epoch AS TEXT)",
        ),
        release_lease: Sql::literal(
            "UPDATE main.segue_lease SET holder = NULL WHERE epoch = CAST($1 AS INTEGER) RETURNING CAST(epoch AS TEXT)",
        ),
        lease: Sql::literal(
            "SELECT holder, CAST(epoch AS TEXT), \
             CAST(CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) - beat AS TEXT) \
             FROM main.segue_lease WHERE holder IS NOT NULL",
        ),
        record_migration: Sql::literal(
            "INSERT INTO main.segue_migration \
             (id, path, name, state, raw_checksum, checksum, plan_hash, took_ms, segue_version, normalized, \"plan\") \
             VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS INTEGER), $9, $10, $11) \
             ON CONFLICT (id) DO UPDATE SET path = excluded.path, name = excluded.name, state = excluded.state, \
             raw_checksum = excluded.raw_checksum, checksum = excluded.checksum, plan_hash = excluded.plan_hash, \
             took_ms = excluded.took_ms, segue_version = excluded.segue_version, normalized = excluded.normalized, \
             \"plan\" = excluded.\"plan\", recorded_at = CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)",
        ),
        forget_migration: Sql::literal("DELETE FROM main.segue_migration WHERE id = $1"),
        migrations: Sql::literal(
            "WITH wanted AS MATERIALIZED (SELECT value AS id FROM json_each($1)), \
             others AS MATERIALIZED (SELECT o.id, o.position FROM main.segue_migration AS o \
             WHERE o.id NOT IN (SELECT id FROM wanted)), \
             chosen AS (SELECT id FROM wanted UNION ALL \
             SELECT id FROM (SELECT id FROM others ORDER BY position DESC LIMIT CAST($2 AS INTEGER))) \
             SELECT m.id, m.path, m.name, m.state, m.raw_checksum, m.checksum, m.plan_hash, CAST(m.took_ms AS TEXT), \
             strftime('%Y-%m-%dT%H:%M:%SZ', m.recorded_at / 1000, 'unixepoch'), CAST(n.others AS TEXT) \
             FROM (SELECT count(*) AS others FROM others) AS n \
             LEFT JOIN (SELECT r.* FROM chosen AS c JOIN main.segue_migration AS r ON r.id = c.id) AS m ON true \
             ORDER BY m.position",
        ),
        planned: Sql::literal(
            "SELECT id FROM main.segue_migration WHERE \"plan\" IS NOT NULL ORDER BY position",
        ),
        settle: Sql::literal(
            "UPDATE main.segue_lease SET settled = (SELECT COALESCE(max(position), 0) FROM main.segue_migration)",
        ),
        unsettled: Sql::literal(
            "SELECT m.id FROM main.segue_migration AS m JOIN main.segue_lease AS l ON m.position > l.settled \
             ORDER BY m.position",
        ),
        recorded_text: Sql::literal(
            "SELECT normalized, \"plan\" FROM main.segue_migration WHERE id = $1",
        ),
        record_step: Sql::literal(
            "INSERT INTO main.segue_step (migration, step, state, purpose) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (migration, step) DO UPDATE SET state = excluded.state, purpose = excluded.purpose, \
             recorded_at = CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)",
        ),
        steps: Sql::literal(
            "SELECT step, state FROM main.segue_step WHERE migration = $1 ORDER BY recorded_at, step",
        ),
        record_event: Sql::literal(
            "INSERT INTO main.segue_event (actor, what, migration) VALUES ($1, $2, $3)",
        ),
        server_version: Sql::literal(
            "SELECT CAST(CAST(substr(sqlite_version(), 1, 1) AS INTEGER) * 1000 \
             + CAST(substr(sqlite_version(), 3) AS INTEGER) AS TEXT)",
        ),
        session_id: Sql::literal("SELECT NULL"),
        blockers: None,
        waiting_behind: None,
        cancel: None,
        workload: None,
        row_estimate: None,
        table_sizes: None,
        archived: None,
        dangling: Some(Sql::literal(
            "SELECT CAST(count(*) AS TEXT), (SELECT group_concat(line, char(10)) FROM \
             (SELECT 'row ' || COALESCE(rowid, '?') || ' of ' || \"table\" || ' refers to a row of ' || parent \
             || ' that is not there' AS line FROM pragma_foreign_key_check LIMIT 3)) FROM pragma_foreign_key_check",
        )),
        integrity: Some(Sql::literal(
            "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 10",
        )),
        settings: &[("foreign_keys", "off")],
        guards: None,
    }
}

/// How long SQLite tries again by itself before it says that the file is busy.
fn busy_timeout(ms: u32) -> Sql {
    Sql::literal("PRAGMA busy_timeout = ").number(ms.into())
}

/// Idempotent. Two at once wait for each other: only one may write. A migration's steps go with it by a trigger, because
/// references may not be followed.
const INSTALL: &str = "\
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS main.segue_lease (
    epoch INTEGER PRIMARY KEY,
    holder TEXT,
    beat INTEGER NOT NULL DEFAULT (CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)),
    format INTEGER NOT NULL DEFAULT 1,
    settled INTEGER NOT NULL DEFAULT 0
);
INSERT INTO main.segue_lease (epoch) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM main.segue_lease);
CREATE TABLE IF NOT EXISTS main.segue_migration (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    raw_checksum TEXT NOT NULL,
    checksum TEXT NOT NULL,
    plan_hash TEXT NOT NULL,
    took_ms INTEGER NOT NULL,
    segue_version TEXT NOT NULL,
    normalized TEXT NOT NULL,
    \"plan\" TEXT,
    recorded_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER))
);
CREATE TABLE IF NOT EXISTS main.segue_step (
    migration TEXT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    purpose TEXT NOT NULL,
    recorded_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)),
    PRIMARY KEY (migration, step)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS main.segue_forgotten AFTER DELETE ON segue_migration BEGIN
    DELETE FROM segue_step WHERE migration = old.id;
END;
CREATE TABLE IF NOT EXISTS main.segue_event (
    at INTEGER NOT NULL DEFAULT (CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)),
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    migration TEXT
);
COMMIT";
