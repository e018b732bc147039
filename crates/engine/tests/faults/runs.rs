//! The life of a project: up, again, down, up; edited, out of order, destructive.

use std::time::Duration;

use segue_engine::{
    Approval, Clock, EngineError, Event, Kind, Limits, Manner, Order, Outcome, Runner, Selection,
    Standing, Target,
};
use segue_model::{Migration, Session};
use segue_postgres::{Postgres, PostgresSession};
use segue_testkit::{TestDatabase, TestServer};

use crate::project::{canary, database_session, fingerprint, migration, migrations};

/// Real time, in a test.
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

/// Everything that is pending, the safe way.
pub(crate) fn all() -> Selection {
    Selection {
        target: Target::All,
        manner: Manner::Safe,
        order: Order::Linear,
    }
}

/// Ceilings of a test: quick pauses, and a dead runner counts as gone at once.
pub(crate) fn quick() -> Limits {
    Limits {
        pause_ms: 2,
        attempts_max: 8,
        lease_silence_ms: 1,
        ..Limits::default()
    }
}

/// Does something with a runner on any kind of session.
pub(crate) fn with<S: Session + Send, T>(
    connect: &(dyn Fn() -> Result<S, S::Error> + Sync),
    limits: Limits,
    act: impl FnOnce(&mut Runner<'_, S>) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let mut observer = |_: &Event| {};
    let mut runner = Runner::new(&Postgres, connect, &RealClock, &mut observer)?;
    runner.limits = limits;
    act(&mut runner)
}

/// Runs all of a project on a plain connection.
pub(crate) fn up(database: &TestDatabase, project: &[Migration]) -> Result<Outcome, EngineError> {
    let connect = || database_session(database);
    with::<PostgresSession, _>(&connect, quick(), |runner| {
        runner.up(project, &all(), &Approval::default())
    })
}

fn down(database: &TestDatabase, steps: usize) -> Result<Outcome, EngineError> {
    let connect = || database_session(database);
    let selection = Selection {
        target: Target::Steps(steps),
        ..all()
    };
    with::<PostgresSession, _>(&connect, quick(), |runner| {
        let project = migrations();
        let refused = runner.down(&project, &selection, &Approval::default());
        let Err(error) = refused else { return refused };
        let hashes = error
            .details()
            .iter()
            .filter_map(|line| line.strip_prefix("to agree: --approve "))
            .map(str::to_owned)
            .collect();
        runner.down(&project, &selection, &Approval { hashes })
    })
}

#[test]
fn up_runs_everything_once_and_a_second_up_has_nothing_to_do() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let first = up(&database, &migrations()).unwrap();
    assert_eq!(first.completed.len(), 3);
    let mut client = database.connect().unwrap();
    let after = fingerprint(&mut client);
    assert_eq!(canary(&mut client).as_deref(), Some("111"));
    let log = client.query("SELECT what FROM segue.event").unwrap();
    let said = "completed: 20260101000000, 20260102000000, 20260103000000".to_owned();
    assert_eq!(log, [[Some(said)]]);
    assert!(up(&database, &migrations()).unwrap().completed.is_empty());
    assert_eq!(fingerprint(&mut client), after);
}

#[test]
fn down_and_up_again_ends_where_it_began() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    up(&database, &migrations()).unwrap();
    let mut client = database.connect().unwrap();
    let before = fingerprint(&mut client);
    let back = down(&database, 2).unwrap();
    assert_eq!(back.completed, ["20260103000000", "20260102000000"]);
    assert_eq!(canary(&mut client).as_deref(), Some("0"));
    up(&database, &migrations()).unwrap();
    assert_eq!(canary(&mut client).as_deref(), Some("111"));
    assert_eq!(fingerprint(&mut client), before);
}

#[test]
fn an_edit_after_the_run_is_refused_and_a_comment_is_not() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let text = "-- migrate:up\nCREATE TABLE a (b int);\n";
    up(&database, &[migration("1_a.sql", text)]).unwrap();
    let commented = "-- migrate:up\r\n/* why */ CREATE TABLE a\r\n(b int);\r\n";
    up(&database, &[migration("1_a.sql", commented)]).unwrap();
    let edited = "-- migrate:up\nCREATE TABLE a (b text);\n";
    let error = up(&database, &[migration("1_a.sql", edited)]).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(error.details().first().map(String::as_str), Some("1_a.sql"));
}

