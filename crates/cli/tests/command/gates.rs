//! What waits behind a gate passes the same proofs as `up`; going back from before one is no development.

use std::path::Path;

use segue_testkit::{TestDatabase, TestServer, on_terminal};

use crate::segue::{Ran, command, folder, ran, write};

const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, email text, name text);\n\
     -- migrate:down\nDROP TABLE users;\n",
);
const RENAMES: (&str, &str) = (
    "db/migrations/20260102000000_renames.sql",
    "-- migrate:up\nALTER TABLE users RENAME COLUMN name TO full_name;\n\
     -- migrate:down\nALTER TABLE users RENAME COLUMN full_name TO name;\n",
);
const ROLE: &str = "-- migrate:up\nCREATE ROLE PLACE LOGIN PASSWORD 'hunter2-secret';\n\
     ALTER TABLE users RENAME COLUMN name TO full_name;\n-- migrate:down\nSELECT 1;\n";
const CONTRACT: &[&str] = &["contract", "--watch", "0", "--accept-evidence"];

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    CONTRACT.iter().chain(more).copied().collect()
}

/// A project whose second migration waits at its gate, in a table with a row.
fn at_the_gate(database: &TestDatabase, second: (&str, &str)) -> tempfile::TempDir {
    let project = folder(&[USERS]);
    let up = on(database, project.path(), &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    let mut client = database.connect().unwrap();
    client
        .execute("INSERT INTO users VALUES (1, 'a@b', 'Ada')")
        .unwrap();
    write(project.path(), second.0, second.1);
    let up = on(database, project.path(), &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    let status = on(database, project.path(), &["status"]);
    assert!(status.out.contains("waiting"), "{}", status.out);
    project
}

fn protect(database: &TestDatabase, folder: &Path) {
    let mark = on(
        database,
        folder,
        &["env", "mark", "production", "--protected"],
    );
    assert_eq!(mark.code, 0, "{}", mark.err);
}

#[test]
fn contract_proves_the_environment_first() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = at_the_gate(&database, RENAMES);
    protect(&database, project.path());
    let unnamed = on(&database, project.path(), CONTRACT);
    assert_eq!(unnamed.code, 4, "{}", unnamed.err);
    assert!(unnamed.err.contains("--env production"), "{}", unnamed.err);
    let other = on(&database, project.path(), &with(&["--env", "staging"]));
    assert_eq!(other.code, 4, "{}", other.err);
    let looking = on(&database, project.path(), &["contract", "--dry-run"]);
    assert_eq!(looking.code, 0, "looking is free: {}", looking.err);
    let named = on(&database, project.path(), &with(&["--env", "production"]));
    assert_eq!(named.code, 0, "{}", named.err);
}

#[test]
fn going_back_from_before_the_gate_exists_on_a_protected_environment() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = at_the_gate(&database, RENAMES);
    protect(&database, project.path());
    let two = on(
        &database,
        project.path(),
        &["down", "--env", "production", "--steps", "2"],
    );
    assert_eq!(two.code, 4, "the first has no gate: {}", two.err);
    assert!(two.err.contains("does not exist"), "{}", two.err);
    let unnamed = on(&database, project.path(), &["down"]);
    assert_eq!(unnamed.code, 4, "{}", unnamed.err);
    let back = on(&database, project.path(), &["down", "--env", "production"]);
    assert_eq!(back.code, 0, "{}", back.err);
    let applied = on(&database, project.path(), &["down", "--env", "production"]);
    assert_eq!(applied.code, 4, "{}", applied.err);
    assert!(applied.err.contains("does not exist"), "{}", applied.err);
}

#[test]
fn a_secret_before_the_gate_is_not_kept_and_what_is_behind_it_still_runs() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let text = ROLE.replace("PLACE", &format!("gate_{}", std::process::id()));
    let project = at_the_gate(&database, (RENAMES.0, &text));
    let mut client = database.connect().unwrap();
    let kept = client
        .value("SELECT count(*) FROM segue.migration WHERE (normalized || plan) LIKE '%hunter2%'")
        .unwrap();
    assert_eq!(kept.as_deref(), Some("0"));
    let masked = client
        .value("SELECT count(*) FROM segue.migration WHERE plan LIKE '%[secret %]%'")
        .unwrap();
    assert_eq!(masked.as_deref(), Some("1"));
    let edited = text
        .replace("SELECT 1", "SELECT 2")
        .replace("LOGIN", "NOLOGIN");
    write(project.path(), RENAMES.0, &edited);
    let refused = on(&database, project.path(), CONTRACT);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("was edited"), "{}", refused.err);
    write(project.path(), RENAMES.0, &text);
    let done = on(&database, project.path(), CONTRACT);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn repair_finds_nothing_wrong_with_what_waits_and_does_not_call_it_done() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = at_the_gate(&database, RENAMES);
    let repair = on(&database, project.path(), &["repair"]);
    assert_eq!(repair.code, 0, "{}{}", repair.out, repair.err);
    let id = "20260102000000";
    let mark = on(
        &database,
        project.path(),
        &["repair", "--mark-applied", id, "--apply"],
    );
    assert_eq!(mark.code, 4, "{}{}", mark.out, mark.err);
    assert!(mark.err.contains("waits at its gate"), "{}", mark.err);
}

