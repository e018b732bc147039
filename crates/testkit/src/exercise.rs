//! What every dialect's session and runner's statements promise together, as claims that any dialect can be put to.
//!
//! The texts are SQL that every dialect reads. A dialect's tests hand over a [`Bench`] and call [`exercise!`](crate::exercise!),
//! which makes one test of each claim. A claim fails by panicking, like an assertion.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a claim fails by panicking"
)]

pub mod cutting;
pub mod faults;
pub mod life;
mod project;

use std::collections::BTreeSet;
use std::time::Duration;

use segue_engine::{
    Approval, Clock, EngineError, Event, Kind, Limits, Manner, Order, Outcome, Runner, Selection,
    Target,
};
use segue_model::{Dialect, Migration, Session, Sql};

pub use project::{migration, project};

/// A dialect that is put to the claims.
pub trait Bench {
    /// Its session.
    type Session: Session + Send;

    /// The dialect.
    fn dialect(&self) -> &dyn Dialect;

    /// A run is cut at every so many-th call: 1 unless a database is so dear that its dialect's tests cut elsewhere too.
    fn stride(&self) -> usize {
        1
    }

    /// A new, empty database.
    fn database(&self) -> Box<dyn Database<Self::Session> + '_>;
}

/// A database that a claim is made about.
pub trait Database<S: Session>: Sync {
    /// Opens a connection.
    ///
    /// # Errors
    /// As the session says.
    fn connect(&self) -> Result<S, S::Error>;

    /// Its structure as SQL that makes it again.
    fn dump(&self) -> String;

    /// The names of whatever Segue keeps there, as the server lists them.
    fn traces(&self) -> Vec<String>;
}

/// Makes one test of each claim. `$bench` makes a [`Bench`].
#[macro_export]
macro_rules! exercise {
    ($bench:path) => {
        $crate::exercise!(@claims $bench,
            life: a_migration_is_applied_and_recorded, up_again_has_nothing_to_do,
                a_migration_that_fails_leaves_nothing, down_restores_the_identical_structure,
                what_is_not_in_the_catalog_is_not_done, a_baseline_is_recorded_and_nothing_runs,
                status_tells_how_each_migration_stands,
                what_only_the_database_knows_is_counted_and_listed_from_its_end, uninstall_leaves_no_trace,
                an_edit_is_noticed_and_a_comment_is_not, a_dump_makes_the_same_database_again,
                what_destroys_rows_waits_for_an_agreement, names_are_as_the_database_sees_them;
            faults: killed_before_any_call_the_next_run_finishes,
                killed_after_any_call_the_next_run_finishes, a_connection_that_is_cut_anywhere_converges,
                killed_on_the_way_down_the_next_down_finishes, of_two_runners_exactly_one_applies,
                a_stolen_lease_stops_the_old_runner;
        );
    };
    (@claims $bench:path, $($group:ident: $($claim:ident),+;)+) => {
        $($(
            #[test]
            fn $claim() {
                $crate::exercise::$group::$claim(&$bench());
            }
        )+)+
    };
}

/// Pauses of a run, for real.
#[derive(Clone, Copy, Debug)]
pub struct RealPauses;

impl Clock for RealPauses {
    fn now_ms(&self) -> u64 {
        0
    }

