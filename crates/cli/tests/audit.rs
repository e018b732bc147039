//! `segue audit` from the outside: what it says of the example project, of git's history and of hostile names.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn segue(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
    for name in [
        "SEGUE_SERVER_VERSION",
        "SEGUE_TOOL",
        "SEGUE_STATISTICS",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .args(arguments)
        .args(["--today", "2026-01-01"])
        .output()
        .unwrap()
}

fn audit(folder: &Path, arguments: &[&str]) -> String {
    let output = segue(folder, &[&["audit"], arguments].concat());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, path: &str) -> Value {
    serde_json::from_str(&audit(folder, &[path, "--output", "json"])).unwrap()
}

/// A copy of a folder outside of any repository.
fn copied(from: &str, name: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    copy(&root().join(from), &folder.path().join(name));
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join("db/migrations").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "x"]);
}

fn of_area<'a>(report: &'a Value, area: &str) -> &'a Value {
    let areas = report["areas"].as_array().unwrap();
    areas.iter().find(|found| found["area"] == area).unwrap()
}

/// The paths of the findings with this code.
fn paths(report: &Value, code: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["code"] == code)
        .map(|finding| finding["path"].as_str().unwrap().to_owned())
        .collect()
}

const TABLE: &str = "-- migrate:up\nCREATE TABLE users (id bigint PRIMARY KEY, name text);\n-- migrate:down\nDROP TABLE users;\n";
const COLUMN: &str = "-- migrate:up\nSET lock_timeout = '1s';\nALTER TABLE users ADD COLUMN age bigint;\n-- migrate:down\nALTER TABLE users DROP COLUMN age;\n";

#[test]
fn the_example_is_shown_with_its_checklist_and_its_worst_findings() {
    let folder = copied("examples/shop", "shop");
    insta::assert_snapshot!("shop", audit(folder.path(), &["shop"]));
}

#[test]
fn the_example_has_something_in_every_area_it_was_written_for() {
    let folder = copied("examples/shop", "shop");
    let report = json(folder.path(), "shop");
    for area in [
        "way-back",
        "blocking",
        "breaking",
        "not-null",
        "data",
        "unfinished",
        "big-bang",
        "secrets",
    ] {
        let found = of_area(&report, area);
        assert!(found["score"].as_u64().unwrap() < 100, "{area}: {found}");
    }
    let worst: Vec<&str> = report["worst"]
        .as_array()
        .unwrap()
        .iter()
        .map(|number| {
            let number = usize::try_from(number.as_u64().unwrap()).unwrap();
            report["findings"][number]["severity"].as_str().unwrap()
        })
        .collect();
    assert_eq!(worst, ["error"; 5]);
}

