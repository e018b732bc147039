//! `segue repair`: the evidence of both sides, and what it changes with `--apply`.

use std::path::Path;

use segue_testkit::{Client, TestDatabase, TestServer, on_terminal};

use crate::segue::{Ran, command, folder, ran, write};

const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, email text);\n-- migrate:down\nDROP TABLE users CASCADE;\n",
);
const EMAILS: (&str, &str) = (
    "db/migrations/20260102000000_emails.sql",
    "-- migrate:up transaction:false\nCREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email);\n\
     -- migrate:down\nDROP INDEX users_email;\n",
);

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

fn proposed(database: &TestDatabase, folder: &Path) -> Vec<(String, String)> {
    let answer = on(database, folder, &["repair", "--output", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let migrations = answer["migrations"].as_array().unwrap().iter();
    migrations
        .map(|one| {
            let word = one["proposed"].as_str().unwrap_or("nothing");
            (one["id"].as_str().unwrap().to_owned(), word.to_owned())
        })
        .collect()
}

fn one(id: &str, proposal: &str) -> Vec<(String, String)> {
    vec![(id.to_owned(), proposal.to_owned())]
}

fn logged(client: &mut Client) -> String {
    let lines = client
        .query("SELECT what FROM segue.event ORDER BY at")
        .unwrap();
    lines
        .into_iter()
        .flatten()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn where_both_sides_agree_there_is_nothing_to_repair() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS, EMAILS]);
    let before = on(&database, project.path(), &["repair"]);
    assert_eq!(before.code, 0, "{}", before.err);
    assert_eq!(on(&database, project.path(), &["up"]).code, 0);
    let after = on(&database, project.path(), &["repair"]);
    assert_eq!(
        (after.code, after.out.as_str()),
        (
            0,
            "nothing to repair: the journal says what the catalog says\n"
        ),
        "{}",
        after.err
    );
}

#[test]
fn a_record_without_its_effect_is_forgotten_and_the_migration_runs_again() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS, EMAILS]);
    on(&database, project.path(), &["up"]);
    let mut client = database.connect().unwrap();
    client.execute("DROP INDEX users_email").unwrap();
    let shown = on(&database, project.path(), &["repair"]);
    assert_eq!(shown.code, 11, "{}", shown.err);
    for part in [
        "20260102000000_emails.sql  applied",
        "the record says that it is done, and nothing of it is there",
        "journal: done      catalog: not there",
        "proposed: forget",
        "nothing is changed without `segue repair --apply`",
    ] {
        assert!(shown.out.contains(part), "{part} is not in {}", shown.out);
    }
    assert!(!shown.out.contains("20260101000000"), "{}", shown.out);
    let records = "SELECT count(*)::text FROM segue.migration";
    assert_eq!(client.value(records).unwrap().as_deref(), Some("2"));
    let applied = on(&database, project.path(), &["repair", "--apply"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    assert_eq!(client.value(records).unwrap().as_deref(), Some("1"));
    assert!(logged(&mut client).contains("repair: record forgotten"));
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.out, "1 migration applied and verified\n", "{}", up.err);
}

#[test]
fn an_effect_without_a_record_is_marked_applied_and_nothing_runs() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    on(&database, project.path(), &["up"]);
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE UNIQUE INDEX users_email ON users (email)")
        .unwrap();
    write(project.path(), EMAILS.0, EMAILS.1);
    assert_eq!(
        proposed(&database, project.path()),
        one("20260102000000", "mark-applied")
    );
    let applied = on(&database, project.path(), &["repair", "--apply"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    let up = on(&database, project.path(), &["up"]);
    assert!(up.out.starts_with("nothing to do"), "{}", up.out);
    assert!(logged(&mut client).contains("repair: marked applied"));
}

#[test]
fn what_is_only_pending_is_not_taken_for_an_effect_without_a_record() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    on(&database, project.path(), &["up"]);
    write(project.path(), EMAILS.0, EMAILS.1);
    let drops = "-- migrate:up\nDROP TABLE IF EXISTS never_there;\n";
    write(
        project.path(),
        "db/migrations/20260103000000_drops.sql",
        drops,
    );
    assert_eq!(proposed(&database, project.path()), Vec::new());
}

#[test]
fn an_edited_file_is_accepted_when_the_catalog_has_what_it_says_now() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    on(&database, project.path(), &["up"]);
    let edited = USERS.1.replace("email text", "email text, age int");
    write(project.path(), USERS.0, &edited);
    let before = on(&database, project.path(), &["repair", "--apply"]);
    assert_eq!(before.code, 11, "{}{}", before.out, before.err);
    assert!(
        before
            .out
            .contains("+ CREATE TABLE users (id int PRIMARY KEY, email text, age int)"),
        "{}",
        before.out
    );
    assert!(before.out.contains("proposed: nothing"), "{}", before.out);
    let mut client = database.connect().unwrap();
    client
        .execute("ALTER TABLE users ADD COLUMN age int")
        .unwrap();
    assert_eq!(
        proposed(&database, project.path()),
        one("20260101000000", "accept-checksum")
    );
    let refused = on(&database, project.path(), &["up"]);
    assert_eq!(refused.code, 4);
    assert!(
        refused.err.contains("next     segue repair\n"),
        "{}",
        refused.err
    );
    assert_eq!(
        on(&database, project.path(), &["repair", "--apply"]).code,
        0
    );
    assert!(logged(&mut client).contains("repair: new checksum accepted"));
    assert_eq!(on(&database, project.path(), &["up"]).code, 0);
}

