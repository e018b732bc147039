//! The runner is killed, or its connection cut, at every call to the server it makes (F01, F02).

use segue_engine::Approval;
use segue_postgres::PostgresSession;
use segue_testkit::TestServer;
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};

use crate::project::{canary, database_session, fingerprint, migrations};
use crate::runs::{all, quick, up, with};

/// More calls than a run makes; a run that is longer fails the test below.
const CALLS_MAX: usize = 400;

fn at_every_call(moment: Moment, then: Then) {
    let server = TestServer::start_newest().unwrap();
    let undisturbed = {
        let database = server.create_database().unwrap();
        up(&database, &migrations()).unwrap();
        fingerprint(&mut database.connect().unwrap())
    };
    for call in 1..CALLS_MAX {
        let database = server.create_database().unwrap();
        let knife = Knife::at(call, moment, then);
        let connect = || {
            let session: PostgresSession = database_session(&database).map_err(CutError::Server)?;
            Cut::new(session, &knife)
        };
        let cut = with::<Cut<PostgresSession>, _>(&connect, quick(), |runner| {
            runner.up(&migrations(), &all(), &Approval::default())
        });
        if !knife.is_used() {
            assert!(call > 40, "a run makes more than {call} calls");
            cut.unwrap();
            return;
        }
        let again = up(&database, &migrations());
        if let (Ok(_), Ok(again)) = (&cut, &again) {
            assert!(
                again.completed.is_empty(),
                "call {call}: it said done when it was not"
            );
        }
        assert!(again.is_ok(), "call {call} {moment:?}: {:?}", again.err());
        let mut client = database.connect().unwrap();
        assert_eq!(
            canary(&mut client).as_deref(),
            Some("111"),
            "call {call} {moment:?}"
        );
        assert_eq!(
            fingerprint(&mut client),
            undisturbed,
            "call {call} {moment:?}"
        );
    }
    panic!("a run makes more than {CALLS_MAX} calls");
}

#[test]
fn killed_before_any_call_the_next_up_finishes_and_nothing_runs_twice() {
    at_every_call(Moment::BeforeSending, Then::Dead);
}

#[test]
fn killed_after_any_reply_the_next_up_finishes_and_nothing_runs_twice() {
    at_every_call(Moment::AfterReply, Then::Dead);
}

#[test]
fn a_connection_cut_at_any_call_converges_and_nothing_runs_twice() {
    at_every_call(Moment::AfterReply, Then::Reconnects);
}
