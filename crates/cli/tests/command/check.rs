//! `segue check` as a user meets it: exit codes, what is found, where settings come from, hostile input.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::segue::{codes, command, folder, project, ran, segue, with_input, write};

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, username text);\n";
const CHECKED: &str = "ALTER TABLE users ADD CONSTRAINT named CHECK (username <> '');\n";

fn json(folder: &Path, words: &[&str]) -> Vec<String> {
    let words: Vec<&str> = ["check", "--output", "json"]
        .iter()
        .chain(words)
        .copied()
        .collect();
    codes(&segue(folder, &words).out)
}

#[test]
fn findings_make_the_exit_code_3_and_their_absence_0() {
    assert_eq!(segue(&project("shop"), &["check"]).code, 3);
    let clean = segue(&project("clean"), &["check"]);
    assert_eq!(clean.code, 0, "{}{}", clean.out, clean.err);
}

#[test]
fn lint_is_another_word_for_check() {
    assert_eq!(segue(&project("clean"), &["lint"]).code, 0);
}

#[test]
fn fail_on_decides_which_severity_fails() {
    let place = folder(&[(
        "1.sql",
        "-- segue:allow drop-column because nobody needs it\nSELECT 1;\n",
    )]);
    let words = |limit| ["check", "--quiet", "--fail-on", limit];
    assert_eq!(segue(place.path(), &words("warning")).code, 3);
    assert_eq!(segue(place.path(), &words("error")).code, 0);
}

#[test]
fn nothing_to_check_is_no_success() {
    let place = folder(&[("README.md", "nothing")]);
    let nothing = segue(place.path(), &["check"]);
    assert_eq!(nothing.code, 2);
    assert!(
        nothing.err.starts_with("error[no-migrations]"),
        "{}",
        nothing.err
    );
    let missing = segue(place.path(), &["check", "missing"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.starts_with("error[unreadable-path]"),
        "{}",
        missing.err
    );
}

#[test]
fn standard_input_is_read_as_a_plain_file_or_as_the_named_tools() {
    let place = folder(&[]);
    let sql = [USERS, "SELECT 1;\n"].concat();
    let plain = with_input(place.path(), &["check", "-"], sql.as_bytes());
    assert_eq!(plain.code, 0, "{}{}", plain.out, plain.err);
    let dbmate = [
        "-- migrate:up\n",
        USERS,
        "-- migrate:down\nDROP TABLE users;\n",
    ]
    .concat();
    let words = ["check", "-", "--tool", "dbmate", "--output", "json"];
    let answer = with_input(place.path(), &words, dbmate.as_bytes()).out;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["projects"][0]["tool"], "dbmate");
    assert_eq!(answer["summary"]["statements"], 1);
}

