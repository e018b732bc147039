//! Signals sent to a run of the binary (F32).

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use segue_testkit::{Client, TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran};

const TABLE: (&str, &str) = (
    "db/migrations/20260101000000_counter.sql",
    "-- migrate:up\nCREATE TABLE counter (n int);\nINSERT INTO counter VALUES (0);\n",
);
/// One turn of three steps.
const SLOW: (&str, &str) = (
    "db/migrations/20260102000000_slow.sql",
    "-- migrate:up transaction:false\nUPDATE counter SET n = n + 1;\nSELECT pg_sleep(2.5);\nUPDATE counter SET n = n + 10;\n",
);
const LAST: (&str, &str) = (
    "db/migrations/20260103000000_last.sql",
    "-- migrate:up\nUPDATE counter SET n = n + 100;\n",
);

fn up(database: &TestDatabase, folder: &Path) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .arg("up"))
}

fn started(database: &TestDatabase, folder: &Path) -> Child {
    command(folder)
        .env("DATABASE_URL", database.url())
        .arg("up")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let sent = Command::new("/bin/sh").args(["-c", &kill]).status();
    assert!(sent.unwrap().success());
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}

fn until(client: &mut Client, question: &str) {
    for _ in 0..2_000 {
        if client.value(question).unwrap().as_deref() == Some("t") {
            return;
        }
        pause(Duration::from_millis(10));
    }
    panic!("it never came: {question}");
}

fn until_it_sleeps(client: &mut Client) {
    until(
        client,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(2.5)%' \
         AND pid <> pg_backend_pid())",
    );
}

fn ended(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (child.wait().unwrap().code(), said)
}

fn counter(client: &mut Client) -> Option<String> {
    client.value("SELECT n::text FROM counter").unwrap()
}

#[test]
fn one_signal_stops_after_the_running_step_with_its_code_and_the_next_up_goes_on() {
    let server = TestServer::start_newest().unwrap();
    for (name, code, word) in [
        ("INT", 130, "interrupted"),
        ("TERM", 143, "terminated"),
        ("HUP", 129, "hung-up"),
    ] {
        let database = server.create_database().unwrap();
        let project = folder(&[TABLE, SLOW, LAST]);
        let mut client = database.connect().unwrap();
        let child = started(&database, project.path());
        until_it_sleeps(&mut client);
        signal(&child, name);
        let (ended, said) = ended(child);
        assert_eq!(ended, Some(code), "{said}");
        for part in [
            format!("error[{word}]"),
            "2 migrations are done and recorded by this run".to_owned(),
        ] {
            assert!(said.contains(&part), "{part} is not in {said}");
        }
        assert_eq!(counter(&mut client).as_deref(), Some("11"));
        let lease = client.value("SELECT holder FROM segue.lease").unwrap();
        assert_eq!(lease, None, "it was given up");
        let rest = up(&database, project.path());
        assert_eq!(rest.code, 0, "{}", rest.err);
        assert_eq!(counter(&mut client).as_deref(), Some("111"));
    }
}

#[test]
fn what_was_started_to_outlive_its_terminal_goes_on_when_that_is_closed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[TABLE, SLOW, LAST]);
    let mut client = database.connect().unwrap();
    let segue = command(project.path());
    let mut shell = Command::new("/bin/sh");
    shell.envs(
        segue
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let child = shell
        .args(["-c", "trap '' HUP; exec \"$0\" up"])
        .arg(segue.get_program())
        .current_dir(project.path())
        .env("DATABASE_URL", database.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until_it_sleeps(&mut client);
    signal(&child, "HUP");
    let (ended, said) = ended(child);
    assert_eq!(ended, Some(0), "{said}");
    assert_eq!(counter(&mut client).as_deref(), Some("111"));
}

#[test]
fn a_second_signal_cancels_the_running_step_on_the_server() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[
        TABLE,
        (
            SLOW.0,
            "-- migrate:up\nUPDATE counter SET n = n + 11;\nSELECT pg_sleep(300), 'pg_sleep(2.5)';\n",
        ),
        LAST,
    ]);
    let mut client = database.connect().unwrap();
    let child = started(&database, project.path());
    until_it_sleeps(&mut client);
    signal(&child, "INT");
    pause(Duration::from_millis(300));
    signal(&child, "INT");
    let (ended, said) = ended(child);
    assert_eq!(ended, Some(130), "{said}");
    assert_eq!(counter(&mut client).as_deref(), Some("0"), "rolled back");
    // A backend ends a moment after its client; the sleep of 300 s would still be there.
    until(
        &mut client,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'segue')",
    );
    std::fs::write(
        project.path().join(SLOW.0),
        "-- migrate:up\nUPDATE counter SET n = n + 11;\n",
    )
    .unwrap();
    let rest = up(&database, project.path());
    assert_eq!(rest.code, 0, "{}", rest.err);
    assert_eq!(counter(&mut client).as_deref(), Some("111"));
}

#[test]
fn a_run_that_was_frozen_while_another_took_over_stops_before_its_next_effect() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[TABLE, SLOW, LAST]);
    let mut client = database.connect().unwrap();
    let zombie = started(&database, project.path());
    until_it_sleeps(&mut client);
    signal(&zombie, "STOP");
    until(
        &mut client,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(2.5)%' \
         AND pid <> pg_backend_pid())",
    );
    // As if it had been silent for long.
    client
        .execute("UPDATE segue.lease SET beat = beat - interval '1 hour'")
        .unwrap();
    let mut second = up(&database, project.path());
    for _ in 0..20 {
        if second.code == 0 {
            break;
        }
        // A transaction of the frozen one may be open: until it ends nobody takes over.
        assert_eq!(second.code, 6, "{}", second.err);
        client
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'segue' \
                 AND state = 'idle in transaction'; UPDATE segue.lease SET beat = beat - interval '1 hour'",
            )
            .unwrap();
        second = up(&database, project.path());
    }
    assert_eq!(second.code, 0, "{}", second.err);
    let journal =
        "SELECT string_agg(id || state || recorded_at, ',' ORDER BY id) FROM segue.migration";
    let after = client.value(journal).unwrap();
    assert_eq!(counter(&mut client).as_deref(), Some("111"));
    signal(&zombie, "CONT");
    let (code, said) = ended(zombie);
    assert_eq!(code, Some(6), "{said}");
    assert_eq!(counter(&mut client).as_deref(), Some("111"), "{said}");
    assert_eq!(client.value(journal).unwrap(), after);
}

#[test]
fn a_reader_that_goes_away_is_no_error_of_status() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[TABLE, SLOW, LAST]);
    let mut child = command(project.path())
        .env("DATABASE_URL", database.url())
        .arg("status")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, said) = ended(child);
    assert_eq!((code, said.as_str()), (Some(141), ""));
}