    #[expect(clippy::disallowed_methods, reason = "the pauses of a real run")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}

/// Everything that is pending, the safe way.
pub fn all() -> Selection {
    Selection {
        target: Target::All,
        manner: Manner::Safe,
        order: Order::Linear,
    }
}

/// Ceilings of a test: quick pauses, and a dead runner counts as gone at once.
pub fn quick() -> Limits {
    Limits {
        pause_ms: 2,
        attempts_max: 8,
        lease_silence_ms: 1,
        ..Limits::default()
    }
}

/// Does something with a runner on any kind of session.
///
/// # Errors
/// What `act` says.
pub fn with<S: Session + Send, T>(
    dialect: &dyn Dialect,
    connect: &(dyn Fn() -> Result<S, S::Error> + Sync),
    act: impl FnOnce(&mut Runner<'_, S>) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let mut observer = |_: &Event| {};
    let mut runner = Runner::new(dialect, connect, &RealPauses, &mut observer)?;
    runner.limits = quick();
    act(&mut runner)
}

/// Runs all of a project on a plain connection.
fn up<B: Bench>(
    bench: &B,
    database: &dyn Database<B::Session>,
    project: &[Migration],
) -> Result<Outcome, EngineError> {
    let connect = || database.connect();
    after_the_silence(|| {
        with(bench.dialect(), &connect, |runner| {
            runner.up(project, &all(), &Approval::default())
        })
    })
}

/// Takes so many migrations back, with what that destroys agreed to.
fn down<B: Bench>(
    bench: &B,
    database: &dyn Database<B::Session>,
    steps: usize,
) -> Result<Outcome, EngineError> {
    let connect = || database.connect();
    after_the_silence(|| {
        with(bench.dialect(), &connect, |runner| {
            agreed_down(runner, steps)
        })
    })
}

/// A runner that died a moment ago counts as gone a moment later.
fn after_the_silence<T>(mut act: impl FnMut() -> Result<T, EngineError>) -> Result<T, EngineError> {
    for _ in 0..50 {
        match act() {
            Err(error) if error.kind() == Kind::LeaseHeld => {
                RealPauses.pause(Duration::from_millis(2));
            }
            done => return done,
        }
    }
    act()
}

/// Goes down; agrees to what is asked for, one plan after the other.
fn agreed_down<S: Session + Send>(
    runner: &mut Runner<'_, S>,
    steps: usize,
) -> Result<Outcome, EngineError> {
    let selection = Selection {
        target: Target::Steps(steps),
        ..all()
    };
    let project = project();
    let mut approval = Approval::default();
    loop {
        let refused = match runner.down(&project, &selection, &approval) {
            Err(error) if error.kind() == Kind::Refused => error,
            done => return done,
        };
        let asked = hashes(&refused);
        if asked.is_empty() || asked.is_subset(&approval.hashes) {
            return Err(refused);
        }
        approval.hashes.extend(asked);
    }
}

/// The hashes that a refusal asks for.
fn hashes(error: &EngineError) -> BTreeSet<String> {
    let asked = error
        .details()
        .iter()
        .filter_map(|line| line.strip_prefix("to agree: --approve "));
    asked.map(str::to_owned).collect()
}

/// The values of a query on a connection of its own, one line for each row.
fn rows<S: Session>(database: &dyn Database<S>, query: &'static str) -> Vec<String> {
    let mut session = database.connect().expect("a connection");
    let rows = session.query(&Sql::literal(query)).expect("an answer");
    rows.into_iter()
        .map(|row| {
            let values: Vec<String> = row
                .into_iter()
                .map(|value| value.unwrap_or_else(|| "null".to_owned()))
                .collect();
            values.join(" ")
        })
        .collect()
}

/// Sends SQL of the application's.
fn send<S: Session>(database: &dyn Database<S>, text: &str) {
    let mut session = database.connect().expect("a connection");
    session.execute_users(text).expect("the server takes it");
}

/// What a database looks like: structure, rows, records, and who has the lease.
fn fingerprint<B: Bench>(bench: &B, database: &dyn Database<B::Session>) -> Vec<String> {
    let mut found = vec![database.dump()];
    for query in [
        "SELECT 'counter', n FROM counter",
        "SELECT 'shop', id, name FROM shops ORDER BY id",
        "SELECT 'order', id, shop_id, total FROM orders ORDER BY id",
        "SELECT 'line', order_id, amount FROM lines ORDER BY order_id, amount",
    ] {
        found.extend(rows(database, query));
    }
    found.extend(standings(bench, database));
    let statements = bench.dialect().runner().expect("it has a runner");
    let mut session = database.connect().expect("a connection");
    let lease = session
        .query_with(&statements.lease, &[])
        .expect("an answer");
    found.push(format!("held by {lease:?}"));
    found
}

/// How each migration of the project stands.
fn standings<B: Bench>(bench: &B, database: &dyn Database<B::Session>) -> Vec<String> {
    let connect = || database.connect();
    let lines = with(bench.dialect(), &connect, |runner| {
        runner.status(&project())
    });
    lines
        .expect("a status")
        .iter()
        .map(|line| format!("{} {:?}", line.id, line.standing))
        .collect()
}
