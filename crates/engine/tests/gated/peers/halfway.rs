//! Killed halfway, and then the operator decides otherwise.

use std::sync::Arc;

use segue_engine::{Approval, EvidencePolicy, Kind, Runner, Standing, Target};
use segue_model::{Migration, Session};
use segue_postgres::PostgresSession;
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::cuts::Calls;
use crate::scene::{self, catalog, down, migration, selection, status, up, with_session};

const START: &str = "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, c text DEFAULT 'x' CHECK (c <> ''), n int NOT NULL DEFAULT 4);\n\
    CREATE INDEX t_c ON t (c);\nINSERT INTO t SELECT i, 'row ' || i, i FROM generate_series(1, 300) i;\n";

const CHANGE: &str = "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\nALTER TABLE t DROP COLUMN n;\n\
    -- migrate:down\nALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 4;\nALTER TABLE t RENAME COLUMN d TO c;\n";

fn files() -> Vec<Migration> {
    vec![
        migration("1_start.sql", START),
        migration("2_change.sql", CHANGE),
    ]
}

/// Every so many calls one run is cut.
const STRIDE: usize = 73;

/// A database that each play copies: the start, and what more is done before the cut.
fn template(server: &TestServer, more: usize) -> TestDatabase<'_> {
    let database = server.create_database().unwrap();
    for count in 1..=more {
        up(&database, &files()[..count]).unwrap();
    }
    database
}

/// Cuts what is done at a call; false when it was over before.
fn cut(
    database: &TestDatabase<'_>,
    call: usize,
    act: impl FnOnce(&mut Runner<'_, Cut<PostgresSession>>) -> Result<(), segue_engine::EngineError>,
) -> bool {
    cut_by(
        database,
        &Knife::at(call, Moment::AfterReply, Then::Dead),
        act,
    )
}

fn cut_by(
    database: &TestDatabase<'_>,
    knife: &Arc<Knife>,
    act: impl FnOnce(&mut Runner<'_, Cut<PostgresSession>>) -> Result<(), segue_engine::EngineError>,
) -> bool {
    let connect = || {
        let session: PostgresSession = scene::session(database).map_err(CutError::Server)?;
        Cut::new(session, knife)
    };
    let done = with_session::<Cut<PostgresSession>, _>(&connect, act);
    assert!(knife.is_used() || done.is_ok(), "{done:?}");
    knife.is_used()
}

fn cut_up(database: &TestDatabase<'_>, call: usize) -> bool {
    let all = selection(Target::All);
    cut(database, call, |runner| {
        runner.up(&files(), &all, &Approval::default()).map(drop)
    })
}

fn values(client: &mut Client, columns: &str) -> Option<String> {
    let sql = format!("SELECT md5(string_agg(({columns})::text, ',' ORDER BY id)) FROM t");
    client.value(&sql).unwrap()
}

/// T-26, T-41, T-56: whatever a dead run has left, there is a way back to the catalog that was there.
#[test]
fn a_killed_up_goes_back_to_the_catalog_that_was_there() {
    let server = TestServer::start_newest().unwrap();
    let template = template(&server, 1);
    Calls::of(STRIDE).until_over(|call| {
        let database = server.create_database_from(template.name()).unwrap();
        let mut client = database.connect().unwrap();
        let (before, rows) = (catalog(&mut client), values(&mut client, "id, c, n"));
        let is_cut = cut_up(&database, call);
        let standing = status(&database, &files())[1].standing;
        if standing != Standing::Pending {
            assert!(
                matches!(standing, Standing::Partial | Standing::Waiting),
                "{standing:?}"
            );
            down(&database, &files()).unwrap();
        }
        assert_eq!(catalog(&mut client), before);
        assert_eq!(values(&mut client, "id, c, n"), rows);
        is_cut
    });
}

/// An index that was to be built: of one that was not sent there is nothing to take back, one that was built goes.
#[test]
fn a_build_that_was_only_intended_is_taken_back_as_far_as_it_is_there() {
    let server = TestServer::start_newest().unwrap();
    let template = template(&server, 1);
    for moment in [Moment::BeforeSending, Moment::AfterReply] {
        let database = server.create_database_from(template.name()).unwrap();
        let mut client = database.connect().unwrap();
        let before = catalog(&mut client);
        let knife = Knife::at_words("CREATE INDEX CONCURRENTLY", moment, Then::Dead);
        let all = selection(Target::All);
        let is_cut = cut_by(&database, &knife, |runner| {
            runner.up(&files(), &all, &Approval::default()).map(drop)
        });
        assert!(is_cut, "an index is built");
        let intended = "SELECT count(*)::text FROM segue.step WHERE state = 'intended'";
        assert_eq!(client.value(intended).unwrap().as_deref(), Some("1"));
        down(&database, &files()).unwrap();
        assert_eq!(catalog(&mut client), before, "{moment:?}");
    }
}

/// What its own way down adds with a default has a value in every row at once: none would ask the archive.
#[test]
fn a_dropped_column_with_a_default_comes_back_with_what_was_kept() {
    let server = TestServer::start_newest().unwrap();
    for column in [
        "n int NOT NULL DEFAULT 4",
        "n int DEFAULT 4",
        "n int NOT NULL DEFAULT (4 * random())::int",
        "n int GENERATED BY DEFAULT AS IDENTITY",
    ] {
        let database = server.create_database().unwrap();
        let files = [
            migration(
                "1_start.sql",
                &START.replace("n int NOT NULL DEFAULT 4", column),
            ),
            migration(
                "2_change.sql",
                &CHANGE.replace("n int NOT NULL DEFAULT 4", column),
            ),
        ];
        up(&database, &files[..1]).unwrap();
        let mut client = database.connect().unwrap();
        let (before, rows) = (catalog(&mut client), values(&mut client, "id, c, n"));
        up(&database, &files).unwrap();
        scene::contract(&database, &files, EvidencePolicy::Accept).unwrap();
        client
            .execute("INSERT INTO t (id, d) VALUES (1000, 'later')")
            .unwrap();
        down(&database, &files).unwrap();
        scene::contract(&database, &files, EvidencePolicy::Accept).unwrap();
        client.execute("DELETE FROM t WHERE id = 1000").unwrap();
        assert_eq!(values(&mut client, "id, c, n"), rows, "{column}");
        assert_eq!(catalog(&mut client), before, "{column}");
    }
}

/// T-10, T-29, T-30: half a backfill is no reason to go on behind the gate; and what is half done says so.
#[test]
fn nothing_goes_on_behind_a_gate_before_which_something_is_left() {
    let server = TestServer::start_newest().unwrap();
    let template = template(&server, 1);
    Calls::of(STRIDE).until_over(|call| {
        let database = server.create_database_from(template.name()).unwrap();
        let is_cut = cut_up(&database, call);
        let standing = status(&database, &files())[1].standing;
        let mut client = database.connect().unwrap();
        let rows = values(&mut client, "id, c, n");
        let refused = scene::with(&database, |runner| {
            let policy = (EvidencePolicy::Accept, &Approval::default());
            runner.contract(&files(), Some("2"), policy)
        });
        if standing == Standing::Waiting {
            refused.unwrap();
        } else {
            assert!(
                matches!(standing, Standing::Partial | Standing::Pending),
                "{standing:?}"
            );
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), Kind::Request, "{error}");
            assert_eq!(values(&mut client, "id, c, n"), rows);
            assert_eq!(up(&database, &files()).unwrap().completed, ["2"]);
        }
        is_cut
    });
}

