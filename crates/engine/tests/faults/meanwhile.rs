//! Others act in the middle of a run: a right goes (F24), a column goes (F25), somebody asks the run to stop (F32).

use segue_engine::{Approval, EngineError, Event, Kind, Outcome, Runner, StateOfDatabase, Stop};
use segue_model::Migration;
use segue_postgres::{Postgres, PostgresError, PostgresSession, Sources, Target};
use segue_testkit::{TestDatabase, TestServer, installed};

use crate::project::{canary, database_session, fingerprint, migration, migrations};
use crate::runs::{RealClock, all, quick, up};

type Disturbance<'a> = (&'a dyn Fn(&Event) -> bool, &'a mut dyn FnMut());

/// Runs, and does something when so many events of this kind have come.
fn disturbed(
    connect: &(dyn Fn() -> Result<PostgresSession, PostgresError> + Sync),
    project: &[Migration],
    (is_it, disturb): Disturbance<'_>,
) -> Result<Outcome, EngineError> {
    let mut is_over = false;
    let mut observer = |event: &Event| {
        if !is_over && is_it(event) {
            is_over = true;
            disturb();
        }
    };
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, connect, &RealClock, &mut observer).unwrap();
    runner.limits = quick();
    let ended = runner.up(project, &all(), &Approval::default());
    assert!(is_over, "the test proves something");
    ended
}

fn at_step(number: &'static str) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Step { id, .. } if id == number)
}

fn session_of(database: &TestDatabase, user: &str) -> Result<PostgresSession, PostgresError> {
    let url = database
        .url()
        .replace("user=postgres", &format!("user={user}"));
    let target = Target::resolve(&url, &Sources::default()).expect("the target is sound");
    PostgresSession::connect(&target)
}

/// A role that may do what the migrations take, and a table of somebody else's.
fn with_deployer(database: &TestDatabase) -> segue_testkit::Client {
    let mut client = database.connect().unwrap();
    client
        .execute(
            "DROP ROLE IF EXISTS deployer; DROP ROLE IF EXISTS keeper; CREATE ROLE deployer LOGIN; CREATE ROLE keeper; \
             CREATE TABLE shops (id int); GRANT SELECT, INSERT ON shops TO deployer; \
             GRANT CREATE ON SCHEMA public TO deployer",
        )
        .unwrap();
    let name = database.name();
    client
        .execute(&format!("GRANT CREATE ON DATABASE {name} TO deployer"))
        .unwrap();
    client
}

/// Each takes away one right before the second migration; the GRANT that gives it back is named, and with it the run
/// goes on.
#[test]
fn a_right_that_is_taken_away_ends_the_run_with_the_grant_that_is_missing() {
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        for (revoke, second, grant) in [
            (
                "REVOKE INSERT ON shops FROM deployer",
                "INSERT INTO shops VALUES (1);",
                "GRANT INSERT ON public.shops TO deployer",
            ),
            (
                "REVOKE CREATE ON SCHEMA public FROM deployer",
                "CREATE TABLE later (a int);",
                "GRANT CREATE ON SCHEMA public TO deployer",
            ),
            (
                "ALTER TABLE mine OWNER TO keeper",
                "ALTER TABLE mine ADD COLUMN b int;",
                "GRANT keeper TO deployer",
            ),
            (
                "REVOKE INSERT ON segue.migration FROM deployer",
                "INSERT INTO shops VALUES (1);",
                "GRANT INSERT ON segue.migration TO deployer",
            ),
        ] {
            let database = server.create_database().unwrap();
            let mut client = with_deployer(&database);
            let project = [
                migration("1_mine.sql", "-- migrate:up\nCREATE TABLE mine (a int);\n"),
                migration("2_then.sql", &format!("-- migrate:up\n{second}\n")),
            ];
            let connect = || session_of(&database, "deployer");
            let is_second =
                |event: &Event| matches!(event, Event::Migration { id, .. } if id == "2");
            let mut disturb = || client.execute(revoke).unwrap();
            let error = disturbed(&connect, &project, (&is_second, &mut disturb)).unwrap_err();
            assert_eq!(error.kind(), Kind::Failed, "{error:?}");
            assert_eq!(*error.state(), StateOfDatabase::Between { migrations: 1 });
            let said = error.details().join("\n");
            assert!(said.contains("(42501)"), "{said}");
            assert!(
                said.contains(&format!("missing: {grant}")),
                "{revoke}: {said}"
            );
            client.execute(grant).unwrap();
            let rest = disturbed(&connect, &project, (&|_| true, &mut || {})).unwrap();
            assert_eq!(rest.completed, ["2"], "{revoke}");
            client
                .execute("DROP OWNED BY deployer CASCADE; DROP OWNED BY keeper CASCADE")
                .unwrap();
        }
    }
}

