//! The journal of backfills on PostgreSQL 12 to 18: ranges, their leases, what is put aside.
//!
//! The frontier of a part is under one row lock while a range is cut off it, so ranges never overlap. A range belongs to
//! whoever has its claim: a transaction that changes rows locks the range's row first and records last, so a range that
//! was taken over is never recorded by the one who lost it. Everything is qualified; times are the server's.

use segue_model::{BackfillJournal, PaceStatements, Sql};

/// The statements.
#[expect(
    clippy::too_many_lines,
    reason = "one list of statements, read from top to bottom"
)]
pub(crate) fn journal() -> BackfillJournal {
    BackfillJournal {
        is_installed: Sql::literal(
            "SELECT (pg_catalog.to_regclass('segue.quarantine') IS NOT NULL)::text",
        ),
        install: Sql::literal(INSTALL),
        settings: Sql::literal(
            "SELECT name, setting FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) ANY (ARRAY[\
             'search_path', 'TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'bytea_output', \
             'lc_monetary', 'lc_numeric', 'lc_time', 'default_text_search_config']) ORDER BY name",
        ),
        set: Sql::literal("SELECT pg_catalog.set_config($1::text, $2::text, false)"),
        prepare_session: Sql::literal(
            "SELECT pg_catalog.set_config('lock_timeout', $1::text, false), \
             pg_catalog.set_config('statement_timeout', '0', false), \
             pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false), \
             pg_catalog.set_config('row_security', 'off', false), \
             pg_catalog.set_config('default_transaction_isolation', 'read committed', false), \
             pg_catalog.set_config('default_transaction_read_only', 'off', false), \
             pg_catalog.set_config('segue.backfill', 'on', false)",
        ),
        leaves: Sql::literal(LEAVES),
        create: Sql::literal(
            "INSERT INTO segue.backfill (migration, step, table_name, definition, rows_expected) \
             VALUES ($1::text, $2::text, $3::text, $4::text, $5::text::bigint) \
             ON CONFLICT (migration, step) DO NOTHING RETURNING id::text",
        ),
        find: Sql::literal(
            "SELECT id::text, state, pass::text, definition, proof FROM segue.backfill \
             WHERE migration = $1::text AND step = $2::text",
        ),
        forget: Sql::literal(
            "DELETE FROM segue.backfill WHERE migration = $1::text AND step = $2::text",
        ),
        by_id: Sql::literal(
            "SELECT id::text, state, pass::text, definition, proof FROM segue.backfill WHERE id = $1::text::bigint",
        ),
        list: Sql::literal(LIST),
        put_part: Sql::literal(
            "INSERT INTO segue.backfill_part AS p (backfill, part, namespace, name, upper, exhausted) \
             VALUES ($1::text::bigint, $2::text::integer, $3::text, $4::text, $5::text, $5::text IS NULL) \
             ON CONFLICT (backfill, part) DO UPDATE SET frontier = NULL, upper = EXCLUDED.upper, exhausted = EXCLUDED.exhausted",
        ),
        parts: Sql::literal(
            "SELECT part::text, namespace, name FROM segue.backfill_part WHERE backfill = $1::text::bigint ORDER BY part",
        ),
        course: Sql::literal(COURSE),
        set_state: Sql::literal(
            "UPDATE segue.backfill SET state = $2::text, reason = $3::text WHERE id = $1::text::bigint \
             AND state <> 'done' RETURNING state",
        ),
        hold: Sql::literal(
            "UPDATE segue.backfill SET held = $2::text WHERE id = $1::text::bigint AND held IS DISTINCT FROM $2::text",
        ),
        next_pass: Sql::literal(
            "UPDATE segue.backfill SET pass = pass + 1 WHERE id = $1::text::bigint AND pass = $2::text::integer \
             RETURNING pass::text",
        ),
        finish: Sql::literal(
            "WITH gone AS (DELETE FROM segue.backfill_range WHERE backfill = $1::text::bigint) \
             UPDATE segue.backfill SET state = 'done', proof = $2::text, held = NULL, reason = NULL, \
             finished_at = pg_catalog.clock_timestamp() WHERE id = $1::text::bigint",
        ),
        adopt: Sql::literal(ADOPT),
        frontier: Sql::literal(
            "SELECT p.part::text, p.frontier, p.upper, b.pass::text FROM segue.backfill_part AS p \
             JOIN segue.backfill AS b ON b.id = p.backfill \
             WHERE p.backfill = $1::text::bigint AND NOT p.exhausted AND b.state = 'running' \
             ORDER BY p.part LIMIT 1 FOR UPDATE OF p",
        ),
        put_range: Sql::literal(
            "INSERT INTO segue.backfill_range (backfill, part, worker, lower, upper, stripes, reached, epoch) \
             VALUES ($1::text::bigint, $2::text::integer, $3::text, $4::text, $5::text, $6::text::integer, $4::text, \
             $7::text::bigint) \
             RETURNING number::text, claim::text",
        ),
        move_frontier: Sql::literal(
            "UPDATE segue.backfill_part SET frontier = $3::text, exhausted = $4::text::boolean \
             WHERE backfill = $1::text::bigint AND part = $2::text::integer",
        ),
        fence: Sql::literal(
            "SELECT b.state FROM segue.backfill_range AS r JOIN segue.backfill AS b ON b.id = r.backfill \
             WHERE r.backfill = $1::text::bigint AND r.part = $2::text::integer AND r.number = $3::text::bigint \
             AND r.claim = $4::text::bigint AND NOT r.done FOR NO KEY UPDATE OF r",
        ),
        record: Sql::literal(
            "UPDATE segue.backfill_range SET stripe = $5::text::integer, reached = $6::text, changed = changed + $7::text::bigint, \
             done = $8::text::boolean, took_ms = took_ms + $9::text::bigint, beat = pg_catalog.clock_timestamp() \
             WHERE backfill = $1::text::bigint AND part = $2::text::integer AND number = $3::text::bigint \
             AND claim = $4::text::bigint RETURNING number::text",
        ),
        reload: Sql::literal(
            "SELECT stripe::text, reached, done::text FROM segue.backfill_range \
             WHERE backfill = $1::text::bigint AND part = $2::text::integer AND number = $3::text::bigint \
             AND claim = $4::text::bigint",
        ),
        beat: Sql::literal(
            "UPDATE segue.backfill_range SET beat = pg_catalog.clock_timestamp() \
             WHERE backfill = $1::text::bigint AND part = $2::text::integer AND number = $3::text::bigint \
             AND claim = $4::text::bigint RETURNING number::text",
        ),
        put_aside: Sql::literal(
            "INSERT INTO segue.quarantine (backfill, part, lower, upper, row_key, error) \
             VALUES ($1::text::bigint, $2::text::integer, $3::text, $4::text, $5::text, $6::text) \
             ON CONFLICT (backfill, part, upper) DO UPDATE SET row_key = EXCLUDED.row_key, error = EXCLUDED.error",
        ),
        aside: Sql::literal(
            "SELECT part::text, row_key, error FROM segue.quarantine WHERE backfill = $1::text::bigint ORDER BY at, upper",
        ),
        retry: Sql::literal(
            "WITH back AS (DELETE FROM segue.quarantine WHERE backfill = $1::text::bigint RETURNING *) \
             INSERT INTO segue.backfill_range (backfill, part, worker, lower, upper, stripes, reached, beat) \
             SELECT backfill, part, 'nobody', lower, upper, 1, lower, '-infinity' FROM back RETURNING number::text",
        ),
        old_snapshot: Sql::literal(OLD_SNAPSHOT),
        log_bytes: Sql::literal(
            "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text",
        ),
        pace: pace(),
    }
}

