//! What contract drops is kept, shown, brought back, and removed only when somebody agrees.

use std::path::Path;

use segue_testkit::{TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran};

const DROPS: (&str, &str) = (
    "db/migrations/20260102000000_drops.sql",
    "-- migrate:up\nALTER TABLE users DROP COLUMN nick;\nDROP TABLE old;\n\
     -- migrate:down\nALTER TABLE users ADD COLUMN nick text;\nCREATE TABLE old (id int PRIMARY KEY, v text);\n",
);
const CONTRACT: &[&str] = &["contract", "--watch", "0", "--accept-evidence"];

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

fn done(database: &TestDatabase, folder: &Path, words: &[&str]) -> String {
    let run = on(database, folder, words);
    assert_eq!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
    run.out
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn scene(database: &TestDatabase) -> tempfile::TempDir {
    database
        .connect()
        .unwrap()
        .execute(
            "CREATE TABLE users (id int PRIMARY KEY, nick text NOT NULL); \
             INSERT INTO users SELECT i, 'n' || i FROM generate_series(1, 500) i; \
             CREATE TABLE old (id int PRIMARY KEY, v text); \
             INSERT INTO old SELECT i, 'v' || i FROM generate_series(1, 70) i; ANALYZE old",
        )
        .unwrap();
    folder(&[DROPS])
}

/// A project whose migration has dropped a column and a table.
fn dropped(database: &TestDatabase) -> tempfile::TempDir {
    let project = scene(database);
    done(database, project.path(), &["up"]);
    done(database, project.path(), CONTRACT);
    project
}

#[test]
fn what_was_dropped_is_listed_and_comes_back_with_its_values() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = dropped(&database);
    let list = json(&done(
        &database,
        project.path(),
        &["archive", "list", "-o", "json"],
    ));
    let kept = list["kept"].as_array().unwrap();
    assert_eq!(kept.len(), 2, "{list}");
    let of = |kind: &str| kept.iter().find(|one| one["kind"] == kind).unwrap();
    assert_eq!(of("table")["table"], "public.old");
    assert_eq!(of("table")["rows_estimated"], 70);
    assert_eq!(of("column")["column"], "nick");
    for one in kept {
        assert_eq!(one["migration"], "20260102000000", "{one}");
        assert!(one["age_seconds"].as_u64().unwrap() < 3_600, "{one}");
        assert!(one["bytes"].as_u64().unwrap() > 0, "{one}");
    }
    let people = done(&database, project.path(), &["archive", "list"]);
    assert!(people.contains("column  public.users.nick"), "{people}");
    assert!(people.contains("dropped by 20260102000000"), "{people}");

    done(
        &database,
        project.path(),
        &["archive", "restore", "public.users.nick"],
    );
    done(&database, project.path(), &["archive", "restore", "old"]);
    let mut client = database.connect().unwrap();
    let same = client
        .value("SELECT count(*) FROM users WHERE nick = 'n' || id")
        .unwrap();
    assert_eq!(same.as_deref(), Some("500"));
    let rows = client.value("SELECT count(*) FROM public.old").unwrap();
    assert_eq!(rows.as_deref(), Some("70"));
    let left = client
        .value("SELECT count(*) FROM segue.migration WHERE id LIKE 'archive%'")
        .unwrap();
    assert_eq!(
        left.as_deref(),
        Some("0"),
        "nothing of it stays in the journal"
    );
}

#[test]
fn what_stands_in_the_place_is_not_touched() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = dropped(&database);
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE VIEW old AS SELECT 1 AS one; ALTER TABLE users ADD COLUMN nick int")
        .unwrap();
    for (name, next) in [
        ("old", "rename or drop \"public\".\"old\""),
        (
            "public.users.nick",
            "rename or drop \"public\".\"users\".\"nick\"",
        ),
    ] {
        let refused = on(&database, project.path(), &["archive", "restore", name]);
        assert_eq!(refused.code, 4, "{}", refused.err);
        assert!(
            refused.err.contains("where the kept one belongs"),
            "{}",
            refused.err
        );
        assert!(refused.err.contains(next), "{}", refused.err);
    }
    client.execute("DROP TABLE users").unwrap();
    let gone = on(
        &database,
        project.path(),
        &["archive", "restore", "public.users.nick"],
    );
    assert_eq!(gone.code, 4, "{}", gone.err);
    let unknown = on(
        &database,
        project.path(),
        &["archive", "restore", "publik.old"],
    );
    assert_eq!(unknown.code, 2, "{}", unknown.err);
    assert!(
        unknown.err.contains("near it: public.old"),
        "{}",
        unknown.err
    );
}

#[test]
fn a_restore_that_was_stopped_is_gone_on_with() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = dropped(&database);
    let mut client = database.connect().unwrap();
    let place = client
        .value("SELECT relname FROM pg_class WHERE relnamespace = 'segue_archive'::regnamespace AND relkind = 'r' AND relname <> 'old'")
        .unwrap()
        .unwrap();
    let lock = [
        "BEGIN; LOCK TABLE segue_archive.\"",
        &place,
        "\" IN ACCESS EXCLUSIVE MODE",
    ]
    .concat();
    client.execute(&lock).unwrap();
    let words = [
        "archive",
        "restore",
        "public.users.nick",
        "--lock-timeout",
        "50",
        "--attempts",
        "2",
    ];
    let stopped = on(&database, project.path(), &words);
    assert_eq!(stopped.code, 7, "{}", stopped.err);
    client.execute("ROLLBACK").unwrap();
    done(&database, project.path(), &words);
    let same = client
        .value("SELECT count(*) FROM users WHERE nick = 'n' || id")
        .unwrap();
    assert_eq!(same.as_deref(), Some("500"));
}

