//! The runner's statements on PostgreSQL 12 to 18: journal, lease, locks, blockers.
//!
//! Everything is qualified: no search path can put another table or function in its place. Times are the server's
//! (`clock_timestamp()`). The lease's key is its epoch: a step's transaction holds `FOR KEY SHARE` on the row, beats
//! change no key and pass, a takeover changes the key and cannot happen before the step's transaction has ended.
//! Source: PostgreSQL 17 manual, 13.3.2 (row locks).

use segue_model::{RunnerStatements, Sql};

/// The statements.
#[expect(
    clippy::too_many_lines,
    reason = "one list of statements, read from top to bottom"
)]
pub(crate) fn statements() -> RunnerStatements {
    RunnerStatements {
        is_installed: Sql::literal(
            "SELECT (pg_catalog.to_regclass('segue.lease') IS NOT NULL)::text, NULL::text",
        ),
        format: Sql::literal("SELECT format::text FROM segue.lease"),
        install: Sql::literal(INSTALL),
        uninstall: Sql::literal("DROP SCHEMA IF EXISTS segue CASCADE"),
        begin: Sql::literal("BEGIN"),
        commit: Sql::literal("COMMIT"),
        rollback: Sql::literal("ROLLBACK"),
        fence: Sql::literal(
            "SELECT pg_catalog.txid_current()::text, pg_catalog.set_config('lock_timeout', $2::text, true), \
             pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit') \
             WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting('synchronous_commit') END, true) \
             FROM segue.lease WHERE epoch = $1::text::bigint FOR KEY SHARE",
        ),
        session_lock_timeout: lock_timeout,
        identity: Some(Sql::literal(IDENTITY)),
        rights: Some(Sql::literal(RIGHTS)),
        reset_settings: Some(Sql::literal("RESET ALL")),
        outcome: Some(Sql::literal(
            "SELECT pg_catalog.txid_status($1::text::bigint)::text",
        )),
        take_lease: Sql::literal(
            "UPDATE segue.lease SET epoch = epoch + 1, holder = $1::text, beat = pg_catalog.clock_timestamp() \
             WHERE holder IS NULL OR beat < pg_catalog.clock_timestamp() \
             - pg_catalog.make_interval(secs => $2::text::double precision / 1000) RETURNING epoch::text",
        ),
        beat: Sql::literal(
            "UPDATE segue.lease SET beat = pg_catalog.clock_timestamp() WHERE epoch = $1::text::bigint \
             RETURNING epoch::text",
        ),
        release_lease: Sql::literal(
            "UPDATE segue.lease SET holder = NULL WHERE epoch = $1::text::bigint RETURNING epoch::text",
        ),
        lease: Sql::literal(
            "SELECT holder, epoch::text, (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - beat) * 1000)::bigint::text \
             FROM segue.lease WHERE holder IS NOT NULL",
        ),
        record_migration: Sql::literal(
            "INSERT INTO segue.migration AS m \
             (id, path, name, state, raw_checksum, checksum, plan_hash, took_ms, segue_version, normalized, plan) \
             VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text::bigint, $9::text, \
             $10::text, $11::text) \
             ON CONFLICT (id) DO UPDATE SET path = EXCLUDED.path, name = EXCLUDED.name, state = EXCLUDED.state, \
             raw_checksum = EXCLUDED.raw_checksum, checksum = EXCLUDED.checksum, plan_hash = EXCLUDED.plan_hash, \
             took_ms = EXCLUDED.took_ms, segue_version = EXCLUDED.segue_version, normalized = EXCLUDED.normalized, plan = EXCLUDED.plan, \
             recorded_at = pg_catalog.clock_timestamp()",
        ),
        forget_migration: Sql::literal(
            "WITH steps AS (DELETE FROM segue.step WHERE migration = $1::text) \
             DELETE FROM segue.migration WHERE id = $1::text",
        ),
        migrations: Sql::literal(MIGRATIONS),
        planned: Sql::literal(
            "SELECT id FROM segue.migration WHERE plan IS NOT NULL ORDER BY position",
        ),
        settle: Sql::literal(
            "UPDATE segue.lease SET settled = (SELECT COALESCE(pg_catalog.max(position), 0) FROM segue.migration)",
        ),
        unsettled: Sql::literal(
            "SELECT m.id FROM segue.migration AS m JOIN segue.lease AS l ON m.position > l.settled ORDER BY m.position",
        ),
        recorded_text: Sql::literal(
            "SELECT normalized, plan FROM segue.migration WHERE id = $1::text",
        ),
        record_step: Sql::literal(
            "INSERT INTO segue.step (migration, step, state, purpose) VALUES ($1::text, $2::text, $3::text, $4::text) \
             ON CONFLICT (migration, step) DO UPDATE SET state = EXCLUDED.state, purpose = EXCLUDED.purpose, \
             recorded_at = pg_catalog.clock_timestamp()",
        ),
        steps: Sql::literal(
            "SELECT step, state FROM segue.step WHERE migration = $1::text ORDER BY recorded_at, step",
        ),
        record_event: Sql::literal(
            "INSERT INTO segue.event (actor, what, migration) VALUES ($1::text, $2::text, $3::text)",
        ),
        server_version: Sql::literal(
            "SELECT (pg_catalog.current_setting('server_version_num')::integer / 10000)::text",
        ),
        session_id: Sql::literal("SELECT pg_catalog.pg_backend_pid()::text"),
        blockers: Some(Sql::literal(BLOCKERS)),
        waiting_behind: Some(Sql::literal(
            "SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_stat_activity AS a \
             WHERE a.wait_event_type = 'Lock' \
             AND $1::text::integer = ANY (pg_catalog.pg_blocking_pids(a.pid))",
        )),
        cancel: Some(Sql::literal(
            "SELECT pg_catalog.pg_cancel_backend($1::text::integer)::text",
        )),
        workload: Some(Sql::literal(
            "SELECT n.nspname FROM pg_catalog.pg_extension AS e \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace \
             WHERE e.extname = 'pg_stat_statements' \
             AND pg_catalog.current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'",
        )),
        row_estimate: Some(Sql::literal(
            "SELECT GREATEST(c.reltuples, 0)::bigint::text \
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1::text AND c.relname = $2::text",
        )),
        table_sizes: Some(Sql::literal(TABLE_SIZES)),
        archived: Some(Sql::literal(ARCHIVED)),
        // References are always followed, and damage is the server's to find.
        dangling: None,
        integrity: None,
        settings: &[],
        guards: Some(crate::guards::statements()),
    }
}

