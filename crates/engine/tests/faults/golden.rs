//! Journals that an earlier version left half done are gone on with; those of a later one are refused (F34).
//!
//! `golden/<version>.sql` is what that version left when it was killed in the second migration of `project.rs`, dumped by
//! `pg_dump`. A new one is written with `SEGUE_TEST_GOLDEN=write`; one that is there is never changed.

use std::path::PathBuf;

use segue_engine::{Approval, Kind, Standing};
use segue_postgres::PostgresSession;
use segue_testkit::{TestDatabase, TestServer, installed};

use crate::project::{canary, database_session, fingerprint, migrations};
use crate::runs::{all, quick, up, with};
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/faults/golden")
}

fn standings(database: &TestDatabase) -> Vec<Standing> {
    let connect = || database_session(database);
    let lines =
        with::<PostgresSession, _>(&connect, quick(), |runner| runner.status(&migrations()));
    lines
        .unwrap()
        .into_iter()
        .map(|line| line.standing)
        .collect()
}

/// Killed at the first call at which one step of the second migration is done and one is not.
fn half_done(server: &TestServer) -> TestDatabase<'_> {
    for call in 20..200 {
        let database = server.create_database().unwrap();
        // A release of its own: the second migration meets tables that are in use.
        up(&database, &migrations()[..1]).unwrap();
        let knife = Knife::at(call, Moment::AfterReply, Then::Dead);
        let connect = || {
            let session = database_session(&database).map_err(CutError::Server)?;
            Cut::new(session, &knife)
        };
        let _ = with::<Cut<PostgresSession>, _>(&connect, quick(), |runner| {
            runner.up(&migrations(), &all(), &Approval::default())
        });
        let mut client = database.connect().unwrap();
        let done = client
            .value("SELECT (count(*) FILTER (WHERE state = 'done') > 0 AND bool_or(state = 'intended'))::text FROM segue.step")
            .unwrap();
        if done.as_deref() == Some("true") && standings(&database)[1] == Standing::Partial {
            return database;
        }
    }
    panic!("no call leaves it half done");
}

fn dump(database: &TestDatabase) -> String {
    let dumped = std::process::Command::new("pg_dump")
        .args(["--inserts", "--no-owner", "--dbname", &database.url()])
        .output()
        .unwrap();
    assert!(
        dumped.status.success(),
        "{}",
        String::from_utf8_lossy(&dumped.stderr)
    );
    let text = String::from_utf8(dumped.stdout).unwrap();
    // What psql would understand is left out: the test sends it to the server as it is.
    let lines = text.lines().filter(|line| {
        !line.starts_with('\\') && !line.starts_with("--") && !line.trim().is_empty()
    });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a new version's journal is written when a developer says so"
)]
fn a_migration_that_any_earlier_version_left_half_done_is_gone_on_with() {
    if std::env::var_os("SEGUE_TEST_GOLDEN").is_some() {
        let server = TestServer::start(installed().first().unwrap()).unwrap();
        let path = directory().join(concat!(env!("CARGO_PKG_VERSION"), ".sql"));
        assert!(!path.exists(), "a journal that was released stays as it is");
        std::fs::create_dir_all(directory()).unwrap();
        std::fs::write(path, dump(&half_done(&server))).unwrap();
    }
    let mut journals = 0;
    for installed in installed() {
        let server = TestServer::start(&installed).unwrap();
        let undisturbed = {
            let database = server.create_database().unwrap();
            up(&database, &migrations()).unwrap();
            fingerprint(&mut database.connect().unwrap())
        };
        for entry in std::fs::read_dir(directory()).unwrap() {
            let path = entry.unwrap().path();
            let database = server.create_database().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            database.connect().unwrap().execute(&text).unwrap();
            assert_eq!(
                standings(&database),
                [Standing::Applied, Standing::Partial, Standing::Pending],
                "{}",
                path.display()
            );
            let rest = up(&database, &migrations()).unwrap();
            assert_eq!(rest.completed, ["20260102000000", "20260103000000"]);
            let mut client = database.connect().unwrap();
            assert_eq!(canary(&mut client).as_deref(), Some("111"));
            assert_eq!(fingerprint(&mut client), undisturbed);
            journals += 1;
        }
    }
    assert!(journals > 0);
}

#[test]
fn a_journal_of_a_later_format_is_refused_and_left_alone() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    up(&database, &migrations()[..1]).unwrap();
    let mut client = database.connect().unwrap();
    client.execute("UPDATE segue.lease SET format = 2").unwrap();
    let before = fingerprint(&mut client);
    let connect = || database_session(&database);
    let refusals = with::<PostgresSession, _>(&connect, quick(), |runner| {
        Ok([
            runner.up(&migrations(), &all(), &Approval::default()).err(),
            runner
                .down(&migrations(), &all(), &Approval::default())
                .err(),
            runner.status(&migrations()).err(),
            runner.plan(&migrations(), &all()).err(),
        ])
    });
    for refusal in refusals.unwrap() {
        let error = refusal.expect("every verb refuses");
        assert_eq!(error.kind(), Kind::Refused, "{error:?}");
        assert!(error.to_string().contains("format 2"), "{error}");
    }
    assert_eq!(fingerprint(&mut client), before);
}
