//! What is looked at before a run and before data is destroyed: who is in the way (AS-02), the way back (AS-13).

use std::path::Path;
use std::time::Duration;

use segue_testkit::{Client, TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran, write};

const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, email text);\n",
);
const DROPS: (&str, &str) = (
    "db/migrations/20260102000000_drops.sql",
    "-- migrate:up\nDROP TABLE old CASCADE;\n",
);

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

#[expect(clippy::disallowed_methods, reason = "a real server is waited for")]
fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Asks until the answer is `true`; 60 s at most.
fn wait_until(client: &mut Client, question: &str) {
    for _ in 0..600 {
        if client.value(question).unwrap().as_deref() == Some("true") {
            return;
        }
        pause(100);
    }
    panic!("this never became true: {question}");
}

fn hash(database: &TestDatabase, folder: &Path) -> String {
    let plan = on(database, folder, &["plan", "--output", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    let last = plan["migrations"].as_array().unwrap().last().unwrap();
    last["hash"].as_str().unwrap().to_owned()
}

#[test]
fn as_02_a_vacuum_that_does_not_give_way_is_a_reason_not_to_begin() {
    let server = TestServer::start_newest_with(&[
        ("autovacuum", "on"),
        ("autovacuum_naptime", "1"),
        ("autovacuum_freeze_max_age", "100000"),
    ])
    .unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE ROLE app LOGIN; CREATE TABLE users (id int, filler text) \
             WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1); \
             ALTER TABLE users OWNER TO app; \
             INSERT INTO users SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i; \
             CREATE TABLE spent (n int)",
        )
        .unwrap();
    client
        .execute(
            "DO $$ BEGIN FOR i IN 1..100100 LOOP BEGIN INSERT INTO spent VALUES (i); \
             EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$",
        )
        .unwrap();
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'autovacuum:%public.users (to prevent wraparound)')::text",
    );
    let project = folder(&[
        (
            "db/migrations/20260101000000_age.sql",
            "-- migrate:up\nALTER TABLE users ADD COLUMN age int;\n",
        ),
        (
            "db/migrations/20260102000000_other.sql",
            "-- migrate:up\nCREATE TABLE other (id int);\n",
        ),
    ]);
    // To a role that does not see what others run the age of the table says it.
    let url = database.url().replace("user=postgres", "user=app");
    let plan = ran(command(project.path()).env("DATABASE_URL", url).arg("plan"));
    assert!(plan.out.contains("refused: "), "{}{}", plan.out, plan.err);
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(up.err.contains("does not give way"), "{}", up.err);
    assert!(
        up.err.contains("public.users (to prevent wraparound)"),
        "{}",
        up.err
    );
    let plan = on(&database, project.path(), &["plan"]);
    assert!(plan.out.contains("refused: "), "{}", plan.out);
    let columns = "SELECT count(*)::text FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'age'";
    assert_eq!(client.value(columns).unwrap().as_deref(), Some("0"));
}

#[test]
fn old_and_prepared_transactions_are_named_with_their_age_and_the_run_goes_on() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE elsewhere (n int); CREATE TABLE here (n int)")
        .unwrap();
    client
        .execute("BEGIN; INSERT INTO elsewhere VALUES (1); PREPARE TRANSACTION 'left over'")
        .unwrap();
    let mut idle = database.connect().unwrap();
    idle.execute("SET application_name = 'reports'; BEGIN; SELECT count(*) FROM elsewhere")
        .unwrap();
    write(
        project.path(),
        "db/migrations/20260102000000_here.sql",
        "-- migrate:up\nALTER TABLE here ADD COLUMN m int;\n",
    );
    pause(5_500);
    let plan = on(&database, project.path(), &["plan"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    for part in [
        "in the way: a transaction is open for ",
        "reports, idle in transaction",
        "in the way: a prepared transaction is open for ",
        "left over, postgres",
    ] {
        assert!(plan.out.contains(part), "{part} is not in {}", plan.out);
    }
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    assert!(
        up.err
            .contains("before it begins: a transaction is open for "),
        "{}",
        up.err
    );
    idle.execute("ROLLBACK").unwrap();
    client.execute("ROLLBACK PREPARED 'left over'").unwrap();
}

#[test]
fn before_data_is_destroyed_there_is_a_restore_point_in_the_log_and_in_the_answer() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    let project = folder(&[USERS, DROPS]);
    let hash = hash(&database, project.path());
    let up = on(&database, project.path(), &["up", "--approve", &hash]);
    assert_eq!(up.code, 0, "{}", up.err);
    assert_eq!(up.err.matches("restore point ").count(), 1, "{}", up.err);
    assert!(
        up.err
            .contains("  restore point segue_1_20260102000000 at 0/"),
        "{}",
        up.err
    );
    let line = "SELECT count(*)::text FROM segue.event \
                WHERE migration = '20260102000000' AND what LIKE 'restore point segue_1_20260102000000 at 0/%'";
    assert_eq!(client.value(line).unwrap().as_deref(), Some("1"));
}

