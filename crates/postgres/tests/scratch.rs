//! A scratch server is private, as it was asked to be, and gone with its owner.

#![cfg(test)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use segue_model::{Session, Sql};
use segue_postgres::scratch::{Installed, Manners, ScratchServer};
use segue_postgres::{PostgresSession, Sources, Target};

/// The newest server that a user of this machine could start.
fn newest() -> Installed {
    let found = segue_testkit::installed().pop().unwrap();
    Installed {
        relocatable: package_of(&found.bin),
        ..Installed::at(&found.bin).unwrap()
    }
}

/// Servers that were fetched for tests can be copied.
fn package_of(bin: &Path) -> Option<PathBuf> {
    let tools = segue_testkit::workspace_root().join("target/tools");
    let inside = bin.strip_prefix(&tools).ok()?;
    Some(tools.join(inside.components().next()?))
}

fn value(server: &ScratchServer, query: &'static str) -> Option<String> {
    let target = Target::resolve(&server.url("postgres"), &Sources::default()).unwrap();
    let mut session = PostgresSession::connect(&target).unwrap();
    let rows = session.query(&Sql::literal(query)).unwrap();
    rows.into_iter().flatten().next().flatten()
}

#[test]
fn it_has_the_settings_it_was_given_and_only_its_user_gets_in() {
    let manners = Manners {
        settings: vec!["work_mem=7MB".to_owned(), "max_connections=11".to_owned()],
        ..Manners::default()
    };
    let server = ScratchServer::start(&newest(), &manners).unwrap();
    assert_eq!(value(&server, "SHOW work_mem").as_deref(), Some("7MB"));
    assert_eq!(value(&server, "SHOW listen_addresses").as_deref(), Some(""));
    let mode = std::fs::metadata(server.directory()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o700);
    let place = server.directory().to_path_buf();
    drop(server);
    assert!(!place.exists());
}

#[test]
fn it_is_gone_when_its_owner_panics() {
    let mut place = None;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let server = ScratchServer::start(&newest(), &Manners::default()).unwrap();
        place = Some(server.directory().to_path_buf());
        panic!("the owner");
    }));
    assert!(panicked.is_err());
    assert!(!place.unwrap().exists());
}

#[test]
fn one_that_does_not_start_says_what_the_server_said_and_leaves_nothing() {
    let manners = Manners {
        settings: vec!["no_such_setting=1".to_owned()],
        ..Manners::default()
    };
    let error = ScratchServer::start(&newest(), &manners).unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    let prefix = format!("segue-{}-", std::process::id());
    for parent in ["/dev/shm".into(), std::env::temp_dir()] {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let is_ours = entry.file_name().to_string_lossy().starts_with(&prefix);
            let log = std::fs::read_to_string(entry.path().join("log")).unwrap_or_default();
            assert!(!(is_ours && log.contains("no_such_setting")), "{entry:?}");
        }
    }
}

#[test]
fn a_kept_server_outlives_its_value() {
    let server = ScratchServer::start(&newest(), &Manners::default()).unwrap();
    let (url, place) = (server.url("postgres"), server.directory().to_path_buf());
    server.keep().unwrap();
    let target = Target::resolve(&url, &Sources::default()).unwrap();
    let mut session = PostgresSession::connect(&target).unwrap();
    assert!(session.query(&Sql::literal("SELECT 1")).is_ok());
    drop(session);
    let pid = std::fs::read_to_string(place.join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().to_owned();
    let stopped = std::process::Command::new("kill")
        .args(["-QUIT", &pid])
        .status();
    assert!(stopped.unwrap().success());
    std::fs::remove_dir_all(&place).unwrap();
}
