//! What is proven before anything is changed on PostgreSQL 12 to 18: environment, approvals, who is in the way, and
//! whether there is a way back.
//!
//! Everything is qualified, and nothing here takes a lock that keeps anybody waiting. Times are the server's.

use segue_model::{GuardStatements, Sql};

/// The statements.
pub(crate) fn statements() -> GuardStatements {
    GuardStatements {
        is_installed: Sql::literal(
            "SELECT (pg_catalog.to_regclass('segue.marker') IS NOT NULL \
             AND pg_catalog.to_regclass('segue.approval') IS NOT NULL)::text",
        ),
        install: Sql::literal(INSTALL),
        server: Sql::literal(
            "SELECT pg_catalog.current_database()::text, pg_catalog.pg_is_in_recovery()::text, \
             pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        ),
        system_identifier: Sql::literal(
            "SELECT system_identifier::text FROM pg_catalog.pg_control_system()",
        ),
        marker: Sql::literal(
            "SELECT name, protected::text, system_identifier, database, \
             pg_catalog.to_char(marked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), marked_by \
             FROM segue.marker",
        ),
        mark: Sql::literal(
            "INSERT INTO segue.marker AS m (name, protected, system_identifier, database, marked_by) \
             VALUES ($1::text, $2::text::boolean, $3::text, pg_catalog.current_database()::text, \
             pg_catalog.concat($4::text, ', as ', SESSION_USER)) \
             ON CONFLICT (is_only) DO UPDATE SET name = EXCLUDED.name, protected = EXCLUDED.protected, \
             system_identifier = EXCLUDED.system_identifier, database = EXCLUDED.database, \
             marked_by = EXCLUDED.marked_by, marked_at = pg_catalog.clock_timestamp()",
        ),
        approve: Sql::literal(
            "INSERT INTO segue.approval (plan_hash, person, what) \
             VALUES ($1::text, pg_catalog.concat($2::text, ', as ', SESSION_USER), $3::text)",
        ),
        approvals: Sql::literal(
            "SELECT person, pg_catalog.to_char(pg_catalog.min(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
             FROM segue.approval WHERE plan_hash = $1::text GROUP BY person ORDER BY pg_catalog.min(at)",
        ),
        old_transactions: Sql::literal(OLD_TRANSACTIONS),
        prepared_transactions: Sql::literal(
            "SELECT gid, owner::text, \
             EXTRACT(epoch FROM pg_catalog.clock_timestamp() - prepared)::bigint::text \
             FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY prepared",
        ),
        unyielding_upkeep: Sql::literal(UNYIELDING_UPKEEP),
        restore_point: Sql::literal("SELECT pg_catalog.pg_create_restore_point($1::text)::text"),
        log_position: Sql::literal("SELECT pg_catalog.pg_current_wal_lsn()::text"),
        archiving: Sql::literal(
            "SELECT (pg_catalog.current_setting('archive_mode') <> 'off')::text, \
             COALESCE(last_failed_time > last_archived_time, last_failed_time IS NOT NULL)::text, \
             last_failed_time::timestamp(0)::text, last_archived_time::timestamp(0)::text, last_failed_wal \
             FROM pg_catalog.pg_stat_archiver",
        ),
    }
}

/// Idempotent. Two at once wait for each other on the advisory lock, which ends with the message's transaction.
const INSTALL: &str = "\
BEGIN;
SELECT pg_catalog.pg_advisory_xact_lock(7306086967023693669);
CREATE SCHEMA IF NOT EXISTS segue;
CREATE TABLE IF NOT EXISTS segue.marker (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    name text NOT NULL,
    protected boolean NOT NULL,
    system_identifier text,
    database text NOT NULL,
    marked_at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    marked_by text NOT NULL
);
CREATE TABLE IF NOT EXISTS segue.approval (
    plan_hash text NOT NULL,
    person text NOT NULL,
    what text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMIT";

/// A concurrent build waits for transactions of this database only. What other roles do is hidden from a role that may
/// not read statistics: their transactions are not listed then.
const OLD_TRANSACTIONS: &str = "\
SELECT a.pid::text, \
pg_catalog.concat(a.usename, '@', a.datname, ' ', NULLIF(a.application_name, '')), a.state, \
EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint::text \
FROM pg_catalog.pg_stat_activity AS a \
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() \
AND a.backend_type = 'client backend' \
AND a.xact_start <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1::text::double precision) \
ORDER BY a.xact_start";

/// An autovacuum that prevents wraparound does not end when somebody waits for it. To a role that may not read
/// statistics its statement is hidden: then the age of the table decides.
///
/// Source: PostgreSQL 17 manual, 24.1.6 (an anti-wraparound vacuum is not interrupted).
const UNYIELDING_UPKEEP: &str = "\
SELECT l.pid::text, \
CASE WHEN a.query LIKE 'autovacuum:%' THEN a.query ELSE 'autovacuum (to prevent wraparound)' END, \
EXTRACT(epoch FROM pg_catalog.clock_timestamp() - COALESCE(a.xact_start, a.backend_start))::bigint::text \
FROM pg_catalog.pg_locks AS l \
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation \
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
WHERE n.nspname = $1::text AND c.relname = $2::text AND l.locktype = 'relation' AND l.granted \
AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) \
AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid() \
AND (a.query LIKE 'autovacuum:%(to prevent wraparound)' \
OR (COALESCE(a.query, '<insufficient privilege>') = '<insufficient privilege>' AND c.relfrozenxid <> '0'::xid \
AND pg_catalog.age(c.relfrozenxid) > pg_catalog.current_setting('autovacuum_freeze_max_age')::bigint)) \
ORDER BY l.pid";
