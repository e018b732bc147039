//! Where a connection string and its surroundings lead, and that no password shows.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests fail like tests; the lint's own exception covers only test functions"
)]

use std::io;
use std::path::Path;

use segue_postgres::connect::{FoundFile, TlsMode};
use segue_postgres::{PostgresSession, Sources, Target, TargetError};

const CANARY: &str = "c4nary-s3cret";

fn files(path: &Path) -> io::Result<FoundFile> {
    let (text, mode) = match path.to_str().unwrap_or_default() {
        "/at/me/.pgpass" => ("db.example:5433:shop:app:c4nary-s3cret\n", 0o600),
        "/open" => ("*:*:*:*:c4nary-s3cret\n", 0o644),
        "/at/me/.pg_service.conf" => (
            "[other]\nhost=no\n# a comment\n[shop]\nhost=db.example\nport=5433\nuser=app\n",
            0o644,
        ),
        "/bad_service" => ("[shop]\npassword c4nary-s3cret\n", 0o644),
        _ => return Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    Ok(FoundFile {
        bytes: text.as_bytes().to_vec(),
        mode,
    })
}

fn with(environment: &[(&str, &str)]) -> Sources {
    Sources {
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        read: files,
        ..Sources::default()
    }
}

fn resolved(text: &str) -> Target {
    Target::resolve(text, &with(&[("USER", "me")])).expect("a target")
}

fn refused(text: &str) -> TargetError {
    Target::resolve(text, &with(&[("USER", "me")])).expect_err("a refusal")
}

#[test]
fn a_connection_string_leads_to_its_parts() {
    for (text, shown) in [
        ("", "me@/var/run/postgresql:5432,/tmp:5432/me"),
        ("shop", "me@/var/run/postgresql:5432,/tmp:5432/shop"),
        ("postgres://u:p%40ss@h:1/d", "u@h:1/d"),
        ("postgresql://u:p@ss@h/d", "u@h:5432/d"),
        ("postgres://u@a:1,[::1]:2,c/d", "u@a:1,[::1]:2,c:5432/d"),
        ("postgresql:///d?host=/run/x&port=7&user=u", "u@/run/x:7/d"),
        ("postgres://u@%2Frun%2Fx/d%20e", "u@/run/x:5432/d e"),
        ("host=h port=9 user='o\\'k' dbname = d", "o'k@h:9/d"),
        ("host=a,b port=9 user=u", "u@a:9,b:9/u"),
        ("hostaddr=10.0.0.1 user=u", "u@10.0.0.1:5432/u"),
    ] {
        assert_eq!(resolved(text).shown(), shown, "{text}");
    }
}

#[test]
fn what_does_not_parse_is_said_with_its_byte() {
    for (text, byte) in [
        ("postgres://u:p@h:port/d", 17),
        ("postgres://u:p%zz@h/d", 14),
        ("postgres://u:p@h/d?nonsense=1", 19),
        ("postgres://u:p@h/d?sslmode", 19),
        ("postgres://u:12/c4nary@h/d", 22),
        ("mysql://u@h/d", 0),
        ("host=h password='open", 16),
        ("host=h password=two words", 20),
    ] {
        assert_eq!(refused(text).byte(), Some(byte), "{text}");
    }
}

#[test]
fn tls_is_preferred_and_never_weakened_by_a_typing_error() {
    assert_eq!(resolved("host=h").tls_mode(), TlsMode::Prefer);
    assert_eq!(
        resolved("postgres://h/?sslmode=require").tls_mode(),
        TlsMode::Require
    );
    for text in [
        "host=h sslmode=verify_full",
        "host=h sslmode=verify-full sslrootcert=/nowhere",
        "host=h sslmode=require sslrootcert=system",
        "host=h sslcrl=/crl",
        "host=h sslcert=/only-one",
    ] {
        refused(text);
    }
}

#[test]
fn the_text_wins_over_the_service_and_the_service_over_the_environment() {
    let sources = with(&[
        ("HOME", "/at/me"),
        ("PGSERVICE", "shop"),
        ("PGUSER", "env"),
        ("PGDATABASE", "env"),
        ("PGPORT", "1"),
    ]);
    let target = Target::resolve("host=text", &sources).expect("a target");
    assert_eq!(target.shown(), "app@text:5433/env");
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let sources = with(&[("USER", "me"), ("PGPASSFILE", "/open")]);
    let error = Target::resolve("host=h", &sources).expect_err("a refusal");
    assert!(error.to_string().contains("chmod 600 /open"), "{error}");
}

#[test]
fn no_password_shows_in_any_text() {
    let mut texts = Vec::new();
    let command = Sources {
        password_command: Some(format!("echo {CANARY}; exit 3").into()),
        ..with(&[("USER", "me")])
    };
    let closed = "hostaddr=127.0.0.1 port=1";
    for (text, sources) in [
        (
            format!("{closed} password={CANARY}"),
            with(&[("USER", "me")]),
        ),
        (
            format!("postgres://u:{CANARY}@127.0.0.1:1/d"),
            with(&[("USER", "me")]),
        ),
        (
            closed.to_owned(),
            with(&[("USER", "me"), ("PGPASSWORD", CANARY)]),
        ),
        (
            "host=db.example hostaddr=127.0.0.1 port=5433 dbname=shop user=app connect_timeout=2"
                .to_owned(),
            with(&[("HOME", "/at/me")]),
        ),
        (closed.to_owned(), command),
    ] {
        let target = Target::resolve(&text, &sources).expect("a target");
        texts.push(format!("{sources:?} {target:?} {}", target.shown()));
        let error = PostgresSession::connect(&target).expect_err("nobody listens there");
        texts.push(format!("{error:?} {error}"));
    }
    for text in [
        format!("postgres://u:12/{CANARY}@h/d"),
        format!("postgres://u:{CANARY}/x@h/d"),
        format!("postgres://u:12?{CANARY}@h/d"),
        format!("postgres://u:12?{CANARY}=1@h/d"),
        format!("postgres://u:%zz{CANARY}@h/d"),
        format!("postgres//u:{CANARY}@h/d?a=b"),
        format!("host=h password=x {CANARY}=y"),
        format!("host=h password=x {CANARY}"),
        format!("host=h password='{CANARY}"),
        format!("host=h sslmode={CANARY}"),
    ] {
        let error = refused(&text);
        texts.push(format!("{error:?} {error}"));
    }
    for variable in [("PGPASSFILE", "/open"), ("PGSERVICEFILE", "/bad_service")] {
        let sources = with(&[("USER", "me"), variable]);
        let error = Target::resolve("host=h service=shop", &sources).expect_err("a refusal");
        texts.push(format!("{error:?} {error}"));
    }
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn a_password_command_that_fails_shows_its_exit_code_only() {
    let sources = Sources {
        password_command: Some(format!("echo {CANARY}; echo {CANARY} >&2; exit 3").into()),
        ..with(&[("USER", "me")])
    };
    let target = Target::resolve("hostaddr=127.0.0.1 port=1", &sources).expect("a target");
    let error = PostgresSession::connect(&target).expect_err("no password");
    assert_eq!(
        error.to_string(),
        "the password command ended with exit code 3"
    );
}
