//! Every rule reports each of its bad examples and none of its good ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_check::{
    ALL, Ask, Date, Example, Finding, Judge, JudgeOptions, ReadMigration, Reported, Rule, UNDECIDED,
};
use segue_model::{
    Down, Form, Migration, Repetition, Section, ServerFacts, SourceText, Span, Tool,
    TransactionChoice, Wrapping,
};
use segue_postgres::Postgres;

fn migration(id: &str, sql: &str, wrapping: Wrapping) -> Migration {
    let file = Arc::new(SourceText {
        path: format!("{id}.sql"),
        text: sql.to_owned(),
    });
    let section = |file: &Arc<SourceText>, span: Span| Section {
        file: Arc::clone(file),
        span,
        wrapping,
        choice: TransactionChoice::ToolDefault,
    };
    let (up, down) = match sql.split_once("-- migrate:down\n") {
        Some((before, after)) => (
            Span::new(0, before.len()),
            if after.trim().is_empty() {
                Down::Empty
            } else {
                Down::Sections(vec![section(
                    &file,
                    Span::new(sql.len() - after.len(), sql.len()),
                )])
            },
        ),
        None => (Span::new(0, sql.len()), Down::Missing),
    };
    Migration {
        id: id.to_owned(),
        name: String::new(),
        path: file.path.clone(),
        repetition: Repetition::Once,
        form: Form::Sql {
            up: vec![section(&file, up)],
            down,
        },
    }
}

fn findings(example: &Example) -> Vec<Finding> {
    let options = JudgeOptions {
        depth: segue_check::Depth::Findings,
        tool: example.tool,
        server: ServerFacts {
            version: example.version,
            sizes: BTreeMap::new(),
        },
        today: Date {
            year: 2026,
            month: 6,
            day: 1,
        },
        directory: "migrations".to_owned(),
    };
    let mut judge = Judge::new(&Postgres, options);
    let before = ReadMigration::new(
        migration("1_before", example.before, Wrapping::Autocommit),
        &Postgres,
        example.version,
    );
    judge.migration(&before, Reported::No);
    let tried = ReadMigration::new(
        migration("2_tried", example.sql, example.wrapping),
        &Postgres,
        example.version,
    );
    let mut found = judge.migration(&tried, Reported::Yes).findings;
    found.extend(judge.finish(&[]));
    found
}

fn reports(rule: &Rule, example: &Example) -> bool {
    findings(example)
        .iter()
        .any(|finding| finding.code == rule.code)
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
