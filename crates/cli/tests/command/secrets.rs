//! No secret reaches any sink, wherever it came from (fault F31, invariant I9).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use segue_testkit::{Client, TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran, write};

const CANARY: &str = "canary-7f3a9c";
const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY);\n-- migrate:down\nDROP TABLE users;\n",
);
/// Steps of their own, so that the journal keeps the plan.
const LITERALS: (&str, &str) = (
    "db/migrations/20260102000000_literals.sql",
    "-- migrate:up\n\
     CREATE ROLE app LOGIN PASSWORD 'canary-7f3a9c';\n\
     ALTER ROLE app ENCRYPTED PASSWORD 'canary-7f3a9c';\n\
     CREATE FOREIGN DATA WRAPPER plain;\n\
     CREATE SERVER other FOREIGN DATA WRAPPER plain OPTIONS (host 'h', password 'canary-7f3a9c');\n\
     CREATE USER MAPPING FOR app SERVER other OPTIONS (user 'u', password 'canary-7f3a9c');\n\
     ALTER USER MAPPING FOR app SERVER other OPTIONS (SET password 'canary-7f3a9c');\n\
     CREATE TABLE notes (n text);\n\
     INSERT INTO notes VALUES ('postgres://u:canary-7f3a9c@h/d');\n\
     DO $$ BEGIN EXECUTE 'ALTER ROLE app PASSWORD ''canary-7f3a9c'''; END $$;\n\
     CREATE INDEX users_again ON users (id);\n\
     SELECT pg_sleep(1);\n\
     CREATE ROLE taken PASSWORD 'canary-7f3a9c';\n\
     -- migrate:down\nDROP ROLE app;\n",
);

fn silent(what: &str, run: &Ran) {
    assert!(!run.out.contains(CANARY), "{what}: {}", run.out);
    assert!(!run.err.contains(CANARY), "{what}: {}", run.err);
}

/// Every command that meets a database or reads the files.
const COMMANDS: &[&[&str]] = &[
    &["status"],
    &["plan"],
    &["plan", "--output", "json"],
    &["up", "--dry-run"],
    &["up"],
    &["up", "--output", "json"],
    &["status", "--output", "json"],
    &["verify"],
    &["repair"],
    &["repair", "--output", "json"],
    &["env", "mark", "dev"],
    &["env", "show"],
    &["doctor"],
    &["doctor", "--output", "json"],
    &["wait", "20260101000000", "--seconds", "1"],
    &["down", "--dry-run"],
    &["dump"],
    &["baseline", "20260101000000"],
    &["approve", "0123"],
    &["check", "-vv"],
    &["audit"],
    &["down"],
    &["redo"],
    &["uninstall"],
];

/// All that the journal holds, as text.
fn journal(client: &mut Client) -> String {
    let rows = client
        .query(
            "SELECT m::text FROM segue.migration m UNION ALL SELECT s::text FROM segue.step s \
             UNION ALL SELECT e::text FROM segue.event e UNION ALL SELECT l::text FROM segue.lease l",
        )
        .unwrap();
    rows.into_iter()
        .flatten()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n")
}

/// How a test hands the password over.
struct Way {
    name: &'static str,
    prepare: fn(&mut Command, &Path, &TestDatabase),
}

fn with_password(database: &TestDatabase) -> String {
    [&database.url(), "&password=", CANARY].concat()
}