#[test]
fn the_answer_for_programs_has_the_restore_point_too() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    let project = folder(&[DROPS]);
    let hash = hash(&database, project.path());
    let words = ["up", "--approve", &hash, "--output", "json"];
    let up = on(&database, project.path(), &words);
    assert_eq!((up.code, up.err.as_str()), (0, ""));
    let answer: serde_json::Value = serde_json::from_str(&up.out).unwrap();
    assert_eq!(
        answer["restore_points"][0]["name"],
        "segue_1_20260102000000"
    );
}

#[test]
fn a_role_without_the_right_notes_the_position_instead() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE ROLE app LOGIN; CREATE TABLE old AS SELECT 1 AS id; ALTER TABLE old OWNER TO app; GRANT CREATE ON SCHEMA public TO app")
        .unwrap();
    let grant = ["GRANT CREATE ON DATABASE ", database.name(), " TO app"].concat();
    client.execute(&grant).unwrap();
    let project = folder(&[DROPS]);
    let url = database.url().replace("user=postgres", "user=app");
    let hash = hash(&database, project.path());
    let up = ran(command(project.path())
        .env("DATABASE_URL", url)
        .args(["up", "--approve", &hash]));
    assert_eq!(up.code, 0, "{}", up.err);
    assert!(
        up.err.contains("no restore point") && up.err.contains("log position 0/"),
        "{}",
        up.err
    );
}

#[test]
fn while_the_log_is_not_archived_nothing_is_destroyed_and_the_rest_runs() {
    let server =
        TestServer::start_newest_with(&[("archive_mode", "on"), ("archive_command", "/bin/false")])
            .unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    client.execute("SELECT pg_switch_wal()").unwrap();
    wait_until(
        &mut client,
        "SELECT (last_failed_time IS NOT NULL)::text FROM pg_stat_archiver",
    );
    let project = folder(&[USERS]);
    let harmless = on(&database, project.path(), &["up"]);
    assert_eq!(harmless.code, 0, "{}", harmless.err);
    write(project.path(), DROPS.0, DROPS.1);
    let hash = hash(&database, project.path());
    let up = on(&database, project.path(), &["up", "--approve", &hash]);
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(up.err.contains("log is not being archived"), "{}", up.err);
    let left = client.value("SELECT to_regclass('old')::text").unwrap();
    assert_eq!(left.as_deref(), Some("old"));
}

#[test]
fn as_13_a_check_of_backups_that_fails_or_is_stale_stops_what_destroys() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE TABLE old AS SELECT 1 AS id")
        .unwrap();
    let project = folder(&[DROPS]);
    let hash = hash(&database, project.path());
    let with = |backup: &str| {
        write(project.path(), "segue.toml", backup);
        on(&database, project.path(), &["up", "--approve", &hash])
    };
    for (backup, why) in [
        (
            "[backup]\ncheck = \"echo canary-secret >&2; exit 3\"\n",
            "exit code 3",
        ),
        (
            "[backup]\ncheck = \"echo 1000\"\nmax_age = \"24h\"\n",
            "s old; 86400 s are allowed",
        ),
        (
            "[backup]\ncheck = \"echo fine\"\nmax_age = \"24h\"\n",
            "did not say when",
        ),
        (
            "[backup]\ncheck = \"sleep 60\"\ntimeout = \"1s\"\n",
            "has not ended after 1 s",
        ),
    ] {
        let up = with(backup);
        assert_eq!(up.code, 4, "{backup}: {}", up.err);
        assert!(up.err.contains(why), "{backup}: {}", up.err);
        assert!(!up.err.contains("canary-secret"), "{}", up.err);
    }
    let fresh = with("[backup]\ncheck = \"date +%s\"\nmax_age = \"24h\"\n");
    assert_eq!(fresh.code, 0, "{}", fresh.err);
}

#[test]
fn a_standby_is_looked_at_and_not_changed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[USERS]);
    server.become_standby().unwrap();
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 4, "{}", up.err);
    assert!(up.err.contains("this server is a standby"), "{}", up.err);
    let status = on(&database, project.path(), &["status"]);
    assert_eq!(status.code, 0, "{}", status.err);
}
