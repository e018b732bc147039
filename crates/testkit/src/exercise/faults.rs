//! A runner that is killed or cut off at every call it makes, two at once, and one whose lease was taken.

use std::sync::Mutex;

use segue_engine::{Approval, Event, Kind, Limits, Runner};
use segue_model::Session as _;

use super::cutting::{Cut, CutError, Knife, Moment, Then};
use super::{
    Bench, Database, RealPauses, agreed_down, all, down, fingerprint, project, quick, rows, up,
    with,
};

/// More calls than a run makes; a run that is longer fails the claim.
const CALLS_MAX: usize = 500;
/// Fewer calls than a run makes.
const CALLS_MIN: usize = 25;

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

fn at_every_call<B: Bench>(bench: &B, way: Way, (moment, then): (Moment, Then)) {
    let prepared = || {
        let database = bench.database();
        if way == Way::Down {
            up(bench, &*database, &project()).expect("it runs");
        }
        database
    };
    let run = |database: &dyn Database<B::Session>| match way {
        Way::Up => up(bench, database, &project()),
        Way::Down => down(bench, database, 2),
    };
    let undisturbed = {
        let database = prepared();
        run(&*database).expect("it runs");
        fingerprint(bench, &*database)
    };
    for call in (1..CALLS_MAX).step_by(bench.stride()) {
        let database = prepared();
        let knife = Knife::at(call, moment, then);
        let connect = || {
            let session = database.connect().map_err(CutError::Server)?;
            Cut::new(session, &knife)
        };
        let cut = with(bench.dialect(), &connect, |runner| {
            if then == Then::Dead {
                // Whatever a dead process tries is in vain.
                runner.limits.attempts_max = 2;
            }
            match way {
                Way::Up => runner.up(&project(), &all(), &Approval::default()),
                Way::Down => agreed_down(runner, 2),
            }
        });
        if !knife.is_used() {
            assert!(call > CALLS_MIN, "a run makes more than {call} calls");
            cut.expect("nothing was cut");
            return;
        }
        let place = format!("call {call} {moment:?}, the run said {cut:?}");
        finish(bench, &*database, (way, cut.is_ok()), &place);
        assert_eq!(fingerprint(bench, &*database), undisturbed, "{place}");
    }
    panic!("a run makes more than {CALLS_MAX} calls");
}

/// Runs again what was cut, until nothing is left of it.
fn finish<B: Bench>(
    bench: &B,
    database: &dyn Database<B::Session>,
    (way, said_done): (Way, bool),
    place: &str,
) {
    match way {
        Way::Up => {
            let again = up(bench, database, &project());
            let again = again.unwrap_or_else(|error| panic!("{place}: {error:?}"));
            assert!(
                !said_done || again.completed.is_empty(),
                "{place}: it said done when it was not"
            );
        }
        Way::Down => {
            // `down` takes back so many of those that are done: as many as are left of the two.
            let is_done = |id: &str| {
                super::standings(bench, database)
                    .iter()
                    .any(|line| line.starts_with(id) && !line.ends_with("Pending"))
            };
            let left = usize::from(is_done("3")) + usize::from(is_done("2"));
            assert!(!said_done || left == 0, "{place}: it said done");
            let again = if left > 0 {
                down(bench, database, left)
            } else {
                // Nothing is left to do but to give the dead runner's lease up.
                up(bench, database, &project()[..1])
            };
            again.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        }
    }
}

/// The process dies before a call: the next run finishes, and nothing is done twice.
pub fn killed_before_any_call_the_next_run_finishes<B: Bench>(bench: &B) {
    at_every_call(bench, Way::Up, (Moment::BeforeSending, Then::Dead));
}

/// The process dies before it hears of a call: the next run finishes, and nothing is done twice.
pub fn killed_after_any_call_the_next_run_finishes<B: Bench>(bench: &B) {
    at_every_call(bench, Way::Up, (Moment::AfterReply, Then::Dead));
}

/// The connection is lost at a call and can be made again: the run or the next one finishes.
pub fn a_connection_that_is_cut_anywhere_converges<B: Bench>(bench: &B) {
    at_every_call(bench, Way::Up, (Moment::AfterReply, Then::Reconnects));
}

/// The same on the way back.
pub fn killed_on_the_way_down_the_next_down_finishes<B: Bench>(bench: &B) {
    at_every_call(bench, Way::Down, (Moment::AfterReply, Then::Dead));
}

/// Of several runners at once one applies each migration; the others are told that somebody is at work, or have nothing
/// to do.
pub fn of_two_runners_exactly_one_applies<B: Bench + Sync>(bench: &B) {
    for _round in 0..4 {
        let database = bench.database();
        let applied = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let dialect = bench.dialect();
                    let connect = || database.connect();
                    let result = with(dialect, &connect, |runner| {
                        runner.limits = Limits {
                            lease_silence_ms: 60_000,
                            ..quick()
                        };
                        runner.up(&project(), &all(), &Approval::default())
                    });
                    match result {
                        Ok(outcome) => {
                            *applied.lock().expect("no claim failed") += outcome.completed.len();
                        }
                        Err(error) => assert_eq!(error.kind(), Kind::LeaseHeld, "{error:?}"),
                    }
                });
            }
        });
        assert_eq!(*applied.lock().expect("no claim failed"), 3);
        assert_eq!(rows(&*database, "SELECT n FROM counter"), ["111"]);
    }
}

/// A runner that was taken for dead stops before its next effect.
pub fn a_stolen_lease_stops_the_old_runner<B: Bench>(bench: &B) {
    let database = bench.database();
    let connect = || database.connect();
    let statements = bench.dialect().runner().expect("it has a runner");
    let is_taken = std::cell::Cell::new(false);
    let mut observer = |event: &Event| {
        if !matches!(event, Event::Done { .. }) || is_taken.replace(true) {
            return;
        }
        let mut thief = database.connect().expect("a connection");
        let taken = (0..10_000).any(|_| {
            let rows = thief.query_with(&statements.take_lease, &[Some("thief"), Some("0")]);
            !rows.expect("an answer").is_empty()
        });
        assert!(taken, "a silent holder can be followed");
    };
    let mut runner = Runner::new(bench.dialect(), &connect, &RealPauses, &mut observer)
        .expect("it has a runner");
    runner.limits = Limits {
        lease_silence_ms: 60_000,
        ..quick()
    };
    let stopped = runner.up(&project(), &all(), &Approval::default());
    assert_eq!(stopped.expect_err("it stops").kind(), Kind::LeaseLost);
    assert_eq!(rows(&*database, "SELECT n FROM counter"), ["0"]);
}