const WAYS: &[Way] = &[
    Way {
        name: "the flag",
        prepare: |words, _, database| {
            words.args(["--url", &with_password(database)]);
        },
    },
    Way {
        name: "a variable",
        prepare: |words, _, database| {
            words.env("DATABASE_URL", with_password(database));
        },
    },
    Way {
        name: "PGPASSWORD",
        prepare: |words, _, database| {
            words
                .env("DATABASE_URL", database.url())
                .env("PGPASSWORD", CANARY);
        },
    },
    Way {
        name: ".env",
        prepare: |_, folder, database| {
            let text = ["DATABASE_URL='", &with_password(database), "'\n"].concat();
            write(folder, ".env", &text);
        },
    },
    Way {
        name: "segue.toml",
        prepare: |words, folder, database| {
            let url = with_password(database);
            let text = ["[environments.dev]\nurl = \"", &url, "\"\n"].concat();
            write(folder, "segue.toml", &text);
            words.args(["--env", "dev"]);
        },
    },
    Way {
        name: "a command",
        prepare: |words, folder, database| {
            let text = ["[defaults]\npassword_command = \"echo ", CANARY, "\"\n"].concat();
            write(folder, "segue.toml", &text);
            words.env("DATABASE_URL", database.url());
        },
    },
    Way {
        name: "a command that fails",
        prepare: |words, folder, database| {
            let text = [
                "[defaults]\npassword_command = \"echo ",
                CANARY,
                " >&2; exit 1\"\n",
            ]
            .concat();
            write(folder, "segue.toml", &text);
            words.env("DATABASE_URL", database.url());
        },
    },
    Way {
        name: "the password file",
        prepare: |words, folder, database| {
            use std::os::unix::fs::PermissionsExt;
            write(folder, "pass", &["*:*:*:*:", CANARY, "\n"].concat());
            let path = folder.join("pass");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            words
                .env("DATABASE_URL", database.url())
                .env("PGPASSFILE", path);
        },
    },
    Way {
        name: "an address that does not parse",
        prepare: |words, _, _| {
            words.args(["--url", "postgresql://app:canary-7f3a9c@h:port/d"]);
        },
    },
    Way {
        name: "a server that is not there",
        prepare: |words, _, _| {
            words.args(["--url", "postgresql://app:canary-7f3a9c@127.0.0.1:1/d"]);
        },
    },
];

#[test]
fn a_password_is_in_no_answer_of_any_command_wherever_it_came_from() {
    let server = TestServer::start_newest().unwrap();
    for way in WAYS {
        let database = server.create_database().unwrap();
        let project = folder(&[USERS]);
        for words in COMMANDS {
            let mut run = command(project.path());
            run.args(*words);
            if !matches!(words.first(), Some(&("check" | "audit"))) {
                (way.prepare)(&mut run, project.path(), &database);
            }
            let what = [way.name, ": ", &words.join(" ")].concat();
            silent(&what, &ran(&mut run));
            if words == &["doctor"] && server_is_reached(&database) {
                let mut client = database.connect().unwrap();
                assert!(!journal(&mut client).contains(CANARY), "{what}");
            }
        }
    }
}

fn server_is_reached(database: &TestDatabase) -> bool {
    let mut client = database.connect().unwrap();
    let there = client.value("SELECT to_regclass('segue.lease')::text");
    there.unwrap().is_some()
}

/// Runs a command and looks at what it says.
fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    let run = ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words));
    silent(&words.join(" "), &run);
    run
}

/// A project with secrets in its statements, of which the last one fails until `taken` is gone.
fn with_literals(database: &TestDatabase, client: &mut Client) -> tempfile::TempDir {
    let md5 = [
        "ALTER DATABASE ",
        database.name(),
        " SET password_encryption = 'md5'",
    ]
    .concat();
    client.execute(&md5).unwrap();
    client.execute("CREATE ROLE taken").unwrap();
    // What goes out together with a table is in nobody's way, and would be one transaction with it.
    let project = folder(&[USERS]);
    on(database, project.path(), &["up"]);
    write(project.path(), LITERALS.0, LITERALS.1);
    project
}

