//! The steps of every case, as text a person reviews.

use std::fmt::Write as _;

use segue_model::{Action, Change, ColumnChange, Dialect, TriggerChange, Wrapping};
use segue_postgres::Postgres;

use crate::cases::{CASES, Case, WITHOUT_PLAN, changes, plan, replay, sql, word};

const REVIEWED: &str = include_str!("plans.txt");

#[test]
fn every_recipe_gives_the_steps_that_were_measured() {
    let mut text = String::new();
    for case in CASES {
        let (first, last) = case.versions;
        let mut before: Option<String> = None;
        for version in [first.max(15), last] {
            let described = describe(case, version);
            if before.as_ref() != Some(&described) {
                if !case.before.is_empty() {
                    writeln!(text, "-- after {}", case.before).expect("text");
                }
                if !case.above.is_empty() {
                    writeln!(text, "{}", case.above).expect("text");
                }
                writeln!(text, "-- {version}: {}\n{described}", case.statement).expect("text");
            }
            before = Some(described);
        }
    }
    assert!(text == REVIEWED, "the plans are now\n{text}");
}

fn describe(case: &Case, version: u16) -> String {
    let Some(plan) = plan(case, &replay(case.before, version)) else {
        return "no plan\n".to_owned();
    };
    let mut text = String::new();
    for phase in &plan.phases {
        if let Some(gate) = &phase.gate {
            writeln!(text, "gate      {}", gate.conditions.join(" ")).expect("text");
        }
        for step in &phase.steps {
            let word = word(step.transaction, &step.action);
            let sent = sql(&step.action);
            // What goes on is a file of its own (`render/aside`, `phases/aside`).
            let shown = match sent.as_str().split_once('\n') {
                Some((first, _)) => format!("{first} …"),
                None => sent.as_str().to_owned(),
            };
            writeln!(text, "{word:<9} {shown}").expect("text");
        }
    }
    for remark in &plan.remarks {
        writeln!(text, "remark    {remark}").expect("text");
    }
    text
}

#[test]
fn a_statement_that_is_as_good_as_it_gets_has_no_plan() {
    for version in [15, 18] {
        let replay = replay("", version);
        for statement in WITHOUT_PLAN {
            let plan = Postgres.phases(&changes(statement, version), &replay.context());
            assert_eq!(plan, None, "{version}: {statement}");
        }
    }
}

#[test]
fn nothing_is_at_stake_on_a_table_that_is_new_in_the_migration() {
    let mut replay = replay("", 15);
    let statements = Postgres.read("CREATE TABLE fresh (a int, r_id bigint)", 15);
    replay.begin_section(Wrapping::Autocommit, &statements);
    for statement in &statements {
        let impact = Postgres.impact(&statement.changes, &replay.context());
        replay.advance(statement, &impact);
    }
    for statement in [
        "CREATE INDEX ON fresh (a)",
        "ALTER TABLE fresh ADD FOREIGN KEY (r_id) REFERENCES r (id)",
        "ALTER TABLE fresh ADD UNIQUE (a), ALTER a SET NOT NULL",
        "ALTER TABLE fresh ADD COLUMN b serial",
        "DROP TABLE fresh",
        "ALTER TABLE fresh RENAME TO fresher",
    ] {
        let plan = Postgres.phases(&changes(statement, 15), &replay.context());
        assert_eq!(plan, None, "{statement}");
    }
}

#[test]
fn steps_are_numbered_and_say_in_one_sentence_what_they_are_for() {
    for case in CASES {
        let plan = plan(case, &replay(case.before, case.versions.1)).expect(case.statement);
        for (expected, step) in (1_u32..).zip(plan.steps()) {
            assert_eq!(step.id, expected, "{}", case.statement);
            assert!(step.purpose.ends_with('.'), "{}", step.purpose);
        }
    }
}

#[test]
fn every_step_reads_back_as_it_was_meant() {
    let mut wrong = Vec::new();
    for case in CASES {
        let version = case.versions.1;
        let plan = plan(case, &replay(case.before, version)).expect(case.statement);
        for step in plan.steps() {
            let Action::Change(meant) = &step.action else {
                continue;
            };
            if matches!(
                meant.as_slice(),
                [
                    Change::Trigger(_, TriggerChange::Sync(_) | TriggerChange::DropSync(_))
                        | Change::Column(_, ColumnChange::SetAside(_) | ColumnChange::PutBack(_))
                ]
            ) {
                // Several statements, or a block; what they leave is compared on a server.
                continue;
            }
            let text = sql(&step.action);
            let again = changes(text.as_str(), version);
            if &again != meant {
                wrong.push(format!("{}\n{meant:?}\n{again:?}", text.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
