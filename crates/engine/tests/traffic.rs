//! Traffic on a real server: what it felt is what happened.

#![cfg(test)]

use std::time::{Duration, Instant};

use segue_engine::Clock;
use segue_engine::traffic::{
    Act, Clients, Life, Live, Parameter, Release, Report, Road, Script, during,
};
use segue_model::Sql;
use segue_postgres::{PostgresError, PostgresSession, Sources, Target};
use segue_testkit::{TestDatabase, TestServer};

const PATIENCE: Duration = Duration::from_millis(250);

struct RealClock(Instant);

impl RealClock {
    #[expect(clippy::disallowed_methods, reason = "real waits are measured")]
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "real pauses")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}

fn pause(ms: u64) {
    RealClock::start().pause(Duration::from_millis(ms));
}

fn clients(sessions: u32, scripts: Vec<Script>) -> [Clients; 1] {
    [Clients {
        name: "readers",
        sessions,
        scripts,
        think: Duration::from_millis(2),
        life: Life::Whole,
    }]
}

fn script(texts: &[&'static str]) -> Script {
    let acts = texts
        .iter()
        .map(|text| Act::Send(Sql::literal(text), Vec::new()));
    Script {
        acts: acts.collect(),
        since: None,
    }
}

fn traffic<T>(
    database: &TestDatabase,
    clients: &[Clients],
    meanwhile: impl FnOnce(&Live<'_>) -> T,
) -> (T, Report) {
    let target = Target::resolve(&database.url(), &Sources::default()).unwrap();
    let connect =
        || -> Result<PostgresSession, PostgresError> { PostgresSession::connect(&target) };
    let rollback = Sql::literal("ROLLBACK");
    let road = Road {
        connect: &connect,
        clock: &RealClock::start(),
        rollback: &rollback,
        patience: PATIENCE,
        seed: 3,
    };
    during(&road, clients, meanwhile).unwrap()
}

#[test]
fn a_wait_for_a_lock_is_felt_with_its_length_its_moment_and_its_text() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut owner = database.connect().unwrap();
    owner
        .execute("CREATE TABLE a (b int); INSERT INTO a VALUES (1)")
        .unwrap();
    let (at_ms, report) = traffic(
        &database,
        &clients(3, vec![script(&["SELECT b FROM a"])]),
        |live| {
            pause(300);
            owner.execute("BEGIN; LOCK TABLE a").unwrap();
            let at_ms = live.at_ms();
            pause(600);
            owner.execute("COMMIT").unwrap();
            pause(200);
            at_ms
        },
    );
    assert_eq!(report.total.errors(), 0);
    assert_eq!(
        report.total.late(),
        3,
        "each of the three sessions waited once"
    );
    let slowest = report.total.slowest().unwrap();
    assert_eq!(slowest.text, "SELECT b FROM a");
    assert!(slowest.took_us >= 500_000, "{slowest:?}");
    assert!(slowest.at_ms <= at_ms + 100, "{slowest:?} at {at_ms}");
    assert!(report.silent_ms() >= 400, "{}", report.silent_ms());
    let middle = usize::try_from((at_ms + 300) / Report::BIN_MS).unwrap();
    let felt = report.total.bins()[middle];
    assert!(felt.slowest_us >= 500_000 && felt.answered == 0, "{felt:?}");
}

#[test]
fn an_error_is_counted_its_transaction_is_over_and_the_session_goes_on() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let scripts = vec![script(&["BEGIN", "SELECT 1 / 0", "SELECT 1"])];
    let ((), report) = traffic(&database, &clients(1, scripts), |_| pause(400));
    let total = &report.total;
    assert!(total.errors() > 2, "{} errors", total.errors());
    assert_eq!(
        total.statements(),
        total.errors() * 2,
        "what comes after the error is left out, and BEGIN works each time"
    );
    assert_eq!(total.first_errors()[0], "division by zero");
}

#[test]
fn a_session_that_is_thrown_out_comes_back() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut owner = database.connect().unwrap();
    let (so_far, report) = traffic(
        &database,
        &clients(2, vec![script(&["SELECT 1"])]),
        |live| {
            pause(200);
            owner
                .execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()",
                )
                .unwrap();
            pause(100);
            let so_far = live.so_far();
            pause(400);
            so_far
        },
    );
    assert_eq!(
        report.total.errors(),
        2,
        "{:?}",
        report.total.first_errors()
    );
    assert!(report.total.statements() > so_far.statements + 20);
}

#[test]
fn a_script_waits_for_its_release_and_parameters_differ_from_time_to_time() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut owner = database.connect().unwrap();
    owner.execute("CREATE TABLE seen (n int)").unwrap();
    let waits = Script {
        acts: vec![Act::Send(
            Sql::literal("INSERT INTO seen VALUES ($1::text::int)"),
            vec![Parameter::Between(1, 1_000_000)],
        )],
        since: Some(Release(9)),
    };
    let (before, _) = traffic(&database, &clients(2, vec![waits]), |live| {
        live.release(Release(3));
        pause(200);
        let before = owner.value("SELECT count(*)::text FROM seen").unwrap();
        live.release(Release(9));
        pause(300);
        before
    });
    assert_eq!(before.as_deref(), Some("0"));
    let many = owner
        .value("SELECT (count(DISTINCT n) > 10)::text FROM seen")
        .unwrap();
    assert_eq!(many.as_deref(), Some("true"));
}

#[test]
fn a_version_is_taken_out_of_service_and_another_connects_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let rollout = Release(1);
    let [first] = clients(2, vec![script(&["SELECT 'old'"])]);
    let [second] = clients(3, vec![script(&["SELECT 'new'"])]);
    let both = [
        Clients {
            life: Life::Until(rollout),
            ..first
        },
        Clients {
            life: Life::AgainAt(rollout),
            ..second
        },
    ];
    let (old_ones, report) = traffic(&database, &both, |live| {
        pause(200);
        let mut owner = database.connect().unwrap();
        let now = owner.value("SELECT clock_timestamp()::text").unwrap();
        live.release(rollout);
        pause(400);
        let others = "SELECT (count(*) FILTER (WHERE backend_start < '$'))::text, count(*)::text FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        owner.query(&others.replace('$', &now.unwrap())).unwrap()
    });
    let counts = [Some("0".to_owned()), Some("3".to_owned())];
    assert_eq!(
        old_ones,
        [counts],
        "none of the old sessions, three new ones"
    );
    assert_eq!(report.total.errors(), 0);
    assert!(report.groups[0].statements() > 10 && report.groups[1].statements() > 10);
    let last = |place: usize| {
        let bins = report.groups[place].bins();
        bins.iter().rposition(|bin| bin.answered > 0).unwrap()
    };
    assert!(last(0) + 4 < last(1), "{} and {}", last(0), last(1));
}

#[test]
fn when_the_work_beside_it_panics_the_traffic_ends_too() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let readers = clients(2, vec![script(&["SELECT 1"])]);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        traffic(&database, &readers, |_| panic!("the work"))
    }));
    assert!(panicked.is_err());
    let left = database
        .connect()
        .unwrap()
        .value("SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'segue' AND state = 'active'")
        .unwrap();
    assert_eq!(left.as_deref(), Some("0"));
}
