//! A small project in memory, and what its database must look like in the end.

use segue_model::{Migration, Tool};
use segue_postgres::PostgresSession;
use segue_sources::read_text;
use segue_testkit::{Client, TestDatabase};

/// One transaction; a concurrent index and a foreign key in steps; statements that must not run twice; a file that
/// opts out of its transaction.
const FILES: &[(&str, &str)] = &[
    (
        "20260101000000_start.sql",
        "-- migrate:up\nCREATE TABLE shops (id bigint PRIMARY KEY, name text);\n\
         CREATE TABLE orders (id bigint PRIMARY KEY, shop_id bigint, total int);\n\
         CREATE TABLE counter (n int);\nINSERT INTO counter VALUES (0);\n\
         INSERT INTO shops SELECT i, 'shop ' || i FROM generate_series(1, 20) i;\n\
         INSERT INTO orders SELECT i, 1 + i % 20, i FROM generate_series(1, 200) i;\n\
         -- migrate:down\nDROP TABLE counter; DROP TABLE orders; DROP TABLE shops;\n",
    ),
    (
        "20260102000000_steps.sql",
        "-- migrate:up\nUPDATE counter SET n = n + 1;\nCREATE INDEX orders_total ON orders (total);\n\
         UPDATE counter SET n = n + 10;\n\
         ALTER TABLE orders ADD CONSTRAINT orders_shop FOREIGN KEY (shop_id) REFERENCES shops (id);\n\
         ALTER TABLE orders ALTER COLUMN shop_id SET NOT NULL;\nUPDATE counter SET n = n + 100;\n\
         -- migrate:down\nALTER TABLE orders ALTER COLUMN shop_id DROP NOT NULL;\n\
         ALTER TABLE orders DROP CONSTRAINT orders_shop;\nDROP INDEX orders_total;\n\
         UPDATE counter SET n = n - 111;\n",
    ),
    (
        "20260103000000_alone.sql",
        "-- migrate:up transaction:false\nCREATE UNIQUE INDEX CONCURRENTLY orders_both ON orders (shop_id, id);\n\
         -- migrate:down transaction:false\nDROP INDEX CONCURRENTLY orders_both;\n",
    ),
];

/// The migrations.
pub(crate) fn migrations() -> Vec<Migration> {
    FILES
        .iter()
        .map(|(name, text)| migration(name, text))
        .collect()
}

/// One, as dbmate lays it out.
pub(crate) fn migration(name: &str, text: &str) -> Migration {
    let mut migration = read_text(name, text.to_owned(), Tool::Dbmate);
    migration.id = name.split('_').next().unwrap_or(name).to_owned();
    migration
}

/// A connection to a test's database.
pub(crate) fn database_session(
    database: &TestDatabase,
) -> Result<PostgresSession, segue_postgres::PostgresError> {
    let target =
        segue_postgres::Target::resolve(&database.url(), &segue_postgres::Sources::default())
            .expect("the target is sound");
    PostgresSession::connect(&target)
}

/// What a database looks like: columns, constraints, indexes, the canary, the journal, what is left over.
pub(crate) fn fingerprint(client: &mut Client) -> Vec<Vec<Option<String>>> {
    client
        .query(
            "SELECT 'column', attrelid::regclass::text, attname::text, attnotnull::text FROM pg_attribute a \
             JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE nspname = 'public' AND attnum > 0 AND relkind = 'r' \
             UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(oid), convalidated::text \
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
             UNION ALL SELECT 'index', pg_get_indexdef(indexrelid), indisvalid::text, indisready::text \
             FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace = 'public'::regnamespace \
             UNION ALL SELECT 'migration', id, state, checksum FROM segue.migration \
             UNION ALL SELECT 'lease', holder, NULL, NULL FROM segue.lease \
             UNION ALL SELECT 'open transaction', pid::text, query, NULL FROM pg_stat_activity \
             WHERE state LIKE 'idle in transaction%' AND datname = current_database() \
             ORDER BY 1, 2, 3, 4",
        )
        .expect("the fingerprint can be taken")
}

/// The canary: 111 when every statement ran exactly once.
pub(crate) fn canary(client: &mut Client) -> Option<String> {
    client
        .value("SELECT n::text FROM counter")
        .expect("the canary is there")
}
