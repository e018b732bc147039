//! `segue demo` as a user meets it: from any folder, without configuration, and nothing is left of it.

#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use segue_model::{Session, Sql};
use segue_postgres::{PostgresSession, Sources, Target};
use serde_json::Value;

/// So few rows that the demo is about its traffic.
const FEW: &str = "2000";

fn demo(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .args(["demo", "--rows", FEW])
        .args(words);
    command
}

/// The directories of scratch servers that a process made.
fn directories_of(process: u32) -> Vec<PathBuf> {
    let prefix = format!("segue-{process}-");
    [PathBuf::from("/dev/shm"), std::env::temp_dir()]
        .iter()
        .filter_map(|parent| std::fs::read_dir(parent).ok())
        .flat_map(Iterator::flatten)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect()
}

fn answer(child: Child) -> (u32, Value) {
    let process = child.id();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(err, "", "with --output json nothing is said");
    (process, serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn beside_the_migrations_as_written_nobody_waits_and_nothing_fails_the_safe_way() {
    let folder = tempfile::tempdir().unwrap();
    let child = demo(folder.path(), &["--compare", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (process, answer) = answer(child);
    let [safe, written] = [&answer["sides"][0], &answer["sides"][1]];
    assert_eq!(safe["manner"], "safe");
    assert_eq!(written["manner"], "as-written");
    let names = |side: &Value| -> Vec<String> {
        let runs = side["migrations"].as_array().unwrap().iter();
        runs.map(|run| run["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let (all, both) = (names(safe), names(written));
    assert!(all.contains(&"index_orders_by_status".to_owned()));
    assert!(all.starts_with(&both), "{all:?} and {both:?}");
    assert_eq!(
        all.get(both.len()..).unwrap(),
        ["contract customers_display_name"],
        "when the old version is gone, what waits at its gate goes on"
    );
    for side in [safe, written] {
        assert!(side["total"]["statements"].as_u64().unwrap() > 1_000);
    }
    // A renamed column: the old version fails as written, and both versions go on the safe way.
    assert!(written["errors"].as_u64().unwrap() > 0, "{written}");
    assert_eq!(safe["errors"], 0, "{safe}");
    // As written, a checkout that takes a second stops everybody else for about as long.
    assert!(written["total"]["late"].as_u64().unwrap() > 0, "{written}");
    assert!(written["silent_ms"].as_u64().unwrap() > 500, "{written}");
    let slowest = safe["total"]["slowest_us"].as_u64().unwrap();
    assert!(slowest < 700_000, "{safe}");
    assert!(directories_of(process).is_empty());
}

#[test]
fn without_a_terminal_it_is_plain_text_of_80_characters_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let child = demo(folder.path(), &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = child.id();
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(0), "{err}");
    for text in [&out, &err] {
        assert!(text.is_ascii(), "the locale is not one of UTF-8: {text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text}");
        let longest = text.lines().map(str::len).max();
        assert!(longest <= Some(80), "{longest:?} characters in {text}");
    }
    for part in [
        "segue up",
        "none failed",
        "old version",
        "new version",
        "Left out",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    assert!(directories_of(process).is_empty());
}

#[test]
fn a_demo_that_is_interrupted_or_killed_leaves_nothing() {
    for signal in ["INT", "TERM", "KILL"] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = demo(folder.path(), &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = child.id();
        let is_up = || {
            directories_of(process)
                .iter()
                .any(|place| place.join("data/postmaster.pid").exists())
        };
        wait_until(is_up, "the server never started");
        let killed = Command::new("kill")
            .args(["-s", signal, &process.to_string()])
            .status();
        assert!(killed.unwrap().success());
        child.wait().unwrap();
        wait_until(
            || directories_of(process).is_empty(),
            "the server's directory is still there",
        );
    }
}

#[test]
fn a_kept_shop_can_be_looked_at_and_removed_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let child = demo(folder.path(), &["--keep"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = child.id();
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let after = |word: &str| {
        let line = out.lines().find_map(|line| line.trim().strip_prefix(word));
        line.unwrap_or_else(|| panic!("{word} is not in {out}"))
            .trim()
            .to_owned()
    };
    let target = Target::resolve(&after("kept"), &Sources::default()).unwrap();
    let mut session = PostgresSession::connect(&target).unwrap();
    let rows = session
        .query(&Sql::literal("SELECT count(*) >= 2000 FROM orders"))
        .unwrap();
    assert_eq!(rows, [[Some("t".to_owned())]]);
    drop(session);
    assert_eq!(directories_of(process).len(), 1);
    let removed = Command::new("sh")
        .args(["-c", &after("remove")])
        .status()
        .unwrap();
    assert!(removed.success());
    assert!(directories_of(process).is_empty());
}

/// There and back again in use: what was done, and that no statement of either version failed.
fn story(name: &str, rows: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_segue"))
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .args(["demo", "--story", name, "--rows", rows, "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (process, answer) = answer(child);
    assert!(directories_of(process).is_empty());
    assert_eq!(answer["story"], name);
    for way in ["there", "back"] {
        let versions = answer[way].as_array().unwrap();
        assert_eq!(versions.len(), 2, "{answer}");
        for version in versions {
            assert!(version["statements"].as_u64().unwrap() > 100, "{answer}");
            assert_eq!(version["errors"], 0, "{name}, {way}: {version}");
        }
    }
    let acts = answer["acts"].as_array().unwrap().iter();
    acts.map(|act| {
        let gate = act["waits_at_gate"].as_bool().unwrap();
        let verb = act["verb"].as_str().unwrap();
        [verb, if gate { " to the gate" } else { "" }].concat()
    })
    .collect()
}

#[test]
fn stories_of_changes_that_would_break_a_version_go_through_gates_there_and_back() {
    for name in ["rename", "type", "split"] {
        let acts = ["up to the gate", "contract", "down to the gate", "contract"];
        assert_eq!(story(name, FEW), acts, "{name}");
    }
}

#[test]
fn the_story_of_a_dropped_column_comes_back_from_the_archive() {
    assert_eq!(story("drop", FEW), ["up to the gate", "contract", "down"]);
}

#[test]
fn stories_of_changes_that_break_nobody_wait_for_nothing() {
    assert_eq!(story("not-null", FEW), ["up", "down"]);
    assert_eq!(story("backfill", "100000"), ["up", "down"]);
}

fn wait_until(is_so: impl Fn() -> bool, otherwise: &str) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        pause(Duration::from_millis(50));
    }
    panic!("{otherwise}");
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}