/// What the pace follows. A replica's columns are null for a role without `pg_monitor`: that is not the same as no lag.
/// Bytes decide: `replay_lag` said 0.4 s while a replica was 35 MB behind (fault F17).
fn pace() -> PaceStatements {
    PaceStatements {
        replica_lag: Sql::literal(
            "SELECT 'replica ' || COALESCE(NULLIF(application_name, ''), pid::text), \
             pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), COALESCE(replay_lsn, flush_lsn))::bigint::text \
             FROM pg_catalog.pg_stat_replication WHERE state IS DISTINCT FROM 'backup'",
        ),
        slot_backlog: Sql::literal(
            "SELECT 'slot ' || slot_name, \
             pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint::text \
             FROM pg_catalog.pg_replication_slots WHERE restart_lsn IS NOT NULL",
        ),
        archive_backlog: Sql::literal(
            "SELECT 'the archiver', (SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_ls_archive_statusdir() AS f \
             WHERE f.name LIKE '%.ready') WHERE pg_catalog.current_setting('archive_mode') <> 'off'",
        ),
        lock_waiters: Sql::literal(
            "SELECT 'sessions', pg_catalog.count(*)::text FROM pg_catalog.pg_stat_activity \
             WHERE wait_event_type = 'Lock' AND datname = pg_catalog.current_database() AND application_name <> 'segue'",
        ),
        active_sessions: Sql::literal(
            "SELECT 'sessions', pg_catalog.count(*)::text FROM pg_catalog.pg_stat_activity \
             WHERE state = 'active' AND backend_type = 'client backend' AND application_name <> 'segue'",
        ),
        probe: Sql::literal(
            "UPDATE segue.backfill SET held = held WHERE id = $1::text::bigint RETURNING id::text",
        ),
    }
}

