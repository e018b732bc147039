//! Killed at calls to the server all along a gated change, on the way out, behind the gate and on the way back: running the
//! same command again ends where an undisturbed run ends (the crash matrix of the peers, "what is left" and "what to do").

use segue_engine::{Approval, EngineError, EvidencePolicy, Outcome, Runner, Standing};
use segue_model::Migration;
use segue_postgres::PostgresSession;
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};
use segue_testkit::{TestDatabase, TestServer};

use crate::cuts::Calls;
use crate::scene::{self, catalog, migration, selection, with_session};

const START: &str = "-- migrate:up\nCREATE TABLE t (id bigint PRIMARY KEY, c text DEFAULT 'x' CHECK (c <> ''), n int NOT NULL, size text NOT NULL);\n\
    CREATE INDEX t_c ON t (c);\nINSERT INTO t SELECT i, 'row ' || i, i, i || 'x' || i FROM generate_series(1, 400) i;\n";
const CHANGE: &str = "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\nALTER TABLE t DROP COLUMN n;\n\
    -- segue:map t.width = split_part(size, 'x', 1)::int\n-- segue:map t.height = split_part(size, 'x', 2)::int\n\
    -- segue:map t.size = width || 'x' || height\n\
    ALTER TABLE t ADD COLUMN width int NOT NULL, ADD COLUMN height int, DROP COLUMN size;\n";

/// Every so many calls one run is cut.
const STRIDE: usize = 31;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Contract,
    Down,
}

fn files() -> Vec<Migration> {
    vec![
        migration("1_start.sql", START),
        migration("2_change.sql", CHANGE),
    ]
}

fn go<S: segue_model::Session + Send>(
    way: Way,
    runner: &mut Runner<'_, S>,
) -> Result<Outcome, EngineError> {
    let approval = Approval::default();
    match way {
        Way::Up => runner.up(&files(), &selection(segue_engine::Target::All), &approval),
        Way::Contract => runner.contract(&files(), None, (EvidencePolicy::Accept, &approval)),
        Way::Down => runner.down(
            &files(),
            &selection(segue_engine::Target::Steps(1)),
            &approval,
        ),
    }
}

/// What comes before the way that is cut.
fn prepare(database: &TestDatabase<'_>, way: Way) {
    scene::up(database, &files()[..1]).expect("the start");
    match way {
        Way::Up => {}
        Way::Contract | Way::Down => {
            scene::up(database, &files()).expect("as far as the gate");
        }
    }
}

/// The catalog, the rows, and the journal.
fn fingerprint(database: &TestDatabase<'_>) -> Vec<Vec<Option<String>>> {
    let mut client = database.connect().expect("a connection");
    let mut found = catalog(&mut client);
    for query in [
        "SELECT 'migration', id, state FROM segue.migration ORDER BY id",
        "SELECT 'lease', holder FROM segue.lease",
        "SELECT 'rows', count(*)::text, md5(string_agg(to_jsonb(t)::text, ',' ORDER BY id)) FROM t",
    ] {
        found.extend(client.query(query).expect(query));
    }
    found
}

fn undisturbed(
    server: &TestServer,
    template: &TestDatabase<'_>,
    way: Way,
) -> Vec<Vec<Option<String>>> {
    let database = copied(server, template);
    scene::with(&database, |runner| go(way, runner)).expect("an undisturbed run");
    fingerprint(&database)
}

fn copied<'s>(server: &'s TestServer, template: &TestDatabase<'_>) -> TestDatabase<'s> {
    let copy = server.create_database_from(template.name());
    copy.expect("a database")
}

/// Cuts one run; false when it was over before.
fn is_cut(
    database: &TestDatabase<'_>,
    way: Way,
    (call, moment): (usize, Moment),
    end: &[Vec<Option<String>>],
) -> bool {
    let knife = Knife::at(call, moment, Then::Dead);
    let connect = || {
        let session: PostgresSession = scene::session(database).map_err(CutError::Server)?;
        Cut::new(session, &knife)
    };
    let cut = with_session::<Cut<PostgresSession>, _>(&connect, |runner| go(way, runner));
    if !knife.is_used() {
        cut.expect("a run that was not cut");
        return false;
    }
    // What has gone back to its end leaves nothing to take back but the migration before it.
    let lines = scene::status(database, &files());
    let is_over = way == Way::Down && lines[1].standing == Standing::Pending;
    if is_over {
        // The lease of who died in his last words goes with the next run.
        scene::contract(database, &files(), EvidencePolicy::Accept).expect("nothing waits");
    } else {
        let again = scene::with(database, |runner| go(way, runner));
        assert!(again.is_ok(), "{way:?} {call} {moment:?}: {again:?}");
    }
    assert_eq!(fingerprint(database), end, "{way:?} {call} {moment:?}");
    true
}

fn at_many_calls(way: Way, moment: Moment) {
    let server = TestServer::start_newest().unwrap();
    let template = server.create_database().expect("a database");
    prepare(&template, way);
    let end = undisturbed(&server, &template, way);
    let over = Calls::of(STRIDE)
        .until_over(|call| is_cut(&copied(&server, &template), way, (call, moment), &end));
    assert!(over > 20, "a run makes more than {over} calls");
}

#[test]
fn a_killed_up_goes_on_to_the_gate() {
    at_many_calls(Way::Up, Moment::AfterReply);
}

#[test]
fn a_killed_contract_goes_on_to_the_end() {
    at_many_calls(Way::Contract, Moment::AfterReply);
}

#[test]
fn a_killed_way_back_goes_on_to_the_start() {
    at_many_calls(Way::Down, Moment::BeforeSending);
}
