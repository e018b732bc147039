//! The primary is lost in a run and a standby takes its place (F05).

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use segue_engine::{Approval, Clock, EngineError, Event, Kind, Outcome, Runner};
use segue_postgres::{Postgres, PostgresError, PostgresSession, Sources, Target};
use segue_testkit::{Client, TestServer, installed};

use crate::project::{canary, fingerprint, migrations};
use crate::runs::{RealClock, all, quick};

const SHOP: &str = "shop";

/// A primary with an empty database, and its standby.
fn pair() -> (TestServer, TestServer) {
    let servers = installed();
    let with_copies = servers
        .iter()
        .rfind(|installed| installed.bin.join("pg_basebackup").is_file());
    // The oldest one is the distribution's, which has the program elsewhere.
    let chosen = with_copies.or(servers.first()).expect("a server");
    let primary = TestServer::start(chosen).unwrap();
    let create = format!("CREATE DATABASE {SHOP}");
    primary
        .connect("postgres")
        .unwrap()
        .execute(&create)
        .unwrap();
    let standby = primary.start_standby().unwrap();
    (primary, standby)
}

fn session(server_url: &str) -> Result<PostgresSession, PostgresError> {
    let target = Target::resolve(server_url, &Sources::default()).expect("the target is sound");
    PostgresSession::connect(&target)
}

fn run(
    connect: &(dyn Fn() -> Result<PostgresSession, PostgresError> + Sync),
    on: &mut dyn FnMut(&Event),
) -> Result<Outcome, EngineError> {
    let mut observer = |event: &Event| on(event);
    let mut runner =
        Runner::<PostgresSession>::new(&Postgres, connect, &RealClock, &mut observer).unwrap();
    runner.limits = quick();
    runner.up(&migrations(), &all(), &Approval::default())
}

fn undisturbed(server: &TestServer) -> Vec<Vec<Option<String>>> {
    let database = server.create_database().unwrap();
    crate::runs::up(&database, &migrations()).unwrap();
    fingerprint(&mut database.connect().unwrap())
}

fn until(ask: impl Fn() -> Option<Client>, question: &str) {
    for _ in 0..1_000 {
        let answer = ask().and_then(|mut client| client.value(question).ok().flatten());
        if answer.as_deref() == Some("t") {
            return;
        }
        RealClock.pause(Duration::from_millis(20));
    }
    panic!("it never came: {question}");
}

/// The standby has this much of the journal, and gets no more: what comes later is lost with the primary.
fn cut_off(standby: &TestServer, migrations: usize) {
    let has =
        format!("SELECT count(*) = {migrations} FROM segue.migration WHERE state = 'applied'");
    until(|| standby.connect(SHOP).ok(), &has);
    let mut client = standby.connect("postgres").unwrap();
    client
        .execute("ALTER SYSTEM SET primary_conninfo = ''")
        .unwrap();
    client.execute("SELECT pg_reload_conf()").unwrap();
    until(
        || standby.connect("postgres").ok(),
        "SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)",
    );
}

#[test]
fn after_a_failover_that_lost_steps_the_run_stops_and_the_next_one_does_them_again() {
    let (primary, standby) = pair();
    let expected = undisturbed(&standby_of_its_own());
    let both = format!(
        "postgresql:///{SHOP}?host={},{}&port={}&user=postgres&target_session_attrs=read-write",
        primary.socket_directory().display(),
        standby.socket_directory().display(),
        primary.port(),
    );
    let connect = || session(&both);
    let primary = RefCell::new(Some(primary));
    let steps = Cell::new(0);
    let error = run(&connect, &mut |event| {
        if matches!(event, Event::Done { id, .. } if id == "20260101000000") {
            cut_off(&standby, 1);
        }
        if matches!(event, Event::Step { .. }) && primary.borrow().is_some() {
            steps.set(steps.get() + 1);
            // In the middle of the second migration, some of whose steps the standby has never seen.
            if steps.get() == 12 {
                drop(primary.take());
                standby.promote().unwrap();
            }
        }
    })
    .unwrap_err();
    assert!(primary.borrow().is_none(), "the test proves something");
    assert!(
        matches!(error.kind(), Kind::Connection | Kind::Unknown),
        "{error:?}"
    );
    let said = error.details().join("\n");
    assert!(said.contains("timeline 2"), "{said}");
    let rest = run(&connect, &mut |_| {}).unwrap();
    assert_eq!(rest.completed, ["20260102000000", "20260103000000"]);
    let mut client = standby.connect(SHOP).unwrap();
    assert_eq!(canary(&mut client).as_deref(), Some("111"));
    assert_eq!(fingerprint(&mut client), expected);
}

/// What an undisturbed run leaves, on a server that nothing happens to.
fn standby_of_its_own() -> TestServer {
    TestServer::start_newest().unwrap()
}

#[test]
fn of_two_runners_around_a_failover_the_old_one_has_no_effect_on_the_new_primary() {
    let (primary, standby) = pair();
    let old = primary.url(SHOP);
    let new = standby.url(SHOP);
    let is_over = AtomicBool::new(false);
    let connect = || {
        session(if is_over.load(Ordering::SeqCst) {
            &new
        } else {
            &old
        })
    };
    let error = run(&connect, &mut |event| {
        if matches!(event, Event::Done { .. }) && !is_over.load(Ordering::SeqCst) {
            cut_off(&standby, 1);
            standby.promote().unwrap();
            // The second runner finishes on the new primary; then the first one's connections move there too.
            run(&|| session(&new), &mut |_| {}).unwrap();
            is_over.store(true, Ordering::SeqCst);
            let mut client = primary.connect("postgres").unwrap();
            client
                .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'segue'")
                .unwrap();
        }
    })
    .unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Connection | Kind::LeaseLost),
        "{error:?}"
    );
    let mut client = standby.connect(SHOP).unwrap();
    assert_eq!(canary(&mut client).as_deref(), Some("111"));
    assert!(
        run(&|| session(&new), &mut |_| {})
            .unwrap()
            .completed
            .is_empty()
    );
}

#[test]
fn a_standby_is_not_migrated() {
    let (_primary, standby) = pair();
    let url = standby.url(SHOP);
    let error = run(&|| session(&url), &mut |_| {}).unwrap_err();
    let said = error.details().join("\n");
    assert!(said.contains("25006"), "{error:?}");
}
