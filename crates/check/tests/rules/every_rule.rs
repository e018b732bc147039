//! Every rule reports each of its bad examples and none of its good ones.

use crate::judged::{findings_on, migration};
use segue_check::{ALL, Ask, Example, ReadMigration, Rule, UNDECIDED, speaks_of};
use segue_model::{Dialect, Tool, Wrapping};
use segue_postgres::Postgres;
use segue_sqlite::Sqlite;

fn reports(rule: &Rule, example: &Example) -> bool {
    let dialect: &dyn Dialect = if speaks_of(rule, "postgres") {
        &Postgres
    } else {
        &Sqlite
    };
    findings_on(dialect, example)
        .iter()
        .any(|finding| finding.code == rule.code)
}

#[test]
fn on_sqlite_no_rule_of_postgresql_speaks() {
    let mut wrong = Vec::new();
    for example in ALL.iter().flat_map(|rule| rule.bad.iter().chain(rule.good)) {
        for finding in findings_on(&Sqlite, example) {
            let rule = segue_check::rule(&finding.code).unwrap();
            let said = format!("{finding:?}");
            let names_postgres = [
                "ACCESS EXCLUSIVE",
                "CONCURRENTLY",
                "NOT VALID",
                "PostgreSQL",
                "pg_",
            ]
            .iter()
            .any(|word| said.contains(word));
            // What is said of the SQL itself repeats it.
            let repeats = finding.code == "syntax-error" || finding.code == "opaque-sql";
            if !speaks_of(rule, "sqlite") || (names_postgres && !repeats) {
                wrong.push(format!("{}: {said}", example.sql));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_reports_its_bad_examples_and_none_of_its_good_ones() {
    let mut wrong = Vec::new();
    for rule in ALL {
        for bad in rule.bad {
            if !reports(rule, bad) {
                wrong.push(format!("{} is silent on {}", rule.code, bad.sql));
            }
        }
        for good in rule.good {
            if reports(rule, good) {
                wrong.push(format!("{} reports {}", rule.code, good.sql));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_page_and_examples_of_both_kinds() {
    for rule in ALL {
        assert!(rule.page.len() > 80, "{}", rule.code);
        let about_files = matches!(rule.ask, Ask::Project(_));
        assert!(about_files || !rule.bad.is_empty(), "{}", rule.code);
        assert!(about_files || !rule.good.is_empty(), "{}", rule.code);
    }
}

#[test]
fn every_example_is_valid_sql_unless_the_rule_is_about_invalid_sql() {
    for rule in ALL
        .iter()
        .filter(|rule| rule.code != "syntax-error" && rule.code != "opaque-sql")
    {
        for example in rule.bad.iter().chain(rule.good) {
            for sql in [example.before, example.sql] {
                let read = ReadMigration::new(
                    migration("x", sql, Wrapping::Autocommit),
                    &Postgres,
                    example.version,
                );
                for statement in read.up.iter().flatten() {
                    assert_eq!(statement.opaque(), None, "{}: {sql}", rule.code);
                }
            }
        }
    }
}

#[test]
fn no_code_is_used_twice() {
    let mut codes: Vec<&str> = ALL
        .iter()
        .map(|rule| rule.code)
        .chain(UNDECIDED.iter().map(|left| left.code))
        .collect();
    codes.sort_unstable();
    let before = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), before);
}

#[test]
fn a_plain_tool_is_what_examples_run_under() {
    assert_eq!(Example::new("").tool, Tool::Plain);
}
