//! The library on real databases: a program migrates, others wait.

#![cfg(test)]

use std::time::Duration;

use segue::{Database, Error, Migrations, Standing};
use segue_testkit::TestServer;

const FILES: &[(&str, &str)] = &[
    (
        "migrations/20260302_more.sql",
        "-- migrate:up\nALTER TABLE a ADD COLUMN b integer;\n",
    ),
    (
        "migrations/20260301_start.sql",
        "-- migrate:up\nCREATE TABLE a (id integer PRIMARY KEY);\n",
    ),
];

fn a_program_migrates_and_others_wait(address: &str) {
    let database = Database::at(address).unwrap();
    let migrations = Migrations::embedded(FILES).unwrap();
    let early = database.wait_until(&migrations, "20260302", Duration::from_millis(1));
    assert!(matches!(early, Err(Error::NotYet { .. })), "{early:?}");
    std::thread::scope(|scope| {
        let waits =
            scope.spawn(|| database.wait_until(&migrations, "20260302", Duration::from_secs(30)));
        assert_eq!(database.up(&migrations).unwrap(), ["20260301", "20260302"]);
        waits.join().unwrap().unwrap();
    });
    let standings: Vec<_> = database
        .status(&migrations)
        .unwrap()
        .into_iter()
        .map(|line| line.standing)
        .collect();
    assert_eq!(standings, [Standing::Applied, Standing::Applied]);
    assert!(database.up(&migrations).unwrap().is_empty());
}

#[test]
fn on_postgresql() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    a_program_migrates_and_others_wait(&database.url());
}

#[test]
fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    a_program_migrates_and_others_wait(&format!("sqlite:{}", path.display()));
}

#[test]
fn two_files_of_one_id_are_refused() {
    let twice = [("1_a.sql", ""), ("1_b.sql", "")];
    let error = Migrations::embedded(&twice).unwrap_err();
    assert!(error.to_string().contains("have the same id 1"), "{error}");
}

#[test]
fn a_version_that_the_program_does_not_have_is_not_waited_for() {
    let database = Database::at("sqlite:nowhere.db").unwrap();
    let migrations = Migrations::embedded(FILES).unwrap();
    let error = database.wait_until(&migrations, "1", Duration::from_mins(1));
    assert!(matches!(error, Err(Error::Migrations(_))));
}
