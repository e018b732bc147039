//! A reader of one of two tables stops a phase in its middle.

use segue_engine::{Approval, EngineError, EvidencePolicy, Kind, Outcome, Standing, Target};
use segue_model::Migration;
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{catalog, contract, down, migration, selection, status, up, with};

const START: &str = "-- migrate:up\n\
    CREATE TABLE a (id int PRIMARY KEY, c text); INSERT INTO a SELECT i, 'a' || i FROM generate_series(1, 40) i;\n\
    CREATE TABLE b (id int PRIMARY KEY, c text); INSERT INTO b SELECT i, 'b' || i FROM generate_series(1, 40) i;\n";
const BOTH: &str = "-- migrate:up\nALTER TABLE a RENAME COLUMN c TO d;\nALTER TABLE b RENAME COLUMN c TO d;\n\
    -- migrate:down\nALTER TABLE b RENAME COLUMN d TO c;\nALTER TABLE a RENAME COLUMN d TO c;\n";

fn files() -> Vec<Migration> {
    vec![
        migration("1_start.sql", START),
        migration("2_both.sql", BOTH),
    ]
}

fn hurried_contract(
    database: &TestDatabase<'_>,
    files: &[Migration],
) -> Result<Outcome, EngineError> {
    with(database, |runner| {
        runner.limits.attempts_max = 2;
        let policy = (EvidencePolicy::Accept, &Approval::default());
        runner.contract(files, None, policy)
    })
}

/// A session that reads the table in an open transaction.
fn reader(database: &TestDatabase<'_>, table: &str) -> Client {
    let mut reader = database.connect().unwrap();
    reader.execute("BEGIN").unwrap();
    reader.execute(&format!("SELECT id FROM {table}")).unwrap();
    reader
}

fn every_write_works(client: &mut Client, column: &str) {
    for table in ["a", "b"] {
        let text = format!(
            "INSERT INTO {table} (id, {column}) VALUES (100, 'new'); UPDATE {table} SET {column} = 'newer' WHERE id IN (1, 100); \
             DELETE FROM {table} WHERE id = 2"
        );
        client.execute(&text).unwrap();
    }
}

/// T-01.
#[test]
fn a_contract_phase_that_a_reader_stopped_is_not_done_until_it_is() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    up(&database, &files()[..1]).unwrap();
    up(&database, &files()).unwrap();
    for table in ["a", "b"] {
        let mut reader = reader(&database, table);
        let error = hurried_contract(&database, &files()).unwrap_err();
        assert_eq!(error.kind(), Kind::LockBudget, "{error}");
        assert_eq!(status(&database, &files())[1].standing, Standing::Waiting);
        // The reader was let alone (T-39), and the new version goes on writing.
        reader.execute("COMMIT").unwrap();
        let mut client = database.connect().unwrap();
        client
            .execute("UPDATE a SET d = d || '!'; UPDATE b SET d = d || '!'")
            .unwrap();
    }
    contract(&database, &files(), EvidencePolicy::Accept).unwrap();
    assert_eq!(status(&database, &files())[1].standing, Standing::Applied);
    let mut client = database.connect().unwrap();
    every_write_works(&mut client, "d");
    let left = "SELECT count(*)::text FROM pg_trigger WHERE NOT tgisinternal";
    assert_eq!(client.value(left).unwrap().as_deref(), Some("0"));
    let values = "SELECT count(*)::text FROM (SELECT d FROM a UNION ALL SELECT d FROM b) AS both_ WHERE d LIKE '%!!'";
    assert_eq!(client.value(values).unwrap().as_deref(), Some("76"));
}

