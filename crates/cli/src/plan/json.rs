//! A plan as one object. What is sent is shown without its secrets.

use segue_engine::{ChosenWay, Decision, Weight, redacted};
use segue_model::Dialect;
use serde_json::{Value, json};

use super::{Estimate, MigrationView, NoReturn, OwnDown, Patience, StepView, Undo, View, words};

/// Writes it.
pub(crate) fn write(view: &View<'_>, dialect: &dyn Dialect) -> String {
    let migrations: Vec<Value> = view
        .migrations
        .iter()
        .map(|migration| one(migration, view, dialect))
        .collect();
    let hindrances: Vec<Value> = view
        .found
        .iter()
        .map(|one| json!({ "what": one.what, "refused": one.weight == Weight::Refused }))
        .collect();
    let limits = &view.limits;
    let answer = json!({
        "version": 1,
        "migrations": migrations,
        "hindrances": hindrances,
        "limits": {
            "lock_timeout_ms": limits.lock_timeout_ms,
            "attempts_max": limits.attempts_max,
            "blocked_sessions_max": limits.blocked_sessions_max,
            "online_wait_ms": limits.online_wait_ms,
        },
    });
    format!("{answer}\n")
}

fn one(migration: &MigrationView<'_>, view: &View<'_>, dialect: &dyn Dialect) -> Value {
    let plan = migration.plan;
    let steps: Vec<Value> = migration
        .steps
        .iter()
        .map(|step| one_step(step, view, dialect))
        .collect();
    let (before, behind) = migration.stretches();
    let total =
        |steps: &[StepView<'_>]| estimated(&Estimate::sum(steps.iter().map(|step| &step.estimate)));
    let (at, why) = match &migration.no_return {
        NoReturn::Nowhere(why) => (None, why),
        NoReturn::At(place, why) => (
            migration.steps.get(*place).map(|step| step.step.id.clone()),
            why,
        ),
    };
    let agreement = (!migration.losses.is_empty()).then(|| words::agreement(migration, view.verb));
    json!({
        "id": plan.id,
        "path": plan.path,
        "hash": plan.hash,
        "steps": steps,
        "losses": plan.losses,
        "losses_behind_the_gate": migration.losses.get(plan.losses.len()..).unwrap_or_default(),
        "remarks": plan.remarks,
        "estimate": { "before_the_gate": total(before), "behind_the_gate": total(behind) },
        "rollback": {
            "window": words::window(migration),
            "own_way_down": migration.own_down == OwnDown::Written,
            "point_of_no_return": { "step": at, "why": why },
        },
        "to_agree": agreement,
        "decisions": plan.decisions.iter().map(|one| decided(one, dialect)).collect::<Vec<_>>(),
    })
}

fn one_step(step: &StepView<'_>, view: &View<'_>, dialect: &dyn Dialect) -> Value {
    let mut value = json!(step.step);
    if let Some(text) = value.get_mut("text") {
        mask(text, dialect);
    }
    let locks: Vec<Value> = step
        .locks
        .iter()
        .map(|lock| {
            json!({
                "on": lock.on.to_string(),
                "mode": lock.mode.words(),
                "blocks": lock.mode.blocks(),
            })
        })
        .collect();
    let (how, sql) = match &step.undo {
        Undo::Nothing => ("nothing to undo", None),
        Undo::Exact(sql) => ("exact", Some(sql)),
        Undo::FromArchive(sql) => ("from the archive until it is purged", Some(sql)),
        Undo::OwnDown => ("by the migration's own way down", None),
        Undo::Stays => ("its rows stay as it leaves them", None),
        Undo::Never => ("never", None),
    };
    let more = json!({
        "sql": step.sql,
        "turn": step.turn,
        "locks": locks,
        "timeout": {
            "lock_ms": match step.patience {
                Patience::Tries => view.limits.lock_timeout_ms,
                Patience::Long => view.limits.online_wait_ms,
            },
            "attempts_max": view.limits.attempts_max,
        },
        "undo": { "how": how, "sql": sql },
        "estimate": estimated(&step.estimate),
    });
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
        fields.extend(more);
    }
    value
}

fn estimated(estimate: &Estimate) -> Value {
    json!({
        "seconds": estimate.ms.map(|ms| ms.div_ceil(1_000)),
        "log_bytes": estimate.log_bytes,
        "how": estimate.how,
    })
}

fn decided(decision: &Decision, dialect: &dyn Dialect) -> Value {
    let (way, before, behind) = match decision.way {
        ChosenWay::Verbatim => ("verbatim", 1, 0),
        ChosenWay::AsWritten => ("as_written", 1, 0),
        ChosenWay::Steps(count) => ("steps", count, 0),
        ChosenWay::Phases { before, behind } => ("phases", before, behind),
    };
    let tables: Vec<Value> = decision
        .tables
        .iter()
        .map(|table| {
            json!({
                "name": table.name.to_string(),
                "rows": table.size.map(|size| size.rows),
                "bytes": table.size.and_then(|size| size.bytes),
                "new": table.origin == segue_engine::Origin::New,
            })
        })
        .collect();
    json!({
        "statement": decision.statement,
        "text": redacted(&decision.text, dialect),
        "way": way,
        "steps": before,
        "steps_behind_the_gate": behind,
        "breaks": decision.breaks,
        "tables": tables,
        "large_rows": decision.large_rows,
        "because": super::why::because(decision),
        "would_change_it": super::why::otherwise(decision),
    })
}

/// Whatever is sent is shown without its secrets.
fn mask(value: &mut Value, dialect: &dyn Dialect) {
    match value {
        Value::String(text) => *text = redacted(text, dialect),
        Value::Array(values) => values.iter_mut().for_each(|one| mask(one, dialect)),
        Value::Object(fields) => fields.values_mut().for_each(|one| mask(one, dialect)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