#[test]
fn a_migration_before_one_that_is_done_is_refused_until_it_is_allowed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let early = migration("1_a.sql", "-- migrate:up\nCREATE TABLE a (b int);\n");
    let late = migration("2_b.sql", "-- migrate:up\nCREATE TABLE b (b int);\n");
    up(&database, std::slice::from_ref(&late)).unwrap();
    let both = [early, late];
    assert_eq!(up(&database, &both).unwrap_err().kind(), Kind::Refused);
    let connect = || database_session(&database);
    let selection = Selection {
        order: Order::AnyOrder,
        ..all()
    };
    let done = with::<PostgresSession, _>(&connect, quick(), |runner| {
        runner.up(&both, &selection, &Approval::default())
    });
    assert_eq!(done.unwrap().completed, ["1"]);
}

#[test]
fn a_directory_older_than_the_journal_is_no_order_to_go_down() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let both = [
        migration("1_a.sql", "-- migrate:up\nCREATE TABLE a (b int);\n"),
        migration("2_b.sql", "-- migrate:up\nCREATE TABLE b (b int);\n"),
    ];
    up(&database, &both).unwrap();
    let outcome = up(&database, &both[..1]).unwrap();
    assert_eq!((outcome.completed.len(), outcome.ahead), (0, 1));
}

#[test]
fn a_statement_the_server_refuses_leaves_nothing_of_its_transaction() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let text = "-- migrate:up\nCREATE TABLE a (b int);\nINSERT INTO a VALUES ('x');\n";
    let error = up(&database, &[migration("1_a.sql", text)]).unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    assert_eq!(error.step(), Some(("1", "2")));
    let mut client = database.connect().unwrap();
    let left = client.value("SELECT to_regclass('a')::text").unwrap();
    assert_eq!(left, None);
    let connect = || database_session(&database);
    let lines = with::<PostgresSession, _>(&connect, quick(), |runner| {
        runner.status(&[migration("1_a.sql", text)])
    });
    assert_eq!(lines.unwrap()[0].standing, Standing::Pending);
}

#[test]
fn what_destroys_rows_needs_the_hash_of_its_plan_and_names_every_table() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE TABLE core (id int PRIMARY KEY); INSERT INTO core VALUES (1); \
             CREATE TABLE leaf (core_id int REFERENCES core); INSERT INTO leaf VALUES (1)",
        )
        .unwrap();
    let project = [migration(
        "1_t.sql",
        "-- migrate:up\nTRUNCATE core CASCADE;\n",
    )];
    let error = up(&database, &project).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    let named = error.details().join("\n");
    assert!(named.contains("core") && named.contains("leaf"), "{named}");
    let hash = named.rsplit(' ').next().unwrap().to_owned();
    let still = client.value("SELECT count(*)::text FROM leaf").unwrap();
    assert_eq!(still.as_deref(), Some("1"));
    let connect = || database_session(&database);
    let approval = Approval {
        hashes: [hash].into(),
    };
    with::<PostgresSession, _>(&connect, quick(), |runner| {
        runner.up(&project, &all(), &approval)
    })
    .unwrap();
    let gone = client.value("SELECT count(*)::text FROM leaf").unwrap();
    assert_eq!(gone.as_deref(), Some("0"));
}

#[test]
fn uninstall_leaves_no_trace() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    up(&database, &migrations()).unwrap();
    let connect = || database_session(&database);
    with::<PostgresSession, _>(&connect, quick(), |runner| {
        runner.uninstall()?;
        Ok(())
    })
    .unwrap();
    let mut client = database.connect().unwrap();
    let left = client
        .value("SELECT count(*)::text FROM pg_namespace WHERE nspname = 'segue'")
        .unwrap();
    assert_eq!(left.as_deref(), Some("0"));
}