/// Idempotent; the lock is that of the journal's installation.
const INSTALL: &str = "\
BEGIN;
SELECT pg_catalog.pg_advisory_xact_lock(7306086967023693669);
CREATE SCHEMA IF NOT EXISTS segue;
CREATE TABLE IF NOT EXISTS segue.backfill (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    migration text NOT NULL,
    step text NOT NULL,
    table_name text NOT NULL,
    definition text NOT NULL,
    state text NOT NULL DEFAULT 'running',
    reason text,
    held text,
    pass integer NOT NULL DEFAULT 1,
    rows_expected bigint NOT NULL,
    started_at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamp with time zone,
    proof text,
    UNIQUE (migration, step)
);
CREATE TABLE IF NOT EXISTS segue.backfill_part (
    backfill bigint NOT NULL REFERENCES segue.backfill ON DELETE CASCADE,
    part integer NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    frontier text,
    upper text,
    exhausted boolean NOT NULL,
    PRIMARY KEY (backfill, part)
);
CREATE TABLE IF NOT EXISTS segue.backfill_range (
    backfill bigint NOT NULL REFERENCES segue.backfill ON DELETE CASCADE,
    part integer NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    claim bigint NOT NULL DEFAULT 1,
    worker text NOT NULL,
    epoch bigint,
    beat timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    lower text,
    upper text NOT NULL,
    stripes integer NOT NULL,
    stripe integer NOT NULL DEFAULT 0,
    reached text,
    changed bigint NOT NULL DEFAULT 0,
    took_ms bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    PRIMARY KEY (backfill, part, number)
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS backfill_range_open ON segue.backfill_range (backfill) WHERE NOT done;
CREATE TABLE IF NOT EXISTS segue.quarantine (
    backfill bigint NOT NULL REFERENCES segue.backfill ON DELETE CASCADE,
    part integer NOT NULL,
    lower text,
    upper text NOT NULL,
    row_key text NOT NULL,
    error text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (backfill, part, upper)
);
COMMIT";

/// The relations below one in which rows are, itself too. Children that are no partitions need not have its key, and a
/// foreign table has no transactions of ours.
const LEAVES: &str = "\
WITH RECURSIVE tree AS (\
SELECT c.oid, c.relkind, true AS is_plain FROM pg_catalog.pg_class AS c \
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $2::text \
UNION ALL SELECT c.oid, c.relkind, c.relispartition FROM tree \
JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid) \
SELECT n.nspname::text, c.relname::text, (tree.is_plain AND tree.relkind = 'r')::text \
FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
WHERE tree.relkind <> 'p' ORDER BY tree.oid";

const COURSE: &str = "\
SELECT b.state, b.pass::text, \
(SELECT pg_catalog.count(*)::text FROM segue.backfill_part AS p WHERE p.backfill = b.id AND NOT p.exhausted), \
(SELECT pg_catalog.count(*)::text FROM segue.backfill_range AS r WHERE r.backfill = b.id AND NOT r.done), \
(SELECT pg_catalog.count(*)::text FROM segue.quarantine AS q WHERE q.backfill = b.id), \
(SELECT COALESCE(pg_catalog.sum(r.changed), 0)::text FROM segue.backfill_range AS r WHERE r.backfill = b.id), \
b.rows_expected::text \
FROM segue.backfill AS b WHERE b.id = $1::text::bigint";

const LIST: &str = "\
SELECT b.id::text, b.migration, b.step, b.table_name, b.state, COALESCE(b.reason, b.held), b.pass::text, \
COALESCE(r.changed, 0)::text, b.rows_expected::text, COALESCE(r.done, 0)::text, COALESCE(r.open, 0)::text, \
COALESCE(r.workers, 0)::text, \
(SELECT pg_catalog.count(*)::text FROM segue.quarantine AS q WHERE q.backfill = b.id), \
(EXTRACT(epoch FROM COALESCE(b.finished_at, pg_catalog.clock_timestamp()) - b.started_at))::bigint::text, \
COALESCE(r.rate, 0)::bigint::text, b.proof \
FROM segue.backfill AS b LEFT JOIN LATERAL (\
SELECT pg_catalog.sum(r.changed) AS changed, pg_catalog.count(*) FILTER (WHERE r.done) AS done, \
pg_catalog.count(*) FILTER (WHERE NOT r.done) AS open, \
pg_catalog.count(DISTINCT r.worker) FILTER (WHERE NOT r.done AND r.beat > pg_catalog.clock_timestamp() - interval '30 seconds') AS workers, \
1000 * pg_catalog.sum(r.changed) FILTER (WHERE r.beat > pg_catalog.clock_timestamp() - interval '60 seconds') \
/ NULLIF(pg_catalog.sum(r.took_ms) FILTER (WHERE r.beat > pg_catalog.clock_timestamp() - interval '60 seconds'), 0) \
* GREATEST(pg_catalog.count(DISTINCT r.worker) FILTER (WHERE NOT r.done), 1) AS rate \
FROM segue.backfill_range AS r WHERE r.backfill = b.id) AS r ON true ORDER BY b.id";

const ADOPT: &str = "\
UPDATE segue.backfill_range AS r SET claim = r.claim + 1, worker = $2::text, epoch = $4::text::bigint, beat = pg_catalog.clock_timestamp() \
FROM (SELECT o.backfill, o.part, o.number FROM segue.backfill_range AS o \
JOIN segue.backfill AS b ON b.id = o.backfill \
WHERE o.backfill = $1::text::bigint AND NOT o.done AND b.state = 'running' \
AND (o.beat < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $3::text::double precision / 1000) \
OR o.epoch < $4::text::bigint) \
ORDER BY o.number LIMIT 1 FOR NO KEY UPDATE OF o SKIP LOCKED) AS chosen \
WHERE r.backfill = chosen.backfill AND r.part = chosen.part AND r.number = chosen.number \
RETURNING r.part::text, r.number::text, r.claim::text, r.lower, r.upper, r.stripes::text, r.stripe::text, r.reached";

const OLD_SNAPSHOT: &str = "\
SELECT found.who FROM (\
SELECT 'pid ' || a.pid || ', ' || COALESCE(a.usename::text, '?') || ', in a transaction for ' \
|| EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint || ' s' AS who \
FROM pg_catalog.pg_stat_activity AS a WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.backend_xmin IS NOT NULL \
AND a.datname = pg_catalog.current_database() \
AND a.xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1::text::double precision / 1000) \
UNION ALL SELECT 'prepared transaction ' || p.gid FROM pg_catalog.pg_prepared_xacts AS p \
WHERE p.database = pg_catalog.current_database() \
UNION ALL SELECT 'replication slot ' || s.slot_name FROM pg_catalog.pg_replication_slots AS s WHERE s.xmin IS NOT NULL \
AND NOT s.active) AS found LIMIT 1";