#[test]
fn a_purge_needs_an_agreement_and_spares_what_is_young() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = dropped(&database);
    let young = done(
        &database,
        project.path(),
        &["archive", "purge", "--older-than", "1h", "--yes"],
    );
    assert!(young.contains("nothing to purge"), "{young}");
    let refused = on(&database, project.path(), &["archive", "purge"]);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(
        refused.err.contains("table   public.old   about 70 rows"),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains("column  public.users.nick"),
        "{}",
        refused.err
    );
    let agent = ran(command(project.path())
        .env("DATABASE_URL", database.url())
        .env("SEGUE_AGENT", "1")
        .args(["archive", "purge", "--yes"]));
    assert_eq!(agent.code, 4, "{}", agent.err);
    assert!(
        agent.err.contains("next     segue approve "),
        "{}",
        agent.err
    );
    let hash = refused.err.split("--approve ").nth(1).unwrap();
    let hash = hash.split_whitespace().next().unwrap();
    let one = on(
        &database,
        project.path(),
        &["archive", "purge", "--approve", hash],
    );
    assert_eq!(one.code, 4, "one hash is not all: {}", one.err);
    let purged = done(
        &database,
        project.path(),
        &["archive", "purge", "old", "--yes"],
    );
    assert!(purged.contains("purged: public.old"), "{purged}");
    let mut client = database.connect().unwrap();
    let left = client
        .value("SELECT count(*) FROM pg_class WHERE relnamespace = 'segue_archive'::regnamespace AND relkind = 'r'")
        .unwrap();
    assert_eq!(left.as_deref(), Some("1"));
    // What is not kept cannot be put back: the migration's own way down is what is left.
    done(&database, project.path(), &["down"]);
    let rows = client.value("SELECT count(*) FROM public.old").unwrap();
    assert_eq!(rows.as_deref(), Some("0"));
}

#[test]
fn a_protected_database_is_named_before_anything_is_purged() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = dropped(&database);
    done(
        &database,
        project.path(),
        &["env", "mark", "production", "--protected"],
    );
    let unnamed = on(&database, project.path(), &["archive", "purge", "--yes"]);
    assert_eq!(unnamed.code, 4, "{}", unnamed.err);
    assert!(unnamed.err.contains("--env production"), "{}", unnamed.err);
    done(&database, project.path(), &["archive", "list"]);
    done(
        &database,
        project.path(),
        &["archive", "purge", "--yes", "--env", "production"],
    );
}

/// The hash that `contract --dry-run` shows.
fn gate(database: &TestDatabase, folder: &Path, more: &[&str]) -> String {
    let words = ["contract", "--dry-run", "--watch", "0", "-o", "json"];
    let gates = json(&done(database, folder, &[&words, more].concat()));
    assert_eq!(
        gates["gates"][0]["losses"].as_array().unwrap().len(),
        2,
        "{gates}"
    );
    gates["gates"][0]["hash"].as_str().unwrap().to_owned()
}

fn nothing_is_kept(database: &TestDatabase, folder: &Path) {
    let list = done(database, folder, &["archive", "list"]);
    assert!(list.contains("nothing is kept"), "{list}");
    let mut client = database.connect().unwrap();
    let gone = client
        .value("SELECT (to_regclass('public.old') IS NULL)::text")
        .unwrap();
    assert_eq!(gone.as_deref(), Some("true"));
}

#[test]
fn without_an_archive_the_plan_names_the_point_of_no_return_and_contract_is_agreed_to() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = scene(&database);
    let kept = done(&database, project.path(), &["plan"]);
    assert!(kept.contains("segue_archive"), "{kept}");
    let plan = done(&database, project.path(), &["plan", "--no-archive"]);
    assert!(!plan.contains("segue_archive"), "{plan}");
    assert!(plan.contains("point of no return"), "{plan}");
    done(&database, project.path(), &["up", "--no-archive"]);
    let refused = on(&database, project.path(), CONTRACT);
    assert_eq!(refused.code, 4, "{}", refused.err);
    let hash = gate(&database, project.path(), &[]);
    done(
        &database,
        project.path(),
        &[CONTRACT, &["--approve", &hash]].concat(),
    );
    nothing_is_kept(&database, project.path());
}

#[test]
fn contract_can_leave_the_archive_out_and_the_way_back_is_the_migrations_own() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = scene(&database);
    done(&database, project.path(), &["up"]);
    let words = [CONTRACT, &["--no-archive"]].concat();
    let refused = on(&database, project.path(), &words);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(
        refused.err.contains("--no-archive --approve"),
        "{}",
        refused.err
    );
    let hash = gate(&database, project.path(), &["--no-archive"]);
    done(
        &database,
        project.path(),
        &[&words[..], &["--approve", &hash]].concat(),
    );
    nothing_is_kept(&database, project.path());
    done(&database, project.path(), &["down"]);
    let mut client = database.connect().unwrap();
    let empty = client.value("SELECT count(*) FROM public.old").unwrap();
    assert_eq!(empty.as_deref(), Some("0"));
}