const LOSES: (&str, &str) = (
    "db/migrations/20260103000000_loses.sql",
    "-- migrate:up\nALTER TABLE plain DROP COLUMN b;\n",
);

#[test]
fn what_is_lost_behind_the_gate_is_agreed_to_and_has_a_restore_point() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE plain AS SELECT 1 AS a, 2 AS b")
        .unwrap();
    let project = folder(&[LOSES]);
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    assert!(!up.err.contains("restore point"), "{}", up.err);
    let gates = on(
        &database,
        project.path(),
        &["contract", "--dry-run", "--output", "json", "--watch", "0"],
    );
    let gates: serde_json::Value = serde_json::from_str(&gates.out).unwrap();
    let hash = gates["gates"][0]["hash"].as_str().unwrap();
    let refused = on(&database, project.path(), CONTRACT);
    assert_eq!(refused.code, 4, "{}", refused.err);
    let next = format!("next     segue contract 20260103000000 --approve {hash}");
    assert!(refused.err.contains(&next), "{}", refused.err);
    let given = ran(by_an_agent(&database, project.path()).args(["--approve", hash]));
    assert_eq!(given.code, 4, "{}", given.err);
    let next = format!("next     segue approve {hash}");
    assert!(given.err.contains(&next), "{}", given.err);
    let mut person = command(project.path());
    person
        .env("DATABASE_URL", database.url())
        .args(["approve", hash]);
    let typed = [database.name(), "\n"].concat();
    let (code, shown) = on_terminal(&mut person, &typed).unwrap();
    assert_eq!(code, 0, "{shown}");
    write(
        project.path(),
        "segue.toml",
        "[backup]\ncheck = \"exit 3\"\n",
    );
    let unsafe_now = on(&database, project.path(), CONTRACT);
    assert_eq!(unsafe_now.code, 4, "{}", unsafe_now.err);
    write(project.path(), "segue.toml", "");
    let done = ran(&mut by_an_agent(&database, project.path()));
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("restore point segue_"), "{}", done.err);
}

fn by_an_agent(database: &TestDatabase, folder: &Path) -> std::process::Command {
    let mut command = command(folder);
    command
        .env("DATABASE_URL", database.url())
        .env("SEGUE_AGENT", "1")
        .args(CONTRACT);
    command
}

#[test]
fn what_has_no_safe_way_is_refused_with_the_line_that_allows_it_and_check_accepts_that_line() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    assert_eq!(on(&database, project.path(), &["up"]).code, 0);
    let mut client = database.connect().unwrap();
    client
        .execute("INSERT INTO users SELECT i, 'a' || i, 'n' FROM generate_series(1, 20000) i")
        .unwrap();
    let statement = |above: &str| {
        format!(
            "-- migrate:up\n{above}ALTER TABLE users SET UNLOGGED;\n-- migrate:down\nSELECT 1;\n"
        )
    };
    write(project.path(), RENAMES.0, &statement(""));
    for words in [["up"], ["plan"]] {
        let refused = on(&database, project.path(), &words);
        assert_eq!(refused.code, 4, "{}", refused.err);
        for part in [
            "error[no-safe-way]",
            "20260102000000_renames.sql:2:1",
            "every row of",
            "nothing was changed",
            "next     -- segue:allow set-unlogged because REASON",
        ] {
            assert!(refused.err.contains(part), "{part}: {}", refused.err);
        }
    }
    let line = "-- segue:allow set-unlogged because it is a cache\n";
    write(project.path(), RENAMES.0, &statement(line));
    let check = on(&database, project.path(), &["check", "--output", "json"]);
    let codes = crate::segue::codes(&check.out);
    assert!(
        !codes
            .iter()
            .any(|code| code.starts_with("suppression") || code == "set-unlogged"),
        "{codes:?}"
    );
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
}
