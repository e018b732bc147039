//! Real servers: they start, they are watched, they leave nothing behind.

use anyhow::{Context, Result};
use segue_testkit::lock_cases::{self, FileChange, LockCase, Mode, Outcome};
use segue_testkit::observe::{self, Laboratory};
use segue_testkit::{TestServer, compare, installed};
use std::os::unix::fs::PermissionsExt;

fn newest_shared() -> Result<&'static TestServer> {
    let newest = installed().pop().context("no server is installed")?;
    Ok(TestServer::shared(&newest)?)
}

fn case(statement: &str) -> LockCase {
    LockCase {
        name: "probe".to_owned(),
        statement: statement.to_owned(),
        after: vec!["CREATE TABLE t (id int PRIMARY KEY, note text)".to_owned()],
        time_zone: None,
        held: None,
        versions: Vec::new(),
        rows: Vec::new(),
    }
}

#[test]
fn a_server_answers_and_leaves_nothing_behind() -> Result<()> {
    let server = TestServer::start_newest()?;
    let directory = server.socket_directory().to_path_buf();
    let major = server.installed().major.to_string();
    let version = server.connect("postgres")?.value("SHOW server_version")?;
    assert!(version.is_some_and(|version| version.starts_with(&major)));
    drop(server);
    assert!(!directory.exists());
    Ok(())
}

#[test]
fn nobody_else_can_enter_a_server_s_directory() -> Result<()> {
    let metadata = std::fs::metadata(newest_shared()?.socket_directory())?;
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    Ok(())
}

#[test]
fn a_server_does_not_listen_on_tcp() -> Result<()> {
    let mut client = newest_shared()?.connect("postgres")?;
    assert_eq!(client.value("SHOW listen_addresses")?.as_deref(), Some(""));
    Ok(())
}

#[test]
fn what_one_test_database_has_another_has_not() -> Result<()> {
    let server = newest_shared()?;
    let (one, two) = (server.create_database()?, server.create_database()?);
    one.connect()?.execute("CREATE TABLE only_here (id int)")?;
    let found = "SELECT to_regclass('only_here')";
    assert_eq!(one.connect()?.value(found)?.as_deref(), Some("only_here"));
    assert_eq!(two.connect()?.value(found)?, None);
    Ok(())
}

#[test]
fn a_refusal_keeps_the_server_s_own_words() -> Result<()> {
    let mut client = newest_shared()?.connect("postgres")?;
    let error = client.query("SELECT 1/0").expect_err("division by zero");
    assert_eq!(error.server_message(), Some("division by zero"));
    assert_eq!(client.value("SELECT 1")?.as_deref(), Some("1"));
    Ok(())
}

#[test]
fn adding_a_column_is_seen_to_take_access_exclusive_and_nothing_else() -> Result<()> {
    let server = newest_shared()?;
    let database = server.create_database()?;
    let seen = observe::observe(&database, 15, &case("ALTER TABLE t ADD COLUMN x int"))?;
    let [row] = seen.rows.as_slice() else {
        anyhow::bail!("not one relation: {seen:?}");
    };
    assert_eq!(row.relation, "t");
    assert_eq!(row.outcome, Outcome::Locked(Mode::AccessExclusive));
    assert_eq!((row.file, row.rows_scanned), (FileChange::Kept, None));
    Ok(())
}

#[test]
fn a_rewrite_is_seen_in_the_files_and_in_the_messages() -> Result<()> {
    let server = newest_shared()?;
    let database = server.create_database()?;
    let change = case("ALTER TABLE t ALTER COLUMN id TYPE bigint");
    let seen = observe::observe(&database, 15, &change)?;
    let file_of = |name: &str| {
        let row = seen.rows.iter().find(|row| row.relation == name);
        row.map(|row| row.file)
    };
    assert_eq!(file_of("t"), Some(FileChange::Rewritten));
    assert_eq!(file_of("t_pkey"), Some(FileChange::IndexRebuilt));
    assert!(
        seen.messages
            .iter()
            .any(|text| text == "rewriting table \"t\"")
    );
    Ok(())
}

#[test]
fn a_statement_outside_a_transaction_is_seen_while_it_waits() -> Result<()> {
    let server = newest_shared()?;
    let database = server.create_database()?;
    let mut build = case("CREATE INDEX CONCURRENTLY i ON t (note)");
    build.held = Some("INSERT INTO t (id) VALUES (1)".to_owned());
    let seen = observe::observe(&database, 15, &build)?;
    let row = seen.rows.iter().find(|row| row.relation == "t");
    let row = row.context("t was not seen")?;
    assert_eq!(row.outcome, Outcome::Locked(Mode::ShareUpdateExclusive));
    Ok(())
}

#[test]
fn measured_cases_come_out_as_the_table_says() -> Result<()> {
    let probes = [
        "add-col-plain",
        "type-char-widen",
        "truncate-cascade",
        "drop-table-referenced-cascade",
        "create-index-partitioned",
        "create-index-concurrently",
    ];
    let cases = lock_cases::load();
    for installed in installed() {
        let server = TestServer::start(&installed)?;
        let mut laboratory = None;
        for case in cases.iter().filter(|case| probes.contains(&&*case.name)) {
            if !case.versions.contains(&installed.major) {
                continue;
            }
            if laboratory.is_none() {
                laboratory = Some(Laboratory::prepare(&server)?);
            }
            let laboratory = laboratory.as_ref().context("prepared above")?;
            let seen = laboratory.observe(case)?;
            let different = compare::differences(case.rows_on(installed.major), &seen.rows);
            assert_eq!(different, [], "{} on {}", case.name, installed.major);
        }
    }
    Ok(())
}