#[test]
fn standard_input_that_is_no_text_is_a_finding() {
    let place = folder(&[]);
    let words = ["check", "-", "--output", "json"];
    let answer = with_input(place.path(), &words, b"SELECT '\xE9';");
    assert_eq!(answer.code, 3);
    assert_eq!(codes(&answer.out), ["unreadable-file"]);
    assert!(answer.out.contains("at byte 8"), "{}", answer.out);
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    let place = folder(&[("1.sql", USERS), ("3.sql", CHECKED)]);
    std::fs::write(place.path().join("2.sql"), b"SELECT '\xFF\xFF';").unwrap();
    let found = json(place.path(), &[]);
    assert!(found.contains(&"unreadable-file".to_owned()), "{found:?}");
    assert!(
        found.contains(&"add-check-validated".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_suppression_with_a_reason_hides_its_finding_and_is_counted() {
    let allowed = [
        "-- segue:allow add-check-validated because it is small\n",
        CHECKED,
    ]
    .concat();
    let place = folder(&[("1.sql", USERS), ("2.sql", &allowed)]);
    let found = json(place.path(), &[]);
    assert!(
        !found.contains(&"add-check-validated".to_owned()),
        "{found:?}"
    );
    let shown = segue(place.path(), &["check", "-v"]).out;
    assert!(
        shown.contains("allowed[add-check-validated] 2.sql:2: it is small"),
        "{shown}"
    );
    assert!(shown.contains("1 suppressed"), "{shown}");
}

#[test]
fn a_suppression_holds_until_its_date() {
    let until = "-- segue:allow add-check-validated because it is small until 2026-03-31\n";
    let place = folder(&[("1.sql", USERS), ("2.sql", &[until, CHECKED].concat())]);
    let on = |day| json(place.path(), &["--today", day]);
    assert!(!on("2026-03-31").contains(&"add-check-validated".to_owned()));
    let after = on("2026-04-01");
    assert!(
        after.contains(&"add-check-validated".to_owned()),
        "{after:?}"
    );
    assert!(
        after.contains(&"suppression-expired".to_owned()),
        "{after:?}"
    );
}

#[test]
fn a_flag_beats_a_variable_and_a_variable_beats_the_file() {
    let place = folder(&[
        ("db/1.sql", USERS),
        (
            "segue.toml",
            "[project]\ndir = \"db\"\n[check]\nserver_version = 13\n",
        ),
    ]);
    let version = |command: &mut Command| {
        let answer = ran(command.args(["check", "--output", "json"])).out;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["server_version"].as_u64().unwrap()
    };
    assert_eq!(version(&mut command(place.path())), 13);
    let mut by_variable = command(place.path());
    by_variable.env("SEGUE_SERVER_VERSION", "14");
    assert_eq!(version(&mut by_variable), 14);
    let mut by_flag = command(place.path());
    by_flag
        .env("SEGUE_SERVER_VERSION", "14")
        .args(["check", "--server-version", "15"]);
    let answer = ran(by_flag.args(["--output", "json"])).out;
    assert!(answer.contains("\"server_version\":15"), "{answer}");
}

#[test]
fn settings_that_are_not_understood_are_an_error_with_a_line() {
    let place = folder(&[
        ("1.sql", USERS),
        ("segue.toml", "[check]\nfail-on = \"error\"\n"),
    ]);
    let answer = segue(place.path(), &["check"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.starts_with("error[settings]"), "{}", answer.err);
    assert!(answer.err.contains("segue.toml:2:1"), "{}", answer.err);
}

#[test]
fn a_project_may_turn_a_rule_off_or_weigh_it_otherwise() {
    let off = "[check.rules]\nadd-check-validated = { level = \"off\", because = \"maintenance windows\" }\n";
    let place = folder(&[("1.sql", USERS), ("2.sql", CHECKED), ("segue.toml", off)]);
    assert!(!json(place.path(), &[]).contains(&"add-check-validated".to_owned()));
    write(
        place.path(),
        "segue.toml",
        "[check.rules]\nadd-check-validated = \"note\"\n",
    );
    let shown = segue(place.path(), &["check", "-v"]).out;
    assert!(shown.contains("note[add-check-validated]"), "{shown}");
}

#[test]
fn the_statistics_file_decides_what_is_small() {
    let sizes = r#"{"version": 1, "tables": {"public.users": {"rows": 12}}}"#;
    let place = folder(&[("1.sql", USERS), ("2.sql", CHECKED), ("sizes.json", sizes)]);
    let words = ["check", "-v", "--statistics", "sizes.json"];
    let shown = segue(place.path(), &words).out;
    assert!(shown.contains("note[add-check-validated]"), "{shown}");
    assert!(
        segue(place.path(), &["check"])
            .out
            .contains("error[add-check-validated]")
    );
    write(
        place.path(),
        "sizes.json",
        "{\"version\": 1,\n\"tabels\": {}}",
    );
    let broken = segue(place.path(), &words);
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("sizes.json:2:"), "{}", broken.err);
}

#[test]
fn several_projects_in_one_tree_are_judged_alone() {
    let place = folder(&[
        ("a/migrations/001_users.up.sql", USERS),
        ("a/migrations/001_users.down.sql", "DROP TABLE users;\n"),
        (
            "b/db/migrations/20240101000000_users.sql",
            &[
                "-- migrate:up\n",
                USERS,
                "-- migrate:down\nDROP TABLE users;\n",
            ]
            .concat(),
        ),
    ]);
    let answer = segue(place.path(), &["check", "--output", "json"]);
    assert!(
        !codes(&answer.out).contains(&"contradicts-history".to_owned()),
        "{}",
        answer.out
    );
    let answer: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(answer["projects"].as_array().unwrap().len(), 2);
}

#[test]
fn migrations_are_reported_in_their_order_however_many_there_are() {
    let place = folder(&[("0000.sql", USERS)]);
    for number in 1..700 {
        write(place.path(), &format!("{number:04}.sql"), "SELECT 1;\n");
    }
    let lines = segue(place.path(), &["check", "--output", "jsonl"]).out;
    let paths: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["type"] == "migration")
        .map(|line| line["path"].as_str().unwrap().to_owned())
        .collect();
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(paths.len(), 700);
    assert_eq!(paths, sorted);
}

#[test]
fn control_characters_of_the_users_never_reach_the_terminal() {
    let sql = "CREATE TABLE \"a\u{1b}[2J\u{9b}\u{202e}b\" (id int);\n";
    let twice = [
        "ALTER TABLE \"a\u{1b}[2J\u{9b}\u{202e}b\" ADD CONSTRAINT \"c\u{7}\" CHECK (id > 0);\n",
        "SELEC \u{1b}]0;title\u{7} 1;\n",
    ]
    .concat();
    let place = folder(&[("1.sql", sql), ("2\u{1b}[31m.sql", &twice)]);
    let answer = segue(place.path(), &["check", "-v"]);
    assert_eq!(answer.code, 3, "{}", answer.err);
    for character in [answer.out, answer.err].concat().chars() {
        let is_harmless = character == '\n' || !(character.is_control() || character == '\u{202e}');
        assert!(is_harmless, "{character:?}");
    }
}

#[test]
fn deep_nesting_and_long_lines_end_with_an_answer() {
    let deep = format!("SELECT {}1{};\n", "(".repeat(20_000), ")".repeat(20_000));
    let long = format!(
        "INSERT INTO users VALUES {};\n",
        vec!["(1, 'x')"; 20_000].join(", ")
    );
    let place = folder(&[
        ("1.sql", USERS),
        ("2.sql", &deep),
        ("3.sql", &long),
        ("4.sql", CHECKED),
    ]);
    let answer = segue(place.path(), &["check"]);
    assert_eq!(answer.code, 3, "{}", answer.err);
    assert!(
        answer.out.contains("error[add-check-validated]"),
        "{}",
        answer.out
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let place = folder(&[("1.sql", &"SELECT 1;\n".repeat(20_000))]);
    let mut child = command(place.path())
        .args(["check", "--output", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn colour_is_off_without_a_terminal_and_on_when_it_is_asked_for() {
    let place = project("shop");
    assert!(!segue(&place, &["check"]).out.contains('\u{1b}'));
    assert!(
        segue(&place, &["check", "--color", "always"])
            .out
            .contains('\u{1b}')
    );
    let mut forced = command(&place);
    assert!(
        ran(forced.args(["check"]).env("FORCE_COLOR", "1"))
            .out
            .contains('\u{1b}')
    );
    let mut never = command(&place);
    never.args(["check", "--output", "json", "--color", "always"]);
    assert!(!ran(&mut never).out.contains('\u{1b}'));
}

#[test]
fn quiet_leaves_nothing_but_findings() {
    assert_eq!(segue(&project("clean"), &["check", "--quiet"]).out, "");
    let shown = segue(&project("shop"), &["check", "--quiet"]).out;
    assert!(
        shown.contains("error[") && !shown.contains(" ms"),
        "{shown}"
    );
}

fn git(folder: &Path, words: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(words)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn with_a_base_only_what_is_new_is_reported_and_the_rest_is_replayed() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "db/1.sql", USERS);
    write(place.path(), "db/2.sql", CHECKED);
    git(place.path(), &["init", "-q", "-b", "main"]);
    git(place.path(), &["add", "."]);
    git(place.path(), &["commit", "-q", "-m", "one"]);
    git(place.path(), &["checkout", "-q", "-b", "feature"]);
    write(
        place.path(),
        "db/3.sql",
        "CREATE INDEX named ON users (username);\n",
    );
    git(place.path(), &["add", "."]);
    git(place.path(), &["commit", "-q", "-m", "two"]);
    // Nobody has told git about this one.
    write(
        place.path(),
        "db/4.sql",
        "ALTER TABLE users ADD COLUMN username text;\n",
    );
    for start in [".", "db", "./db/"] {
        let found = json(place.path(), &[start, "--base", "main"]);
        assert!(
            found.contains(&"create-index-blocking".to_owned()),
            "{start}: {found:?}"
        );
        assert!(
            found.contains(&"contradicts-history".to_owned()),
            "{start}: {found:?}"
        );
        assert!(
            !found.contains(&"add-check-validated".to_owned()),
            "{start}: {found:?}"
        );
    }
    let unknown = segue(place.path(), &["check", "--base", "nowhere"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.starts_with("error[revision]"),
        "{}",
        unknown.err
    );
}

#[test]
fn a_base_without_a_repository_is_an_error_and_an_option_is_no_revision() {
    let place = folder(&[("1.sql", USERS)]);
    let outside = segue(place.path(), &["check", "--base", "main"]);
    assert_eq!(outside.code, 2);
    assert!(
        outside.err.contains("not inside a git repository"),
        "{}",
        outside.err
    );
    let option = segue(place.path(), &["check", "--base=--upload-pack=touch"]);
    assert_eq!(option.code, 2);
}

#[test]
fn flyways_lock_is_reported_at_the_statement_that_waits_for_it() {
    let place = folder(&[
        (
            "sql/V1__users.sql",
            "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n",
        ),
        (
            "sql/V2__name.sql",
            "ALTER TABLE users ADD COLUMN name text;\n",
        ),
    ]);
    assert!(!json(place.path(), &[]).contains(&"tool-configuration".to_owned()));
    write(
        place.path(),
        "sql/V3__index.sql",
        "CREATE INDEX CONCURRENTLY users_email ON users (email);\n",
    );
    let shown = segue(place.path(), &["check"]).out;
    assert!(shown.contains("warning[tool-configuration]"), "{shown}");
    assert!(shown.contains("sql/V3__index.sql:1:1"), "{shown}");
}

#[test]
fn the_codes_of_the_audit_have_pages_too() {
    let place = folder(&[]);
    for code in ["edited-after-merge", "unfinished-change", "big-bang"] {
        let answer = segue(place.path(), &["explain", code]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        assert!(
            answer.out.contains("found by `segue audit`"),
            "{}",
            answer.out
        );
    }
}

#[test]
fn what_a_program_may_have_created_is_not_said_to_be_missing() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/fixtures/formats");
    for tool in ["liquibase", "node-pg-migrate"] {
        let found = json(&fixtures.join(tool), &[]);
        assert!(
            !found.contains(&"contradicts-history".to_owned()),
            "{tool}: {found:?}"
        );
    }
    assert!(json(&fixtures.join("dbmate/db"), &[]).contains(&"contradicts-history".to_owned()));
}
