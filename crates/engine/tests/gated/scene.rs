//! A database with rows, a migration that breaks the version which runs, and a runner for it.

use std::time::Duration;

use segue_engine::{
    Approval, Clock, EngineError, Event, EvidencePolicy, Limits, Manner, Order, Outcome, Runner,
    Selection, Status, Target,
};
use segue_model::{Migration, Session, Tool};
use segue_postgres::{Postgres, PostgresSession};
use segue_sources::read_text;
use segue_testkit::{Client, TestDatabase};

/// Real time.
pub(crate) struct RealClock;

impl Clock for RealClock {
    fn now_ms(&self) -> u64 {
        0
    }

    #[expect(clippy::disallowed_methods, reason = "the pauses of a real run")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}

/// One migration, as dbmate lays it out.
pub(crate) fn migration(name: &str, text: &str) -> Migration {
    let mut migration = read_text(name, text.to_owned(), Tool::Dbmate);
    migration.id = name.split('_').next().unwrap_or(name).to_owned();
    migration
}

/// A connection to a test's database.
pub(crate) fn session(
    database: &TestDatabase<'_>,
) -> Result<PostgresSession, segue_postgres::PostgresError> {
    let target =
        segue_postgres::Target::resolve(&database.url(), &segue_postgres::Sources::default())
            .expect("the target is sound");
    PostgresSession::connect(&target)
}

/// Does something with a runner that loses no time.
pub(crate) fn with<T>(
    database: &TestDatabase<'_>,
    act: impl FnOnce(&mut Runner<'_, PostgresSession>) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    with_session(&|| session(database), act)
}

/// The same on any kind of session.
pub(crate) fn with_session<S: Session + Send, T>(
    connect: &(dyn Fn() -> Result<S, S::Error> + Sync),
    act: impl FnOnce(&mut Runner<'_, S>) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let mut observer = |_: &Event| {};
    let mut runner = Runner::new(&Postgres, connect, &RealClock, &mut observer)?;
    runner.limits = Limits {
        pause_ms: 2,
        gate_window_ms: 20,
        lease_silence_ms: 1,
        ..Limits::default()
    };
    act(&mut runner)
}

pub(crate) fn selection(target: Target) -> Selection {
    Selection {
        target,
        manner: Manner::Safe,
        order: Order::Linear,
    }
}

pub(crate) fn up(
    database: &TestDatabase<'_>,
    migrations: &[Migration],
) -> Result<Outcome, EngineError> {
    with(database, |runner| {
        runner.up(migrations, &selection(Target::All), &Approval::default())
    })
}

pub(crate) fn down(
    database: &TestDatabase<'_>,
    migrations: &[Migration],
) -> Result<Outcome, EngineError> {
    with(database, |runner| {
        runner.down(
            migrations,
            &selection(Target::Steps(1)),
            &Approval::default(),
        )
    })
}

pub(crate) fn contract(
    database: &TestDatabase<'_>,
    migrations: &[Migration],
    policy: EvidencePolicy,
) -> Result<Outcome, EngineError> {
    with(database, |runner| {
        runner.contract(migrations, None, (policy, &Approval::default()))
    })
}

pub(crate) fn status(database: &TestDatabase<'_>, migrations: &[Migration]) -> Vec<Status> {
    with(database, |runner| runner.status(migrations)).expect("the status")
}

/// Everything in the database that is not the journal, one line an object, without the order of columns.
pub(crate) fn catalog(client: &mut Client) -> Vec<Vec<Option<String>>> {
    client
        .query(
            "SELECT 'column', attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull::text, \
             pg_get_expr(adbin, adrelid) FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE nspname = 'public' AND attnum > 0 AND relkind IN ('r', 'p', 'v') AND NOT attisdropped \
             UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(oid), convalidated::text, NULL, NULL \
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' \
             UNION ALL SELECT 'index', pg_get_indexdef(indexrelid), indisvalid::text, indisready::text, NULL, NULL \
             FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace = 'public'::regnamespace \
             UNION ALL SELECT 'trigger', tgname::text, tgrelid::regclass::text, NULL, NULL, NULL FROM pg_trigger WHERE NOT tgisinternal \
             UNION ALL SELECT 'routine', oid::regprocedure::text, NULL, NULL, NULL, NULL FROM pg_proc \
             WHERE pronamespace IN ('public'::regnamespace, to_regnamespace('segue')::oid) \
             UNION ALL SELECT 'sequence', oid::regclass::text, NULL, NULL, NULL, NULL FROM pg_class WHERE relkind = 'S' \
             AND relname NOT LIKE 'migration%' AND relname NOT LIKE 'backfill%' \
             ORDER BY 1, 2, 3, 4",
        )
        .expect("the catalog can be read")
}

/// True when `cargo xtask test --all` asks for slow tests too.
#[expect(clippy::disallowed_methods, reason = "a developer says so")]
pub(crate) fn slow_ones_too() -> bool {
    std::env::var_os("SEGUE_TEST_ALL").is_some()
}