#[test]
fn the_json_answer_keeps_to_its_schema() {
    let folder = copied("examples/shop", "shop");
    let docs = TempDir::new().unwrap();
    let written = Command::new(env!("CARGO_BIN_EXE_segue"))
        .arg("generate-docs")
        .arg(docs.path())
        .status()
        .unwrap();
    assert!(written.success());
    let schema = fs::read_to_string(docs.path().join("audit.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let report = json(folder.path(), "shop");
    let complaints: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(complaints, Vec::<String>::new());
    assert_eq!(report["format"], "segue.audit/1");
}

#[test]
fn findings_are_counted_once_in_areas_files_and_summary() {
    let folder = copied("examples/shop", "shop");
    let report = json(folder.path(), "shop");
    let sum = |list: &str| -> u64 {
        let all = report[list].as_array().unwrap().iter();
        all.map(|one| {
            ["errors", "warnings", "notes"]
                .map(|key| one[key].as_u64().unwrap())
                .iter()
                .sum::<u64>()
        })
        .sum()
    };
    let findings = u64::try_from(report["findings"].as_array().unwrap().len()).unwrap();
    assert_eq!(sum("areas"), findings);
    assert_eq!(sum("files"), findings);
}

#[test]
fn errors_fail_only_when_that_is_asked_for() {
    let folder = copied("examples/shop", "shop");
    assert_eq!(
        segue(folder.path(), &["audit", "shop"]).status.code(),
        Some(0)
    );
    assert_eq!(
        segue(folder.path(), &["audit", "shop", "--strict"])
            .status
            .code(),
        Some(3)
    );
}

#[test]
fn a_folder_without_migrations_is_an_error_and_not_a_good_score() {
    let folder = TempDir::new().unwrap();
    let output = segue(folder.path(), &["audit"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error[no-migrations]"));
}

#[test]
fn programs_are_counted_and_need_a_rehearsal() {
    let folder = copied("crates/sources/fixtures/formats/alembic", "alembic");
    insta::assert_snapshot!("alembic", audit(folder.path(), &["alembic"]));
}

#[test]
fn without_a_repository_nothing_is_said_about_edits() {
    let folder = project(&[("20250101000000_users.sql", TABLE)]);
    let report = json(folder.path(), ".");
    assert_eq!(of_area(&report, "edited")["score"], Value::Null);
    assert_eq!(
        of_area(&report, "edited")["without_score"],
        "not a git repository"
    );
    git(folder.path(), &["init", "--quiet"]);
    let report = json(folder.path(), ".");
    assert_eq!(
        of_area(&report, "edited")["without_score"],
        "not committed yet"
    );
}

#[test]
fn a_file_that_was_edited_after_it_was_merged_is_found_and_others_are_not() {
    let folder = project(&[
        ("20250101000000_users.sql", TABLE),
        ("20250102000000_age.sql", COLUMN),
    ]);
    let here = folder.path();
    git(here, &["init", "--quiet", "--initial-branch", "main"]);
    commit(here);
    write(
        here,
        "20250102000000_age.sql",
        &COLUMN.replace("bigint", "integer"),
    );
    commit(here);
    // Moved along with its history, and the move itself is no edit.
    git(
        here,
        &[
            "mv",
            "db/migrations/20250101000000_users.sql",
            "db/migrations/20250101000001_users.sql",
        ],
    );
    commit(here);
    let report = json(here, ".");
    let edited = paths(&report, "edited-after-merge");
    assert_eq!(edited.len(), 1, "{edited:?}");
    assert!(edited[0].ends_with("20250102000000_age.sql"));
    assert_eq!(of_area(&report, "edited")["warnings"], 1);
}

#[test]
fn an_edit_before_a_file_was_renamed_is_found_under_its_new_name() {
    let folder = project(&[("20250101000000_users.sql", TABLE)]);
    let here = folder.path();
    git(here, &["init", "--quiet", "--initial-branch", "main"]);
    commit(here);
    write(
        here,
        "20250101000000_users.sql",
        &TABLE.replace("name text", "name text NOT NULL"),
    );
    commit(here);
    git(
        here,
        &[
            "mv",
            "db/migrations/20250101000000_users.sql",
            "db/migrations/20250101000001_users.sql",
        ],
    );
    commit(here);
    let edited = paths(&json(here, "."), "edited-after-merge");
    assert_eq!(edited.len(), 1);
    assert!(
        edited[0].ends_with("20250101000001_users.sql"),
        "{edited:?}"
    );
}

#[test]
fn edits_on_a_branch_before_it_was_merged_are_nobodys_business() {
    let folder = project(&[("20250101000000_users.sql", TABLE)]);
    let here = folder.path();
    git(here, &["init", "--quiet", "--initial-branch", "main"]);
    commit(here);
    git(here, &["switch", "--quiet", "--create", "age"]);
    write(here, "20250102000000_age.sql", COLUMN);
    commit(here);
    write(
        here,
        "20250102000000_age.sql",
        &COLUMN.replace("bigint", "integer"),
    );
    commit(here);
    git(here, &["switch", "--quiet", "main"]);
    git(
        here,
        &["merge", "--quiet", "--no-ff", "--message", "x", "age"],
    );
    assert_eq!(
        paths(&json(here, "."), "edited-after-merge"),
        Vec::<String>::new()
    );
}

#[test]
fn what_was_begun_and_not_finished_is_named() {
    let folder = project(&[
        ("20250101000000_users.sql", TABLE),
        (
            "20250102000000_swap.sql",
            "-- migrate:up\nCREATE TABLE users_old (id bigint PRIMARY KEY);\nCREATE TABLE logs (id bigint, at date) PARTITION BY RANGE (at);\nCREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');\nCREATE INDEX logs_at ON ONLY logs (at);\n-- migrate:down\nDROP TABLE users_old;\nDROP TABLE logs;\n",
        ),
    ]);
    let report = json(folder.path(), ".");
    let findings = report["findings"].as_array().unwrap();
    let messages: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["code"] == "unfinished-change")
        .map(|finding| finding["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().any(|message| message.contains("users_old")));
    assert!(messages.iter().any(|message| message.contains("logs_at")));
}

#[test]
fn one_transaction_that_locks_many_tables_is_a_big_bang() {
    let names = ["a", "b", "c", "d", "e"];
    let tables = names
        .map(|name| format!("CREATE TABLE {name} (id bigint PRIMARY KEY);\n"))
        .concat();
    let columns = names
        .map(|name| format!("ALTER TABLE {name} ADD COLUMN x text;\n"))
        .concat();
    let file = |text: &str, options: &str| {
        format!("-- migrate:up{options}\n{text}-- migrate:down\nSELECT 1;\n")
    };
    let folder = project(&[
        ("20250101000000_tables.sql", &file(&tables, "")),
        ("20250102000000_columns.sql", &file(&columns, "")),
    ]);
    let found = paths(&json(folder.path(), "."), "big-bang");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("20250102000000_columns.sql"));
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let folder = copied("examples/shop", "shop");
    let page = audit(folder.path(), &["shop", "--output", "html"]);
    for outside in [
        "http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_well_formed(&page);
}

#[test]
fn the_page_has_the_statement_the_lock_and_the_safe_steps() {
    let folder = copied("examples/shop", "shop");
    let page = audit(folder.path(), &["shop", "--output", "html"]);
    for part in [
        "<title>Migrations of shop",
        "<svg",
        "CREATE INDEX orders_status_placed_at_idx ON orders",
        "CREATE INDEX CONCURRENTLY &quot;orders_status_placed_at_idx&quot;",
        "SHARE on &quot;public&quot;.&quot;orders&quot;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("pl4in-t3xt-Reporting"));
}

#[test]
fn nothing_a_project_contains_becomes_markup() {
    let hostile = "x\"\"</script><img src=x onerror=alert(1)>'&\u{202e}\u{1b}[31m";
    let first = format!(
        "-- migrate:up\nCREATE TABLE \"{hostile}\" (id bigint PRIMARY KEY, \"{hostile}\" text);\n-- migrate:down\n"
    );
    let second = format!(
        "-- migrate:up\nCREATE INDEX \"<b>i\" ON \"{hostile}\" (\"{hostile}\");\nALTER TABLE \"{hostile}\" RENAME COLUMN \"{hostile}\" TO \"<i>y\";\nCREATE ROLE a PASSWORD 'hunter2-canary';\nALTER <svg onload=alert(2)> nonsense;\n-- migrate:down\n"
    );
    let folder = project(&[
        ("20250101000000_<img src=y>.sql", &first),
        ("20250201000000_b&amp;'.sql", &second),
    ]);
    let page = audit(folder.path(), &[".", "--output", "html"]);
    for tag in [
        "<img",
        "<b>i",
        "<i>y",
        "</script",
        "<svg onload",
        "\u{202e}",
        "\u{1b}",
        "hunter2-canary",
    ] {
        assert!(!page.contains(tag), "{tag:?}");
    }
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert_well_formed(&page);
    let terminal = audit(folder.path(), &["."]);
    for sign in ["\u{202e}", "\u{1b}", "hunter2-canary"] {
        assert!(!terminal.contains(sign), "{sign:?}");
    }
}

/// Every tag that is opened is closed, in order, and no bare `<` or `&` is left in the text.
fn assert_well_formed(page: &str) {
    const VOID: &[&str] = &["meta", "br"];
    let (head, style_and_rest) = page.split_once("<style>").unwrap();
    let (_, rest) = style_and_rest.split_once("</style>").unwrap();
    let text = format!("{head}{rest}");
    let mut open: Vec<&str> = Vec::new();
    let mut pieces = text.split('<');
    assert_eq!(pieces.next(), Some(""));
    for piece in pieces {
        let (tag, words) = piece
            .split_once('>')
            .unwrap_or_else(|| panic!("a bare < before {piece:?}"));
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}>");
        } else if !tag.starts_with('!') && !VOID.contains(&name) {
            open.push(name);
        }
        for after in words.split('&').skip(1) {
            let entity = after.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot"].contains(&entity), "&{entity}");
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}