#[test]
fn a_password_in_a_statement_is_run_and_neither_shown_nor_kept() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    let project = with_literals(&database, &mut client);
    for words in [
        &["plan"][..],
        &["plan", "--output", "json"],
        &["check"],
        &["check", "--output", "json"],
        &["audit"],
    ] {
        on(&database, project.path(), words);
    }
    let up = on(&database, project.path(), &["up"]);
    assert_eq!(up.code, 8, "{}", up.err);
    for words in [
        &["status"][..],
        &["verify"],
        &["repair"],
        &["repair", "--output", "json"],
    ] {
        on(&database, project.path(), words);
    }
    let kept = journal(&mut client);
    assert!(
        kept.contains("CREATE ROLE app") && !kept.contains(CANARY),
        "{kept}"
    );
    // The rest comes from the file again, with what it really says.
    client.execute("DROP ROLE taken").unwrap();
    let again = on(&database, project.path(), &["up"]);
    assert_eq!(again.code, 0, "{}", again.err);
    let is_set = "SELECT (rolpassword = 'md5' || md5('canary-7f3a9c' || 'taken'))::text FROM pg_authid WHERE rolname = 'taken'";
    assert_eq!(client.value(is_set).unwrap().as_deref(), Some("true"));
    assert!(!journal(&mut client).contains(CANARY));
    let edited = LITERALS.1.replace("canary-7f3a9c", "other-secret");
    write(project.path(), LITERALS.0, &edited);
    let verify = on(&database, project.path(), &["verify"]);
    assert_eq!(verify.code, 12, "another password is another text");
    let repair = on(&database, project.path(), &["repair"]);
    assert_eq!(repair.code, 11, "{}", repair.err);
    assert!(!verify.out.contains("other-secret") && !repair.out.contains("other-secret"));
}

#[test]
fn the_servers_list_of_sessions_shows_no_password_once_its_statement_has_run() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    let project = with_literals(&database, &mut client);
    let child = command(project.path())
        .env("DATABASE_URL", database.url())
        .arg("up")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let sleeping = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1)%' AND pid <> pg_backend_pid())::text";
    let is_reached = (0..400).any(|_| {
        pause(10);
        client.value(sleeping).unwrap().as_deref() == Some("true")
    });
    assert!(is_reached);
    let visible = client
        .query("SELECT query FROM pg_stat_activity WHERE application_name LIKE 'segue%'")
        .unwrap();
    let visible = visible.into_iter().flatten().flatten();
    let visible = visible.collect::<Vec<_>>().join("\n");
    child.wait_with_output().unwrap();
    assert!(
        visible.contains("pg_sleep") && !visible.contains(CANARY),
        "{visible}"
    );
}

#[test]
fn a_statement_that_cannot_be_read_does_not_show_its_password() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let broken = (
        "db/migrations/20260102000000_broken.sql",
        "-- migrate:up\nCREATE ROLE app LOGIN PASSWORD 'canary-7f3a9c' BOGUS;\n",
    );
    let project = folder(&[USERS, broken]);
    for words in [
        &["plan"][..],
        &["up"],
        &["up", "--verbatim"],
        &["plan", "--verbatim"],
        &["repair"],
    ] {
        let run = ran(command(project.path())
            .env("DATABASE_URL", database.url())
            .args(words));
        silent(&words.join(" "), &run);
    }
    let mut client = database.connect().unwrap();
    assert!(!journal(&mut client).contains(CANARY));
}

/// The command lines of all processes that this one started, now.
fn command_lines(of: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let place = entry.path();
        let status = std::fs::read_to_string(place.join("status")).unwrap_or_default();
        let parent = status
            .lines()
            .find_map(|line| line.strip_prefix("PPid:"))
            .and_then(|text| text.trim().parse::<u32>().ok());
        if parent == Some(of)
            && let Ok(line) = std::fs::read(place.join("cmdline"))
        {
            lines.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    lines
}

#[test]
fn the_list_of_processes_does_not_show_what_a_command_says() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[
        USERS,
        (
            "segue.toml",
            "[defaults]\npassword_command = \"echo canary-7f3a9c; sleep 1\"\n",
        ),
    ]);
    let mut child = command(project.path())
        .env("DATABASE_URL", database.url())
        .arg("status")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    for _ in 0..200 {
        seen = command_lines(child.id());
        if !seen.is_empty() {
            break;
        }
        pause(10);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!seen.is_empty());
    assert!(!seen.join("\n").contains(CANARY), "{seen:?}");
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