/// The other time-outs are off: what runs long is watched.
fn lock_timeout(ms: u32) -> Sql {
    Sql::literal("SELECT pg_catalog.set_config('lock_timeout', '")
        .number(ms.into())
        .text(
            "', false), pg_catalog.set_config('statement_timeout', '0', false), \
             pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false), \
             pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit') \
             WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting('synchronous_commit') END, false)",
        )
}

/// Idempotent. Two at once wait for each other on the advisory lock, which ends with the message's transaction.
const INSTALL: &str = "\
BEGIN;
SELECT pg_catalog.pg_advisory_xact_lock(7306086967023693669);
CREATE SCHEMA IF NOT EXISTS segue;
CREATE TABLE IF NOT EXISTS segue.lease (
    epoch bigint PRIMARY KEY,
    holder text,
    beat timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    format integer NOT NULL DEFAULT 1,
    settled bigint NOT NULL DEFAULT 0
);
INSERT INTO segue.lease (epoch) SELECT 0 WHERE NOT EXISTS (SELECT FROM segue.lease);
CREATE TABLE IF NOT EXISTS segue.migration (
    position bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    path text NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    raw_checksum text NOT NULL,
    checksum text NOT NULL,
    plan_hash text NOT NULL,
    took_ms bigint NOT NULL,
    segue_version text NOT NULL,
    normalized text NOT NULL,
    plan text,
    recorded_at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE TABLE IF NOT EXISTS segue.step (
    migration text NOT NULL,
    step text NOT NULL,
    state text NOT NULL,
    purpose text NOT NULL,
    recorded_at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (migration, step)
);
CREATE TABLE IF NOT EXISTS segue.event (
    at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    actor text NOT NULL,
    what text NOT NULL,
    migration text
);
COMMIT";

/// One walk over the ids; the rest is read of those that are asked for.
const MIGRATIONS: &str = "\
WITH wanted AS MATERIALIZED (SELECT w.id FROM pg_catalog.jsonb_array_elements_text($1::text::jsonb) AS w(id)), \
others AS MATERIALIZED (SELECT o.id, o.position FROM segue.migration AS o \
WHERE NOT EXISTS (SELECT FROM wanted AS w WHERE w.id OPERATOR(pg_catalog.=) o.id)), \
chosen AS (SELECT w.id FROM wanted AS w UNION ALL \
(SELECT o.id FROM others AS o ORDER BY o.position DESC LIMIT $2::text::bigint)) \
SELECT m.id, m.path, m.name, m.state, m.raw_checksum, m.checksum, m.plan_hash, m.took_ms::text, \
pg_catalog.to_char(m.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), n.others::text \
FROM (SELECT pg_catalog.count(*) AS others FROM others) AS n \
LEFT JOIN (chosen AS c JOIN segue.migration AS m ON m.id OPERATOR(pg_catalog.=) c.id) ON true ORDER BY m.position";

const BLOCKERS: &str = "\
SELECT a.pid::text, \
pg_catalog.concat(a.usename, '@', a.datname, ' ', NULLIF(a.application_name, '')), \
pg_catalog.concat(a.state, ' for ', \
EXTRACT(epoch FROM pg_catalog.clock_timestamp() - COALESCE(a.state_change, a.backend_start))::bigint, ' s'), \
pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 120) \
FROM pg_catalog.pg_stat_activity AS a \
WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1::text::integer)) ORDER BY a.pid";

/// A table that was never analyzed has about as many rows as rows of 64 bytes fit into it; a partitioned one has those of
/// its partitions.
const TABLE_SIZES: &str = "\
WITH sizes AS (SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_table_size(c.oid) AS bytes, \
CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint ELSE pg_catalog.pg_relation_size(c.oid) / 64 END AS rows \
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'segue') AND n.nspname NOT LIKE 'pg\\_%') \
SELECT nspname::text, relname::text, rows::text, bytes::text FROM sizes \
UNION ALL SELECT n.nspname::text, c.relname::text, pg_catalog.sum(s.rows)::bigint::text, pg_catalog.sum(s.bytes)::bigint::text \
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS t JOIN sizes AS s ON s.oid = t.relid \
WHERE c.relkind = 'p' GROUP BY n.nspname, c.relname";

/// A table that was never analyzed has the rows that its statistics have seen come.
const ARCHIVED: &str = "\
SELECT c.relname::text, \
GREATEST(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)::text, \
pg_catalog.pg_total_relation_size(c.oid)::text, \
pg_catalog.obj_description(c.oid, 'pg_class'), \
pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
WHERE n.nspname = 'segue_archive' AND c.relkind IN ('r', 'p') ORDER BY c.relname";

/// The cluster and its timeline: a standby that was promoted is on a later one at once, before its first checkpoint.
/// Source: PostgreSQL 17 manual, 26.3.6 (timelines), 9.28.3 (names of WAL files begin with the timeline).
const IDENTITY: &str = "\
SELECT pg_catalog.concat('system ', c.system_identifier, ', ', \
CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'a standby' \
ELSE pg_catalog.concat('timeline ', \
pg_catalog.ltrim(pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8), '0')) END) \
FROM pg_catalog.pg_control_system() AS c";

const RIGHTS: &str = "\
SELECT CASE \
WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN \
pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, CURRENT_USER) \
WHEN c.oid IS NULL AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE') THEN \
pg_catalog.format('GRANT CREATE ON SCHEMA %I TO %I', n.nspname, CURRENT_USER) \
WHEN c.oid IS NULL THEN NULL \
WHEN $3::text = 'OWNER' AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN \
pg_catalog.format('GRANT %I TO %I', pg_catalog.pg_get_userbyid(c.relowner), CURRENT_USER) \
WHEN $3::text = 'OWNER' AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE') THEN \
pg_catalog.format('GRANT CREATE ON SCHEMA %I TO %I', n.nspname, CURRENT_USER) \
WHEN $3::text = 'OWNER' THEN NULL \
WHEN NOT pg_catalog.has_table_privilege(c.oid, $3::text) THEN \
pg_catalog.format('GRANT %s ON %I.%I TO %I', $3::text, n.nspname, c.relname, CURRENT_USER) \
END \
FROM pg_catalog.pg_namespace AS n \
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = $2::text \
WHERE n.nspname = $1::text";