/// T-02.
#[test]
fn a_way_back_that_a_reader_stopped_is_not_done_until_it_is() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    up(&database, &files()[..1]).unwrap();
    let mut client = database.connect().unwrap();
    let before = catalog(&mut client);
    up(&database, &files()).unwrap();
    // What is undone last is what was done first.
    for _ in 0..2 {
        let mut reader = reader(&database, "a");
        let error = with(&database, |runner| {
            runner.limits.attempts_max = 2;
            runner.down(&files(), &selection(Target::Steps(1)), &Approval::default())
        })
        .unwrap_err();
        assert_eq!(error.kind(), Kind::LockBudget, "{error}");
        assert_ne!(status(&database, &files())[1].standing, Standing::Pending);
        reader.execute("COMMIT").unwrap();
        client
            .execute("UPDATE a SET c = c || '!'; UPDATE b SET c = c || '!'")
            .unwrap();
    }
    down(&database, &files()).unwrap();
    assert_eq!(status(&database, &files())[1].standing, Standing::Pending);
    assert_eq!(catalog(&mut client), before);
    every_write_works(&mut client, "c");
}

/// T-03: nothing of the old version is closed before all that the switch needs is held.
#[test]
fn behind_a_reader_the_contract_phase_leaves_both_names_working() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_one.sql",
            "-- migrate:up\nALTER TABLE a RENAME COLUMN c TO d;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    up(&database, &files).unwrap();
    let mut reader = reader(&database, "a");
    hurried_contract(&database, &files).unwrap_err();
    let mut client = database.connect().unwrap();
    client
        .execute("UPDATE a SET c = 'old' WHERE id = 1; UPDATE a SET d = 'new' WHERE id = 2; INSERT INTO a (id, c) VALUES (99, 'z')")
        .unwrap();
    let differ = "SELECT count(*)::text FROM a WHERE c IS DISTINCT FROM d";
    assert_eq!(client.value(differ).unwrap().as_deref(), Some("0"));
    reader.execute("COMMIT").unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
}

/// T-04: no CASCADE, whenever the dependant came.
#[test]
fn a_view_on_a_column_is_never_taken_along() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_drop.sql",
            "-- migrate:up\nALTER TABLE a DROP COLUMN c;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE VIEW early AS SELECT c FROM a")
        .unwrap();
    let error = up(&database, &files).unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Failed | Kind::Refused),
        "{error}"
    );
    client
        .execute("SELECT count(*) FROM early; DROP VIEW early")
        .unwrap();
    up(&database, &files).unwrap();
    client
        .execute("CREATE VIEW late AS SELECT c FROM a")
        .unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap_err();
    let rows = client.value("SELECT count(c)::text FROM late").unwrap();
    assert_eq!(rows.as_deref(), Some("40"));
    assert_eq!(status(&database, &files)[1].standing, Standing::Waiting);
    client.execute("DROP VIEW late").unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
}

/// T-05, T-27: what failed stays recorded, is not run over, and what never was is not taken back.
#[test]
fn what_failed_is_not_run_over_and_its_way_down_is_not_run() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut files = vec![
        migration("1_start.sql", START),
        migration(
            "2_half.sql",
            "-- migrate:up\nCREATE INDEX a_c ON a (c);\nCREATE UNIQUE INDEX b_one ON b ((1));\n\
             -- migrate:down\nDROP TABLE a;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    up(&database, &files).unwrap_err();
    assert_eq!(status(&database, &files)[1].standing, Standing::Partial);
    files.push(migration(
        "3_next.sql",
        "-- migrate:up\nCREATE TABLE next (n int);\n",
    ));
    up(&database, &files).unwrap_err();
    let lines = status(&database, &files);
    assert_eq!(
        [lines[1].standing, lines[2].standing],
        [Standing::Partial, Standing::Pending]
    );
    // The way down of what is not done is not sent.
    down(&database, &files).unwrap_err();
    let mut client = database.connect().unwrap();
    let kept = client.value("SELECT count(*)::text FROM a").unwrap();
    assert_eq!(kept.as_deref(), Some("40"));
    client.execute("DELETE FROM b WHERE id > 1").unwrap();
    assert_eq!(up(&database, &files).unwrap().completed, ["2", "3"]);
}