/// T-17, T-55: killed behind the gate, the way back has every value.
#[test]
fn a_contract_phase_that_was_killed_goes_back_with_every_value() {
    let server = TestServer::start_newest().unwrap();
    let template = template(&server, 2);
    Calls::of(STRIDE).until_over(|call| {
        let database = server.create_database_from(template.name()).unwrap();
        let mut client = database.connect().unwrap();
        let rows = values(&mut client, "id, c, n");
        let is_cut = cut(&database, call, |runner| {
            let policy = (EvidencePolicy::Accept, &Approval::default());
            runner.contract(&files(), None, policy).map(drop)
        });
        if is_cut {
            back(&database);
            let (now, kept) = columns(&mut client);
            assert_eq!(values(&mut client, &now), rows, "{now}, {kept}");
        }
        is_cut
    });
}

/// `segue down`, and where that is refused because a step has no exact way back, `segue contract` first.
fn back(database: &TestDatabase<'_>) {
    let one = selection(Target::Steps(1));
    let went = scene::with(database, |runner| went_back(runner, &one));
    if let Err(error) = went {
        assert_eq!(
            error.kind(),
            Kind::Refused,
            "{error}: {:?}",
            error.details()
        );
        scene::contract(database, &files(), EvidencePolicy::Accept).unwrap();
    }
}

fn went_back<S: Session + Send>(
    runner: &mut Runner<'_, S>,
    one: &segue_engine::Selection,
) -> Result<(), segue_engine::EngineError> {
    runner.down(&files(), one, &Approval::default()).map(drop)
}

/// The columns of the row as it was, wherever its values are now.
fn columns(client: &mut Client) -> (String, String) {
    let has = |client: &mut Client, column: &str| {
        let sql = format!(
            "SELECT count(*)::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = '{column}' AND NOT attisdropped"
        );
        client.value(&sql).unwrap().as_deref() == Some("1")
    };
    let c = if has(client, "c") { "c" } else { "d" };
    let kept = client
        .value("SELECT 'segue_archive.' || quote_ident(relname) FROM pg_class WHERE relnamespace = to_regnamespace('segue_archive') AND relkind = 'r'")
        .unwrap()
        .unwrap_or_default();
    let n = if has(client, "n") {
        "n".to_owned()
    } else {
        format!("(SELECT k.n FROM {kept} k WHERE k.id = t.id)")
    };
    (format!("id, {c}, {n}"), kept)
}
