//! No step works on the rows of a table while it keeps their readers or writers waiting.

use segue_model::{
    Action, Blocks, Catalog, Cause, Change, Context, Dialect, Impact, SessionChange, Settings,
    StepTransaction, TransactionSoFar, WorkKind, apply,
};
use segue_postgres::Postgres;

use crate::cases::{CASES, Case, plan, replay};

#[test]
fn no_step_works_under_a_lock_that_keeps_the_application_waiting() {
    let mut wrong = Vec::new();
    for case in CASES {
        let (first, last) = case.versions;
        for version in [first.max(15), last] {
            wrong.extend(
                hazards(case, version)
                    .into_iter()
                    .map(|hazard| format!("{version}: {}: {hazard}", case.statement)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn hazards(case: &Case, version: u16) -> Vec<String> {
    let replay = replay(case.before, version);
    let Some(plan) = plan(case, &replay) else {
        return vec!["no plan".to_owned()];
    };
    let is_said = plan
        .remarks
        .iter()
        .any(|remark| remark.contains("there is no online way"));
    let mut catalog = replay.catalog.clone();
    let mut settings = Settings::default();
    let mut found = Vec::new();
    for step in plan.steps() {
        let Action::Change(changes) = &step.action else {
            continue;
        };
        let impact = Postgres.impact(
            changes,
            &Context {
                catalog: &catalog,
                transaction: &TransactionSoFar::default(),
                settings: &settings,
                server: &replay.server,
                reverses: &[],
            },
        );
        let is_outside = step.transaction == StepTransaction::Outside;
        if works_while_blocking(&impact, &catalog) && !is_outside && !is_said {
            found.push(step.purpose.clone());
        }
        for refusal in &impact.refusals {
            found.push(format!("{}: {}", step.purpose, refusal.message));
        }
        for change in changes {
            note(change, &mut settings);
            apply(change, &mut catalog);
        }
    }
    found
}

fn works_while_blocking(impact: &Impact, catalog: &Catalog) -> bool {
    let blocks = impact
        .claims
        .iter()
        .any(|claim| claim.mode.blocks() != Blocks::Nobody);
    let works = impact.work.iter().any(|work| {
        let is_heavy = matches!(
            work.kind,
            WorkKind::Scan | WorkKind::Rewrite | WorkKind::Copy | WorkKind::BuildIndex(_)
        );
        // EXCLUSIVE lets a materialized view be read, and nobody writes it.
        is_heavy && !catalog.is_new_in_migration(&work.on) && work.cause != Cause::Refresh
    });
    blocks && works
}

fn note(change: &Change, settings: &mut Settings) {
    if let Change::Session(SessionChange::Set {
        name,
        value: Some(value),
        ..
    }) = change
    {
        settings.local.insert(name.clone(), value.clone());
    }
}
