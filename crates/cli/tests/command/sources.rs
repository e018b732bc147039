//! Where an address and a password come from: flag, variables, segue.toml, .env; and that two of them agree.

use std::path::Path;

use segue_testkit::{Pooler, TestServer};

use crate::segue::{command, folder, ran, write};

const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY);\nCREATE INDEX ON users (id);\n",
);
const INDEX: (&str, &str) = (
    "db/migrations/20260102000000_index.sql",
    "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY users_again ON users (id);\n",
);

fn toml(name: &str, url: &str) -> String {
    ["[environments.", name, "]\nurl = \"", url, "\"\n"].concat()
}

#[test]
fn an_environment_of_the_settings_is_reached_by_its_name() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS, ("segue.toml", &toml("dev", &database.url()))]);
    let up = ran(command(project.path()).args(["up", "--env", "dev"]));
    assert_eq!(up.code, 0, "{}", up.err);
    write(
        project.path(),
        "segue.toml",
        "[environments.prod]\nurl_env = \"SHOP_URL\"\n",
    );
    let unset = ran(command(project.path()).args(["status", "--env", "prod"]));
    assert_eq!(unset.code, 2, "{}", unset.err);
    assert!(unset.err.contains("`SHOP_URL` is not set"), "{}", unset.err);
    let set = ran(command(project.path())
        .env("SHOP_URL", database.url())
        .args(["status", "--env", "prod", "--exit-code"]));
    assert_eq!(set.code, 0, "{}", set.err);
}

/// Variables, words, and what the answer has to show.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str], [&'c str; 2]);

#[test]
fn every_pair_of_sources_that_name_different_databases_is_refused_with_both() {
    let settings = toml("dev", "postgresql://app@settings.example/shop");
    let project = folder(&[USERS, ("segue.toml", &settings)]);
    let flag = ["--url", "postgresql://app@flag.example/shop"];
    let cases: &[Case] = &[
        (
            &[("SEGUE_URL", "postgresql://app@variable.example/shop")],
            &flag,
            ["flag.example", "variable.example"],
        ),
        (
            &[],
            &[
                "--url",
                "postgresql://app@flag.example/shop",
                "--env",
                "dev",
            ],
            ["flag.example", "settings.example"],
        ),
        (
            &[("DATABASE_URL", "postgresql://app@variable.example/shop")],
            &["--env", "dev"],
            ["settings.example", "variable.example"],
        ),
        (
            &[("PGHOST", "libpq.example")],
            &flag,
            ["flag.example", "libpq.example"],
        ),
        (
            &[("PGHOST", "flag.example"), ("PGDATABASE", "other")],
            &flag,
            ["flag.example:5432/shop", "flag.example:5432/other"],
        ),
    ];
    for (variables, words, parts) in cases {
        let run = ran(command(project.path())
            .envs(variables.iter().copied())
            .arg("up")
            .args(*words));
        assert_eq!(run.code, 4, "{variables:?} {words:?}: {}", run.err);
        assert!(
            run.err.contains("two sources name different databases"),
            "{}",
            run.err
        );
        for part in parts {
            assert!(run.err.contains(part), "{part} is not in {}", run.err);
        }
    }
}

#[test]
fn variables_of_libpq_complete_an_address_and_may_repeat_it() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    let host = server.socket_directory();
    let url = ["postgresql:///", database.name(), "?user=postgres"].concat();
    let run = ran(command(project.path())
        .env("PGHOST", host)
        .env("DATABASE_URL", url)
        .arg("up"));
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn a_file_of_variables_is_read_and_the_real_environment_wins() {
    let server = TestServer::start_newest().unwrap();
    let (one, two) = (
        server.create_database().unwrap(),
        server.create_database().unwrap(),
    );
    let file = ["# ours\nexport DATABASE_URL=\"", &one.url(), "\"\n"].concat();
    let project = folder(&[USERS, (".env", &file)]);
    let users = |database: &segue_testkit::TestDatabase| {
        let mut client = database.connect().unwrap();
        client.value("SELECT to_regclass('users')::text").unwrap()
    };
    let real = ran(command(project.path())
        .env("DATABASE_URL", two.url())
        .arg("up"));
    assert_eq!(real.code, 0, "{}", real.err);
    assert_eq!((users(&one), users(&two)), (None, Some("users".to_owned())));
    let file = ran(command(project.path()).arg("up"));
    assert_eq!(file.code, 0, "{}", file.err);
    assert_eq!(users(&one), Some("users".to_owned()));
    let flag = ran(command(project.path()).args(["status", "--url", &two.url()]));
    assert_eq!(flag.code, 4, "{}", flag.err);
    let without =
        ran(command(project.path()).args(["status", "--no-env-file", "--url", &two.url()]));
    assert_eq!(without.code, 0, "{}", without.err);
    let missing = ran(command(project.path()).args(["status", "--env-file", "none.env"]));
    assert_eq!(missing.code, 2, "{}", missing.err);
}

#[test]
fn a_protected_environment_is_not_reached_by_a_file_that_lies_there() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let file = ["DATABASE_URL=", &database.url(), "\n"].concat();
    let project = folder(&[USERS, (".env", &file)]);
    let mark = ran(command(project.path()).args(["env", "mark", "production", "--protected"]));
    assert_eq!(mark.code, 0, "{}", mark.err);
    let found = ran(command(project.path()).args(["up", "--env", "production"]));
    assert_eq!(found.code, 4, "{}", found.err);
    assert!(
        found.err.contains("the address comes from .env"),
        "{}",
        found.err
    );
    let named =
        ran(command(project.path()).args(["up", "--env", "production", "--env-file", ".env"]));
    assert_eq!(named.code, 0, "{}", named.err);
}

fn left(database: &segue_testkit::TestDatabase, name: &str) -> Option<String> {
    let mut client = database.connect().unwrap();
    let there = ["SELECT to_regclass('", name, "')::text"].concat();
    client.value(&there).unwrap()
}

fn up_through(pooler: &str, folder: &Path, words: &[&str]) -> crate::segue::Ran {
    ran(command(folder)
        .env("DATABASE_URL", pooler)
        .arg("up")
        .args(words))
}

#[test]
fn behind_a_pooler_the_direct_address_or_a_promise_is_needed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let other = server.create_database().unwrap();
    let pooler = Pooler::before(&server, "session").unwrap();
    let through = pooler.url(database.name());
    let project = folder(&[USERS, INDEX]);
    let alone = up_through(&through, project.path(), &[]);
    assert_eq!(alone.code, 4, "{}", alone.err);
    assert!(
        alone.err.contains("--direct-url") && alone.err.contains("--pooler=session"),
        "{}",
        alone.err
    );
    let elsewhere = up_through(&through, project.path(), &["--direct-url", &other.url()]);
    assert_eq!(elsewhere.code, 4, "{}", elsewhere.err);
    assert!(
        elsewhere.err.contains("lead to different databases"),
        "{}",
        elsewhere.err
    );
    let twice = up_through(&through, project.path(), &["--direct-url", &through]);
    assert_eq!(twice.code, 4, "{}", twice.err);
    assert_eq!(left(&database, "users"), None);
    let direct = up_through(&through, project.path(), &["--direct-url", &database.url()]);
    assert_eq!(direct.code, 0, "{}", direct.err);
    assert_eq!(
        left(&database, "users_again").as_deref(),
        Some("users_again")
    );
    let second = pooler.url(other.name());
    let promised = up_through(&second, project.path(), &["--pooler=session"]);
    assert_eq!(promised.code, 0, "{}", promised.err);
    assert_eq!(left(&other, "users_again").as_deref(), Some("users_again"));
}
