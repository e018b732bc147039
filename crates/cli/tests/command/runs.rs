//! Verbs that meet a database, on a real server: answers, exit codes, secrets, and a kill.

use std::path::Path;
use std::time::Duration;

use segue_testkit::{Pooler, TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran, segue, write};

const FIRST: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, email text);\n\n-- migrate:down\nDROP TABLE users;\n",
);
const SECOND: (&str, &str) = (
    "db/migrations/20260102000000_emails.sql",
    "-- migrate:up\nCREATE INDEX users_email ON users (email);\n\n-- migrate:down\nDROP INDEX users_email;\n",
);

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

#[test]
fn new_plan_up_status_down_work_on_a_project_of_dbmate_in_place() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[FIRST, SECOND]);
    let status = on(&database, project.path(), &["status", "--exit-code"]);
    assert_eq!(status.code, 10, "{}", status.err);
    let plan = on(&database, project.path(), &["plan"]);
    assert!(
        plan.out.contains("CREATE INDEX CONCURRENTLY")
            || plan.out.contains("CREATE INDEX users_email")
    );
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(
        (up.code, up.out.as_str()),
        (0, "2 migrations applied and verified\n"),
        "{}",
        up.err
    );
    let status = on(&database, project.path(), &["status", "--exit-code"]);
    assert_eq!(status.code, 0, "{}", status.out);
    let again = on(&database, project.path(), &["up"]);
    assert!(again.out.starts_with("nothing to do"), "{}", again.out);
    let down = on(&database, project.path(), &["down"]);
    assert_eq!(down.code, 0, "{}", down.err);
    assert!(down.out.contains("20260102000000"), "{}", down.out);
    let json = on(&database, project.path(), &["status", "--output", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(answer["migrations"][1]["state"], "pending");
}

#[test]
fn new_writes_a_file_that_sorts_last_and_prints_its_path() {
    let project = folder(&[FIRST]);
    let new = segue(project.path(), &["new", "Wider emails"]);
    assert_eq!(new.code, 0, "{}", new.err);
    assert!(new.out.ends_with("_wider_emails.sql\n"), "{}", new.out);
    let text = std::fs::read_to_string(project.path().join(new.out.trim())).unwrap();
    assert!(text.starts_with("-- migrate:up") && text.contains("-- migrate:down"));
}

#[test]
fn a_statement_the_server_refuses_is_shown_with_its_place_state_and_next_command() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let broken = (
        "db/migrations/20260103000000_broken.sql",
        "-- migrate:up\nALTER TABLE users ADD COLUMN email text;\n",
    );
    let project = folder(&[FIRST, broken]);
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 1, "{}", up.err);
    for part in [
        "error[migration-failed]",
        "20260103000000_broken.sql:2:1",
        "column \"email\" of relation \"users\" already exists (42701)",
        "state    1 migration is done and recorded by this run",
        "next     correct the migration",
    ] {
        assert!(up.err.contains(part), "{part} is not in {}", up.err);
    }
}

#[test]
fn an_edited_file_is_refused_and_verify_shows_what_differs() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[FIRST]);
    on(&database, project.path(), &["up"]);
    write(
        project.path(),
        FIRST.0,
        &FIRST.1.replace("email text", "email varchar(9)"),
    );
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 4, "{}", up.err);
    let verify = on(&database, project.path(), &["verify"]);
    assert_eq!(verify.code, 12);
    assert!(
        verify
            .out
            .contains("+ CREATE TABLE users (id int PRIMARY KEY, email varchar(9))"),
        "{}",
        verify.out
    );
}

#[test]
fn what_the_dump_says_makes_the_same_database_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[FIRST, SECOND]);
    on(&database, project.path(), &["up"]);
    let dump = on(&database, project.path(), &["dump"]);
    assert_eq!(dump.code, 0, "{}", dump.err);
    let copy = server.create_database().unwrap();
    copy.connect().unwrap().execute(&dump.out).unwrap();
    let again = on(&copy, project.path(), &["dump"]);
    assert_eq!(again.out, dump.out);
    assert!(
        !dump.out.contains("segue."),
        "Segue's own tables are not part of it"
    );
}

#[test]
fn no_server_is_exit_5_and_a_password_is_nowhere_in_what_is_said() {
    let project = folder(&[FIRST]);
    let url = "postgresql://app:canary-secret@127.0.0.1:1/shop?connect_timeout=2";
    for words in [
        &["up", "--url", url][..],
        &["status", "--url", url],
        &["dump", "--url", url],
    ] {
        let run = segue(project.path(), words);
        assert_eq!(run.code, 5, "{}", run.err);
        assert!(!run.err.contains("canary-secret") && !run.out.contains("canary-secret"));
        assert!(run.err.contains("app@127.0.0.1:1/shop"), "{}", run.err);
    }
    let malformed = segue(
        project.path(),
        &[
            "up",
            "--url",
            "postgresql://app:canary-secret@127.0.0.1:port/shop",
        ],
    );
    assert_eq!(malformed.code, 2, "{}", malformed.err);
    assert!(
        !malformed.err.contains("canary-secret"),
        "{}",
        malformed.err
    );
}

