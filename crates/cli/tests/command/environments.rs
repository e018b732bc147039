//! Which database is meant, and what does not exist on a protected one (AS-07, AS-08).

use std::path::Path;

use segue_testkit::{TestDatabase, TestServer, on_terminal};

use crate::segue::{Ran, command, folder, ran, write};

const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY);\n-- migrate:down\nDROP TABLE users;\n",
);
const DROPS: (&str, &str) = (
    "db/migrations/20260102000000_drops.sql",
    "-- migrate:up\nDROP TABLE old CASCADE;\n-- migrate:down\nCREATE TABLE old (id int);\n",
);

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

fn has(database: &TestDatabase, table: &str) -> bool {
    let mut client = database.connect().unwrap();
    let there = ["SELECT to_regclass('", table, "')::text"].concat();
    client.value(&there).unwrap().is_some()
}

fn hash(database: &TestDatabase, folder: &Path) -> String {
    let plan = on(database, folder, &["plan", "--output", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    plan["migrations"][0]["hash"].as_str().unwrap().to_owned()
}

#[test]
fn as_07_what_is_for_development_does_not_exist_on_a_protected_environment() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    assert_eq!(on(&database, project.path(), &["up"]).code, 0);
    let mark = on(
        &database,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    assert_eq!(mark.code, 0, "{}", mark.err);
    for words in [
        &["down"][..],
        &["down", "--env", "production"],
        &["redo", "--env", "production"],
        &["uninstall", "--env", "production"],
        &["up", "--verbatim", "--env", "production"],
    ] {
        let run = on(&database, project.path(), words);
        assert_eq!(run.code, 4, "{words:?}: {}", run.err);
        assert!(
            run.err.contains("does not exist on `production`"),
            "{words:?}: {}",
            run.err
        );
        assert!(
            run.err.contains("state    nothing was changed"),
            "{}",
            run.err
        );
    }
    let force = on(
        &database,
        project.path(),
        &["down", "--force", "--env", "production"],
    );
    assert_eq!(force.code, 2, "{}", force.err);
    assert!(has(&database, "users") && has(&database, "segue.migration"));
}

#[test]
fn a_protected_environment_is_named_and_the_name_is_proven() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    on(
        &database,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    let unnamed = on(&database, project.path(), &["up"]);
    assert_eq!(unnamed.code, 4, "{}", unnamed.err);
    assert!(unnamed.err.contains("--env production"), "{}", unnamed.err);
    let other = on(&database, project.path(), &["up", "--env", "staging"]);
    assert_eq!(other.code, 4, "{}", other.err);
    assert!(
        other
            .err
            .contains("this database is `production`, not `staging`"),
        "{}",
        other.err
    );
    assert!(!has(&database, "users"));
    let status = on(&database, project.path(), &["status"]);
    assert_eq!(status.code, 0, "looking is free: {}", status.err);
    let named = on(&database, project.path(), &["up", "--env", "production"]);
    assert_eq!(named.code, 0, "{}", named.err);
    assert!(named.err.contains("production, protected"), "{}", named.err);
    let show = on(&database, project.path(), &["env", "show"]);
    assert!(show.out.contains("protected    yes"), "{}", show.out);
}

#[test]
fn a_name_that_nothing_confirms_is_refused() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    let up = on(&database, project.path(), &["up", "--env", "stagign"]);
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(
        up.err.contains("nothing says what `stagign` is"),
        "{}",
        up.err
    );
    write(
        project.path(),
        "segue.toml",
        "[environments.production]\nprotected = true\n",
    );
    let unmarked = on(&database, project.path(), &["up", "--env", "production"]);
    assert_eq!(unmarked.code, 4, "{}", unmarked.err);
    assert!(
        unmarked
            .err
            .contains("next     segue env mark production --protected"),
        "{}",
        unmarked.err
    );
    let typo = on(&database, project.path(), &["up", "--env", "prodution"]);
    assert_eq!(typo.code, 2, "{}", typo.err);
    assert!(typo.err.contains("near it: production"), "{}", typo.err);
    assert!(!has(&database, "users"));
}

#[test]
fn a_restored_copy_is_not_what_its_marker_says() {
    let original = TestServer::start_newest().unwrap();
    let restored = TestServer::start_newest().unwrap();
    let (database, copy) = (
        original.create_database().unwrap(),
        restored.create_database().unwrap(),
    );
    assert_eq!(database.name(), copy.name());
    let project = folder(&[USERS]);
    on(
        &database,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    on(
        &copy,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    // What a restore brings along is the row of the original.
    let row = "SELECT system_identifier FROM segue.marker";
    let identifier = database.connect().unwrap().value(row).unwrap().unwrap();
    let mut client = copy.connect().unwrap();
    let brought = [
        "UPDATE segue.marker SET system_identifier = '",
        &identifier,
        "'",
    ]
    .concat();
    client.execute(&brought).unwrap();
    for words in [&["up", "--env", "production"][..], &["status"], &["plan"]] {
        let run = on(&copy, project.path(), words);
        assert_eq!(run.code, 4, "{words:?}: {}", run.err);
        assert!(
            run.err.contains("this is a copy of `production`"),
            "{}",
            run.err
        );
        assert!(
            run.err.contains("next     segue env mark NAME --replace"),
            "{}",
            run.err
        );
    }
    let show = on(&copy, project.path(), &["env", "show", "--output", "json"]);
    let show: serde_json::Value = serde_json::from_str(&show.out).unwrap();
    assert_ne!(show["contradiction"], serde_json::Value::Null);
    let again = on(
        &copy,
        project.path(),
        &["env", "mark", "staging", "--replace"],
    );
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(
        on(&copy, project.path(), &["up", "--env", "staging"]).code,
        0
    );
}

#[test]
fn a_copy_inside_one_server_is_a_copy_too() {
    let original = TestServer::start_newest().unwrap();
    let database = original.create_database().unwrap();
    let project = folder(&[USERS]);
    on(
        &database,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    let create = ["CREATE DATABASE beside TEMPLATE ", database.name()].concat();
    original
        .connect("postgres")
        .unwrap()
        .execute(&create)
        .unwrap();
    let beside = ran(command(project.path())
        .env("DATABASE_URL", original.url("beside"))
        .args(["up", "--env", "production"]));
    assert_eq!(beside.code, 4, "{}", beside.err);
    assert!(beside.err.contains("this is a copy"), "{}", beside.err);
}

#[test]
fn a_marker_is_replaced_on_purpose_and_one_that_protects_by_a_person() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    on(
        &database,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    let plain = on(&database, project.path(), &["env", "mark", "dev"]);
    assert_eq!(plain.code, 4, "{}", plain.err);
    let unattended = on(
        &database,
        project.path(),
        &["env", "mark", "dev", "--replace"],
    );
    assert_eq!(unattended.code, 4, "{}", unattended.err);
    assert!(
        unattended.err.contains("only a person"),
        "{}",
        unattended.err
    );
    let typed = |line| {
        let mut words = command(project.path());
        words
            .env("DATABASE_URL", database.url())
            .args(["env", "mark", "dev", "--replace"]);
        on_terminal(&mut words, line).unwrap()
    };
    let (code, shown) = typed("yes\n");
    assert_eq!(code, 4, "{shown}");
    let (code, shown) = typed("production\n");
    assert_eq!(code, 0, "{shown}");
    let lines = "SELECT count(*)::text FROM segue.event WHERE what LIKE 'marked as %'";
    let logged = database.connect().unwrap().value(lines).unwrap();
    assert_eq!(logged.as_deref(), Some("2"));
}

#[test]
fn as_08_an_agent_does_not_agree_for_a_person() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    let project = folder(&[DROPS]);
    let hash = hash(&database, project.path());
    let as_agent = |words: &[&str]| {
        ran(command(project.path())
            .env("DATABASE_URL", database.url())
            .env("CLAUDECODE", "1")
            .args(words))
    };
    let given = as_agent(&["up", "--approve", &hash]);
    assert_eq!(given.code, 4, "{}", given.err);
    assert!(
        given.err.contains("an agent does not agree for a person"),
        "{}",
        given.err
    );
    let next = ["next     segue approve ", &hash].concat();
    assert!(given.err.contains(&next), "{}", given.err);
    let approve = as_agent(&["approve", &hash]);
    assert_eq!(approve.code, 4, "{}", approve.err);
    let mut on_its_terminal = command(project.path());
    on_its_terminal
        .env("DATABASE_URL", database.url())
        .env("SEGUE_AGENT", "1")
        .args(["approve", &hash]);
    let (code, shown) = on_terminal(&mut on_its_terminal, "test_0\n").unwrap();
    assert_eq!(code, 4, "{shown}");
    assert!(has(&database, "old"));
    approved(&database, project.path(), (&hash, "ann"));
    let recorded = client
        .query("SELECT person, what FROM segue.approval")
        .unwrap();
    let recorded: Vec<String> = recorded.into_iter().flatten().flatten().collect();
    assert!(
        recorded[0].starts_with("ann@") && recorded[0].ends_with(", as postgres"),
        "{recorded:?}"
    );
    let up = as_agent(&["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    assert!(!has(&database, "old"));
    let who = "SELECT count(*)::text FROM segue.event WHERE actor LIKE '%an agent (CLAUDECODE is set)' AND what LIKE 'completed: %'";
    assert_eq!(client.value(who).unwrap().as_deref(), Some("1"));
}

fn approved(database: &TestDatabase, folder: &Path, (hash, who): (&str, &str)) {
    let mut words = command(folder);
    words
        .env("DATABASE_URL", database.url())
        .env("USER", who)
        .args(["approve", hash]);
    let typed = [database.name(), "\n"].concat();
    let (code, shown) = on_terminal(&mut words, &typed).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("(about "),
        "the rows are shown before: {shown}"
    );
}

#[test]
fn nobody_agrees_without_a_terminal_or_by_typing_something_else() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    let project = folder(&[DROPS]);
    let hash = hash(&database, project.path());
    let unattended = on(&database, project.path(), &["approve", &hash]);
    assert_eq!(unattended.code, 4, "{}", unattended.err);
    let mut words = command(project.path());
    words
        .env("DATABASE_URL", database.url())
        .args(["approve", &hash]);
    let (code, shown) = on_terminal(&mut words, "y\n").unwrap();
    assert_eq!(code, 4, "{shown}");
    let mut words = command(project.path());
    words
        .env("DATABASE_URL", database.url())
        .args(["approve", "0123"]);
    let (code, shown) = on_terminal(&mut words, "test_0\n").unwrap();
    assert_eq!(code, 2, "{shown}");
    assert_eq!(on(&database, project.path(), &["up"]).code, 4);
    assert!(has(&database, "old"));
}

#[test]
fn where_two_people_have_to_agree_one_is_not_enough_and_no_hash_counts() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    let project = folder(&[
        DROPS,
        ("segue.toml", "[environments.production]\napprovals = 2\n"),
    ]);
    let hash = hash(&database, project.path());
    let up = || {
        on(
            &database,
            project.path(),
            &["up", "--env", "production", "--approve", &hash],
        )
    };
    assert_eq!(up().code, 4);
    approved(&database, project.path(), (&hash, "ann"));
    approved(&database, project.path(), (&hash, "ann"));
    let one = up();
    assert_eq!(one.code, 4, "{}", one.err);
    assert!(one.err.contains("2 people have to agree"), "{}", one.err);
    approved(&database, project.path(), (&hash, "bob"));
    let two = up();
    assert_eq!(two.code, 0, "{}", two.err);
}

#[test]
fn in_a_freeze_nothing_is_changed_and_everything_is_shown() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[
        USERS,
        (
            "segue.toml",
            "[environments.shop]\nfreeze = [\"2001-01-01/2001-01-02\", \"2002-01-01/2999-12-31\"]\n",
        ),
    ]);
    let up = on(&database, project.path(), &["up", "--env", "shop"]);
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(
        up.err
            .contains("nothing is changed on `shop` from 2002-01-01 to 2999-12-31"),
        "{}",
        up.err
    );
    let plan = on(&database, project.path(), &["plan", "--env", "shop"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert!(!has(&database, "users"));
}