#[test]
fn an_invalid_index_of_a_failed_build_is_dropped_and_rows_are_left_alone() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS, EMAILS]);
    let first = on(&database, project.path(), &["up", "--steps", "1"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let mut client = database.connect().unwrap();
    client
        .execute("INSERT INTO users VALUES (1, 'a'), (2, 'a')")
        .unwrap();
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 1, "{}", up.err);
    let invalid = "SELECT count(*)::text FROM pg_index WHERE NOT indisvalid";
    assert_eq!(client.value(invalid).unwrap().as_deref(), Some("0"));
    // A run that was killed could not take away what its build left: the server leaves the same.
    client
        .execute("CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)")
        .unwrap_err();
    assert_eq!(client.value(invalid).unwrap().as_deref(), Some("1"));
    let shown = on(&database, project.path(), &["repair"]);
    assert!(
        shown
            .out
            .contains("invalid index \"public\".\"users_email\""),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("journal: intended"), "{}", shown.out);
    let applied = on(&database, project.path(), &["repair", "--apply"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    assert_eq!(client.value(invalid).unwrap().as_deref(), Some("0"));
    let rows = client.value("SELECT count(*)::text FROM users").unwrap();
    assert_eq!(rows.as_deref(), Some("2"));
    assert!(logged(&mut client).contains("drops the invalid index \"public\".\"users_email\""));
    // Nothing of it is there now: the record of the half-way stop can go.
    assert_eq!(
        proposed(&database, project.path()),
        one("20260102000000", "forget")
    );
    // Somebody finishes it by hand: all of it is there.
    client
        .execute("DELETE FROM users WHERE id = 2; CREATE UNIQUE INDEX users_email ON users (email)")
        .unwrap();
    assert_eq!(
        proposed(&database, project.path()),
        one("20260102000000", "mark-applied")
    );
    assert_eq!(
        on(&database, project.path(), &["repair", "--apply"]).code,
        0
    );
    let up = on(&database, project.path(), &["up"]);
    assert!(up.out.starts_with("nothing to do"), "{}{}", up.out, up.err);
}

#[test]
fn a_person_is_asked_and_may_say_no() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS, EMAILS]);
    on(&database, project.path(), &["up"]);
    let mut client = database.connect().unwrap();
    client.execute("DROP INDEX users_email").unwrap();
    let ask = |typed| {
        let mut words = command(project.path());
        words
            .env("DATABASE_URL", database.url())
            .args(["repair", "--apply"]);
        on_terminal(&mut words, typed).unwrap()
    };
    let (code, shown) = ask("n\n");
    assert_eq!(code, 4, "{shown}");
    assert!(
        shown.contains("change the record as proposed? [y/N]"),
        "{shown}"
    );
    let records = "SELECT count(*)::text FROM segue.migration";
    assert_eq!(client.value(records).unwrap().as_deref(), Some("2"));
    let (code, shown) = ask("y\n");
    assert_eq!(code, 0, "{shown}");
    assert_eq!(client.value(records).unwrap().as_deref(), Some("1"));
}

#[test]
fn a_person_may_decide_against_the_proposal_about_what_is_there() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS, EMAILS]);
    on(&database, project.path(), &["up"]);
    let missing = on(
        &database,
        project.path(),
        &["repair", "--apply", "--forget", "20990101000000"],
    );
    assert_eq!(missing.code, 2, "{}", missing.err);
    let asked = &["repair", "--forget", "20260102000000"][..];
    let shown = on(&database, project.path(), asked);
    assert!(
        shown.out.contains("asked for: forget 20260102000000")
            && shown.out.contains("both sides say the same")
            && shown.out.contains("journal: done      catalog: there"),
        "{}",
        shown.out
    );
    let mut client = database.connect().unwrap();
    let records = "SELECT count(*)::text FROM segue.migration";
    assert_eq!(client.value(records).unwrap().as_deref(), Some("2"));
    let done = on(&database, project.path(), &[asked, &["--apply"]].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(client.value(records).unwrap().as_deref(), Some("1"));
}

#[test]
fn down_is_shown_before_and_a_refusal_names_one_command() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    on(&database, project.path(), &["up"]);
    let mut client = database.connect().unwrap();
    client.execute("INSERT INTO users VALUES (1, 'a')").unwrap();
    let plan = on(&database, project.path(), &["down", "--dry-run"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert!(plan.out.contains("DROP TABLE users"), "{}", plan.out);
    let agree = plan
        .out
        .lines()
        .find_map(|line| line.trim().strip_prefix("to agree  "))
        .unwrap();
    assert!(agree.starts_with("segue down --approve "), "{agree}");
    let there = client.value("SELECT to_regclass('users')::text").unwrap();
    assert_eq!(there.as_deref(), Some("users"));
    let down = on(&database, project.path(), &["down"]);
    assert_eq!(down.code, 4, "{}", down.err);
    let next = ["next     ", agree, "\n"].concat();
    assert!(down.err.contains(&next), "{}", down.err);
    let words: Vec<&str> = agree.split(' ').skip(1).collect();
    assert_eq!(on(&database, project.path(), &words).code, 0);
}