#[test]
fn a_database_that_another_tool_has_run_on_is_taken_over_and_not_run_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE users (id int PRIMARY KEY, email text); CREATE TABLE schema_migrations (version text)")
        .unwrap();
    let project = folder(&[FIRST, SECOND]);
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(up.err.contains("segue baseline"), "{}", up.err);
    let baseline = on(&database, project.path(), &["baseline", "20260101000000"]);
    assert_eq!(baseline.code, 0, "{}", baseline.err);
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(
        (up.code, up.out.as_str()),
        (0, "1 migration applied and verified\n")
    );
}

#[test]
fn behind_a_pooler_nothing_is_run() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let pooler = Pooler::before(&server, "transaction").unwrap();
    let project = folder(&[FIRST]);
    let up = ran(command(project.path())
        .env("DATABASE_URL", pooler.url(database.name()))
        .arg("up"));
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(up.err.contains("is a pooler"), "{}", up.err);
    let left = database
        .connect()
        .unwrap()
        .value("SELECT to_regclass('users')::text")
        .unwrap();
    assert_eq!(left, None);
}

#[test]
fn a_repeatable_migration_runs_again_when_it_changes() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[
        ("sql/V1__users.sql", "CREATE TABLE users (id int);\n"),
        (
            "sql/R__names.sql",
            "CREATE OR REPLACE VIEW names AS SELECT id FROM users;\n",
        ),
    ]);
    let first = on(&database, project.path(), &["up"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(
        on(&database, project.path(), &["up"])
            .out
            .starts_with("nothing to do")
    );
    write(
        project.path(),
        "sql/R__names.sql",
        "CREATE OR REPLACE VIEW names AS SELECT id, 1 AS one FROM users;\n",
    );
    let again = on(&database, project.path(), &["up"]);
    assert_eq!(
        again.out, "1 migration applied and verified\n",
        "{}",
        again.err
    );
    let mut client = database.connect().unwrap();
    assert!(client.query("SELECT one FROM names").is_ok());
}

#[test]
fn two_sources_that_name_different_servers_are_refused() {
    let project = folder(&[FIRST]);
    let run = ran(command(project.path())
        .env("DATABASE_URL", "postgresql://app@one.example/shop")
        .args(["up", "--url", "postgresql://app@two.example/shop"]));
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("one.example") && run.err.contains("two.example"));
}

#[test]
fn killed_in_the_middle_of_a_statement_the_next_up_finishes() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let slow = (
        "db/migrations/20260102000000_slow.sql",
        "-- migrate:up\nINSERT INTO users VALUES (1);\nSELECT pg_sleep(1.5);\nINSERT INTO users VALUES (2);\n",
    );
    let project = folder(&[FIRST, slow]);
    let mut child = command(project.path())
        .env("DATABASE_URL", database.url())
        .arg("up")
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut client = database.connect().unwrap();
    let sleeping = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1.5)' AND state = 'active'";
    for _ in 0..400 {
        if client.value(sleeping).unwrap().as_deref() == Some("1") {
            break;
        }
        pause(Duration::from_millis(25));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The dead runner's lease and its transaction are still there; the next runner waits for both to end.
    client
        .execute("UPDATE segue.lease SET beat = beat - interval '1 hour'")
        .unwrap();
    let mut last = None;
    for _ in 0..40 {
        let up = on(&database, project.path(), &["up"]);
        let is_done = up.code == 0;
        last = Some(up);
        if is_done {
            break;
        }
        pause(Duration::from_millis(250));
    }
    let last = last.unwrap();
    assert_eq!(last.code, 0, "{}", last.err);
    let rows = client.value("SELECT count(*)::text FROM users").unwrap();
    assert_eq!(rows.as_deref(), Some("2"));
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}

#[test]
fn a_backfill_is_seen_from_another_terminal() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let token = (
        "db/migrations/20260103000000_token.sql",
        "-- migrate:up\nALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();\n",
    );
    let project = folder(&[FIRST]);
    let none = on(&database, project.path(), &["backfill"]);
    assert_eq!(
        none.out, "no backfill was ever begun here\n",
        "{}",
        none.err
    );
    assert_eq!(on(&database, project.path(), &["up"]).code, 0);
    let mut client = database.connect().unwrap();
    client
        .execute("INSERT INTO users SELECT generate_series(1, 500)")
        .unwrap();
    write(project.path(), token.0, token.1);
    let tried = on(&database, project.path(), &["up", "--dry-run"]);
    assert!(tried.out.contains("-- not tried: "), "{}", tried.out);
    let up = on(
        &database,
        project.path(),
        &["up", "--backfill-workers", "2"],
    );
    assert_eq!(up.code, 0, "{}", up.err);
    assert!(up.err.contains("500 rows were changed"), "{}", up.err);
    let shown = on(
        &database,
        project.path(),
        &["backfill", "status", "-o", "json"],
    );
    let answer: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(answer["backfills"][0]["state"], "done");
    assert_eq!(answer["backfills"][0]["rows"], 500);
    let pause = on(&database, project.path(), &["backfill", "pause"]);
    assert_eq!(pause.code, 2, "{}", pause.err);
}
