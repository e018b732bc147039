//! No step works on the rows of a table while it keeps their readers or writers waiting.

use segue_model::{Action, Blocks, Context, Dialect, Settings, TransactionSoFar, WorkKind, apply};
use segue_postgres::Postgres;

use crate::cases::{CASES, plan, replay};

#[test]
fn no_step_works_under_a_lock_that_keeps_the_application_waiting() {
    let mut wrong = Vec::new();
    for case in CASES {
        let (first, last) = case.versions;
        for version in [first.max(15), last] {
            let replay = replay(case.before, version);
            let Some(plan) = plan(case, &replay) else {
                wrong.push(format!("{version}: {}: no plan", case.statement));
                continue;
            };
            if plan
                .remarks
                .iter()
                .any(|remark| remark.contains("there is no online way"))
            {
                continue;
            }
            let mut catalog = replay.catalog.clone();
            let transaction = TransactionSoFar::default();
            let mut settings = Settings::default();
            for step in plan.steps() {
                let Action::Change(changes) = &step.action else {
                    continue;
                };
                let context = Context {
                    catalog: &catalog,
                    transaction: &transaction,
                    settings: &settings,
                    server: &replay.server,
                };
                let impact = Postgres.impact(changes, &context);
                let blocks = impact
                    .claims
                    .iter()
                    .any(|claim| claim.mode.blocks() != Blocks::Nobody);
                let works = impact.work.iter().any(|work| {
                    matches!(
                        work.kind,
                        WorkKind::Scan | WorkKind::Rewrite | WorkKind::Copy | WorkKind::BuildIndex(_)
                    ) && !catalog.is_new_in_migration(&work.on)
                        // EXCLUSIVE lets a materialized view be read, and nobody writes it.
                        && work.cause != segue_model::Cause::Refresh
                });
                let is_outside = step.transaction == segue_model::StepTransaction::Outside;
                if blocks && works && !is_outside {
                    wrong.push(format!("{version}: {}: {}", case.statement, step.purpose));
                }
                if !impact.refusals.is_empty() {
                    wrong.push(format!(
                        "{version}: {}: {}: {:?}",
                        case.statement, step.purpose, impact.refusals
                    ));
                }
                for change in changes {
                    if let segue_model::Change::Session(segue_model::SessionChange::Set {
                        name,
                        value: Some(value),
                        ..
                    }) = change
                    {
                        settings.local.insert(name.clone(), value.clone());
                    }
                    apply(change, &mut catalog);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
