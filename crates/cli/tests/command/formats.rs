//! Every format on the same project: what a user sees as snapshots, and each held against its schema.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::segue::{command, project, ran, segue, write};

/// A project whose names and texts use whatever a format calls special.
const TABLE: &str = "CREATE TABLE \"a<b>&\"\"c'|`%,:: \u{202e}x\" (id int);\n";
/// What is done to it.
const HOSTILE: &str = "\
ALTER TABLE \"a<b>&\"\"c'|`%,:: \u{202e}x\" ADD COLUMN \"</script>\u{1b}[31m\" text NOT NULL;
";

fn answer(folder: &Path, format: &str) -> String {
    let answer = segue(
        folder,
        &["check", "--output", format, "--today", "2026-06-01"],
    );
    assert_eq!(answer.code, 3, "{}", answer.err);
    assert_eq!(answer.err, "");
    answer.out
}

/// So many statements, one a line.
fn many(count: usize, statement: impl Fn(usize) -> String) -> String {
    (0..count).map(statement).collect::<Vec<_>>().concat()
}

fn hostile() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "1_a.sql", TABLE);
    write(place.path(), "2_b.sql", HOSTILE);
    place
}

#[test]
fn the_same_report_in_all_formats() {
    for format in ["sarif", "junit", "github", "gitlab", "markdown"] {
        let mut shown = answer(&project("shop"), format);
        if format == "sarif" {
            // The rules are pages of their own; here it is about the results.
            let mut log: serde_json::Value = serde_json::from_str(&shown).unwrap();
            log["runs"][0]["tool"]["driver"]["rules"] = serde_json::Value::Null;
            log["runs"][0]["tool"]["driver"]["version"] = "[version]".into();
            for result in log["runs"][0]["results"].as_array_mut().unwrap() {
                result["ruleIndex"] = serde_json::Value::Null;
            }
            shown = serde_json::to_string_pretty(&log).unwrap();
        }
        insta::assert_snapshot!(format, shown);
    }
}

#[test]
fn sarif_is_valid_against_the_published_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schemas/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let place = hostile();
    for folder in [project("shop").as_path(), place.path()] {
        let log: serde_json::Value = serde_json::from_str(&answer(folder, "sarif")).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[test]
fn the_sarif_schema_refuses_what_is_not_sarif() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schemas/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })));
}

#[test]
fn gitlab_is_valid_against_its_schema_and_fingerprints_are_unique() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schemas/gitlab-code-quality.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let place = hostile();
    for folder in [project("shop").as_path(), place.path()] {
        let report: serde_json::Value = serde_json::from_str(&answer(folder, "gitlab")).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
        let mut prints: Vec<&str> = report
            .as_array()
            .unwrap()
            .iter()
            .map(|violation| violation["fingerprint"].as_str().unwrap())
            .collect();
        let all = prints.len();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), all);
    }
}

#[test]
fn fingerprints_survive_a_move_of_lines() {
    let prints = |folder: &Path| -> Vec<String> {
        let report: serde_json::Value = serde_json::from_str(&answer(folder, "gitlab")).unwrap();
        let violations = report.as_array().unwrap();
        violations
            .iter()
            .map(|violation| violation["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    };
    let place = hostile();
    let before = prints(place.path());
    write(
        place.path(),
        "2_b.sql",
        &format!("-- moved\n\n\n{}", HOSTILE.replace(" ADD", "\n   ADD")),
    );
    assert_eq!(prints(place.path()), before);
}

#[test]
fn junit_is_valid_against_its_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/junit.xsd");
    let place = hostile();
    for folder in [project("shop").as_path(), place.path()] {
        let report = place.path().join("report.xml");
        std::fs::write(&report, answer(folder, "junit")).unwrap();
        let validated = Command::new("xmllint")
            .args(["--noout", "--schema"])
            .arg(&schema)
            .arg(&report)
            .stderr(Stdio::piped())
            .output()
            .expect("xmllint is needed: `cargo xtask test` installs it (libxml2-utils)");
        assert!(
            validated.status.success(),
            "{}",
            String::from_utf8_lossy(&validated.stderr)
        );
    }
}

#[test]
fn a_name_cannot_end_an_annotation_or_become_markup() {
    let place = hostile();
    let github = answer(place.path(), "github");
    for line in github.lines() {
        assert!(
            line.starts_with("::error ")
                || line.starts_with("::warning ")
                || line.starts_with("::notice "),
            "{line}"
        );
    }
    let markdown = answer(place.path(), "markdown");
    let running_text: String = markdown.split("```").step_by(2).collect();
    assert!(!running_text.contains("a<b>"), "{markdown}");
    assert!(
        !markdown.contains('\u{1b}') && !markdown.contains('\u{202e}'),
        "{markdown}"
    );
    let human = answer(place.path(), "human");
    assert!(
        !human.contains('\u{1b}') && !human.contains('\u{202e}'),
        "{human}"
    );
}

#[test]
fn github_shows_ten_of_a_level_and_puts_the_rest_into_the_step_summary() {
    let place = tempfile::tempdir().unwrap();
    let text = many(30, |number| {
        format!("CREATE INDEX i{number} ON users (c{number});\n")
    });
    write(
        place.path(),
        "1_a.sql",
        "CREATE TABLE users (id bigint PRIMARY KEY);\n",
    );
    write(place.path(), "2_b.sql", &text);
    let summary = place.path().join("summary.md");
    let answer = ran(command(place.path())
        .args(["check", "--output", "github"])
        .env("GITHUB_STEP_SUMMARY", &summary));
    let errors = answer
        .out
        .lines()
        .filter(|line| line.starts_with("::error "))
        .count();
    assert_eq!(errors, 10);
    assert!(
        answer.out.contains("more findings are in the step summary"),
        "{}",
        answer.out
    );
    let written = std::fs::read_to_string(&summary).unwrap();
    assert_eq!(written.matches("`create-index-blocking`").count(), 30);
}

#[test]
fn sarif_is_cut_at_what_its_readers_take_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    let text = many(5_100, |number| format!("DROP TABLE t{number};\n"));
    write(place.path(), "1_a.sql", &text);
    let log: serde_json::Value = serde_json::from_str(&answer(place.path(), "sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() <= 5_000);
    let said = log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
        .as_str()
        .unwrap();
    assert!(said.contains("left out"), "{said}");
}

#[test]
fn a_markdown_comment_fits_into_a_comment() {
    let place = tempfile::tempdir().unwrap();
    let text = many(2_000, |number| format!("DROP TABLE t{number};\n"));
    write(place.path(), "1_a.sql", &text);
    let markdown = answer(place.path(), "markdown");
    assert!(markdown.len() < 65_536);
    assert!(markdown.contains("more findings do not fit here"));
}
