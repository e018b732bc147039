//! Runs where the environment is not as one expects (F33): the answer is the same, and no file is written.

use std::path::Path;
use std::process::{Command, Stdio};

use segue_testkit::{TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran};

const FILES: [(&str, &str); 2] = [
    (
        "db/migrations/20260101000000_titles.sql",
        "-- migrate:up\nCREATE TABLE TITLES (ID int PRIMARY KEY, \"I\" text);\nINSERT INTO titles VALUES (1, 'ı İ');\n",
    ),
    (
        "db/migrations/20260102000000_index.sql",
        "-- migrate:up\nCREATE INDEX TITLES_I ON TITLES (\"I\");\n",
    ),
];

fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.display().to_string());
            if path.is_dir() {
                left.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Without how long it took.
fn untimed(answer: &str) -> String {
    let lines = answer.lines().map(|line| match line.rsplit_once("; ") {
        Some((before, time)) if time.ends_with(" ms") => before,
        Some(_) | None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn in_environment(server: &TestServer, change: &dyn Fn(&mut Command)) -> (Ran, Ran, Ran) {
    let database: TestDatabase = server.create_database().unwrap();
    let project = folder(&FILES);
    let before = listing(project.path());
    let run = |words: &[&str]| {
        let mut command = command(project.path());
        command.env("DATABASE_URL", database.url()).args(words);
        change(&mut command);
        ran(&mut command)
    };
    let answers = (run(&["up"]), run(&["status"]), run(&["check"]));
    assert_eq!(listing(project.path()), before, "nothing was written");
    let rows = database
        .connect()
        .unwrap()
        .value("SELECT count(*)::text FROM titles")
        .unwrap();
    assert_eq!(rows.as_deref(), Some("1"));
    answers
}

type Change = fn(&mut Command);

#[test]
fn locale_time_zone_and_missing_variables_change_no_answer() {
    let server = TestServer::start_newest().unwrap();
    let plain = in_environment(&server, &|_| {});
    assert_eq!((plain.0.code, plain.1.code), (0, 0), "{}", plain.0.err);
    let environments: [(&str, Change); 5] = [
        ("a Turkish locale", |command| {
            command
                .env("LC_ALL", "tr_TR.UTF-8")
                .env("LANG", "tr_TR.UTF-8");
        }),
        ("the C locale", |command| {
            command.env("LC_ALL", "C");
        }),
        ("an odd time zone", |command| {
            command.env("TZ", "Asia/Kathmandu");
        }),
        ("a time zone that does not exist", |command| {
            command.env("TZ", ":/no/such:zone");
        }),
        ("no home and no user", |command| {
            for name in ["HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "TERM"] {
                command.env_remove(name);
            }
        }),
    ];
    for (what, change) in environments {
        let changed = in_environment(&server, &change);
        assert_eq!(changed.0.code, 0, "{what}: {}", changed.0.err);
        assert_eq!(changed.0.out, plain.0.out, "{what}");
        assert_eq!(
            (changed.2.code, untimed(&changed.2.out)),
            (plain.2.code, untimed(&plain.2.out)),
            "{what}"
        );
        assert_eq!(changed.1.code, 0, "{what}: {}", changed.1.err);
    }
}

#[test]
fn closed_outputs_do_not_stop_a_run() {
    let server = TestServer::start_newest().unwrap();
    for closed in [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"] {
        let database = server.create_database().unwrap();
        let project = folder(&FILES);
        let line = format!("exec '{}' up {closed}", env!("CARGO_BIN_EXE_segue"));
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &line])
            .current_dir(project.path())
            .env("DATABASE_URL", database.url())
            .stdin(Stdio::null());
        let run = ran(&mut shell);
        // A full disk under the answer is said; the work is done all the same.
        let expected = i32::from(closed == ">/dev/full");
        assert_eq!(run.code, expected, "{closed}: {}", run.err);
        let recorded = database
            .connect()
            .unwrap()
            .value("SELECT count(*)::text FROM segue.migration WHERE state = 'applied'")
            .unwrap();
        assert_eq!(recorded.as_deref(), Some("2"), "{closed}");
    }
}