/// What is done by somebody before a step, the step, and what the error says.
#[test]
fn a_change_by_somebody_else_in_the_middle_is_named() {
    let server = TestServer::start_newest().unwrap();
    for (before, change, said) in [
        (
            "CREATE TABLE a (b int); CREATE TABLE c (d int)",
            "ALTER TABLE c RENAME COLUMN d TO e",
            "changed by someone since the plan was made",
        ),
        (
            "CREATE TABLE a (b int); CREATE TABLE c (d int)",
            "DROP TABLE c",
            "changed by someone since the plan was made",
        ),
        (
            "CREATE TABLE a (b int); CREATE TABLE c (d int)",
            "ALTER TABLE c ADD COLUMN later int",
            "changed by someone since the plan was made",
        ),
    ] {
        let database = server.create_database().unwrap();
        let mut client = database.connect().unwrap();
        client.execute(before).unwrap();
        let project = [migration(
            "1_two.sql",
            "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY a_b ON a (b);\nALTER TABLE c ADD COLUMN later int, ALTER COLUMN d SET DEFAULT 1;\n",
        )];
        let connect = || database_session(&database);
        let error = disturbed(
            &connect,
            &project,
            (&at_step("2"), &mut || client.execute(change).unwrap()),
        )
        .unwrap_err();
        assert_eq!(error.kind(), Kind::Failed, "{change}: {error:?}");
        let lines = error.details().join("\n");
        assert!(lines.contains(said), "{change}: {lines}");
        assert_eq!(
            *error.state(),
            StateOfDatabase::Partial {
                migrations: 0,
                steps: 1,
                of: 2
            }
        );
    }
}

#[test]
fn what_an_earlier_step_did_and_somebody_undid_is_named() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE shops (id int PRIMARY KEY); CREATE TABLE orders (shop_id int); INSERT INTO shops VALUES (1)")
        .unwrap();
    let text = "-- migrate:up\nALTER TABLE orders ADD CONSTRAINT orders_shop FOREIGN KEY (shop_id) REFERENCES shops (id);\n";
    let project = [migration("1_key.sql", text)];
    let connect = || database_session(&database);
    let is_validation = |event: &Event| matches!(event, Event::Step { id, .. } if id != "1.1" && id.starts_with("1."));
    let mut disturb = || {
        client
            .execute("ALTER TABLE orders DROP CONSTRAINT orders_shop")
            .unwrap();
    };
    let error = disturbed(&connect, &project, (&is_validation, &mut disturb)).unwrap_err();
    let lines = error.details().join("\n");
    assert!(lines.contains("changed by someone"), "{error:?}");
}

#[test]
fn asked_to_stop_at_any_event_it_stops_between_two_steps_and_the_next_up_finishes() {
    let server = TestServer::start_newest().unwrap();
    let undisturbed = {
        let database = server.create_database().unwrap();
        up(&database, &migrations()).unwrap();
        fingerprint(&mut database.connect().unwrap())
    };
    for event in 1..30 {
        let database = server.create_database().unwrap();
        let connect = || database_session(&database);
        let stop = Stop::new();
        let mut seen = 0;
        let mut observer = |_: &Event| {
            seen += 1;
            if seen == event {
                stop.ask();
            }
        };
        let mut runner =
            Runner::<PostgresSession>::new(&Postgres, &connect, &RealClock, &mut observer).unwrap();
        runner.limits = quick();
        runner.stop = &stop;
        let ended = runner.up(&migrations(), &all(), &Approval::default());
        if seen < event {
            ended.unwrap();
            assert!(event > 10, "a run has {seen} events");
            return;
        }
        if let Err(error) = &ended {
            assert_eq!(error.kind(), Kind::Stopped, "{error:?}");
        }
        let rest = up(&database, &migrations()).unwrap();
        assert!(ended.is_err() || rest.completed.is_empty(), "event {event}");
        let mut client = database.connect().unwrap();
        assert_eq!(canary(&mut client).as_deref(), Some("111"), "event {event}");
        assert_eq!(fingerprint(&mut client), undisturbed, "event {event}");
    }
    panic!("a run has more events");
}
