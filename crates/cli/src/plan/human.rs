//! A plan for a terminal. What changes nothing for the reader is left out: a lock is named again only where a step has several,
//! a time only where somebody would notice it.

use std::fmt::Write as _;

use segue_engine::{Sample, Weight};
use segue_model::LockMode;

use super::{Estimate, MigrationView, StepView, Undo, View, words};
use crate::show::escape::line;

/// Letters of a way back that are shown; all of them stand in the other outputs.
const LETTERS_MAX: usize = 240;

/// Writes it.
pub(crate) fn write(view: &View<'_>) -> String {
    if view.migrations.is_empty() {
        return "nothing to do\n".to_owned();
    }
    let mut text = String::new();
    for migration in &view.migrations {
        one(&mut text, migration, view);
        text.push('\n');
    }
    for found in view.found {
        let word = match found.weight {
            Weight::Reported => "in the way",
            Weight::Refused => "refused",
        };
        let _ = writeln!(text, "{word}: {}", line(&found.what));
    }
    let limits = &view.limits;
    let _ = writeln!(
        text,
        "each try waits at most {} ms for a lock, {} tries; more than {} sessions behind us cancel it",
        limits.lock_timeout_ms, limits.attempts_max, limits.blocked_sessions_max
    );
    text
}

fn one(text: &mut String, migration: &MigrationView<'_>, view: &View<'_>) {
    let plan = migration.plan;
    let _ = writeln!(text, "{}", line(&plan.path));
    let mut phase = None;
    for (place, step) in migration.steps.iter().enumerate() {
        if let (Some(waiting), true) = (&step.step.gate, migration.gate == Some(place)) {
            let _ = writeln!(
                text,
                "  gate      the rest waits for `segue contract {}`",
                line(&plan.id)
            );
            for condition in &waiting.gate.conditions {
                let _ = writeln!(text, "            {}", line(condition));
            }
            for loss in &waiting.losses {
                let _ = writeln!(
                    text,
                    "  destroys  {}: the point of no return",
                    line(&words::loss(loss))
                );
            }
        }
        if migration.gate.is_some() && phase.replace(step.step.phase) != Some(step.step.phase) {
            let phase = step.step.phase;
            let _ = writeln!(text, "  {}: {}", words::phase(phase), words::purpose(phase));
        }
        one_step(text, step);
    }
    for loss in &plan.losses {
        let _ = writeln!(text, "  destroys  {}", line(&words::loss(loss)));
    }
    if !plan.losses.is_empty() {
        let _ = writeln!(
            text,
            "  to agree  {}",
            words::agreement(migration, view.verb)
        );
    }
    for remark in &plan.remarks {
        let _ = writeln!(text, "  note      {}", line(remark));
    }
    let (before, behind) = migration.stretches();
    let all = words::cost(&Estimate::sum(before.iter().map(|step| &step.estimate)));
    if behind.is_empty() {
        let _ = writeln!(text, "  takes     {all}, estimated");
    } else {
        let rest = words::cost(&Estimate::sum(behind.iter().map(|step| &step.estimate)));
        let _ = writeln!(text, "  takes     {all}; behind the gate {rest}; estimated");
    }
    let _ = writeln!(text, "  back      {}", line(&words::window(migration)));
    let _ = writeln!(text, "  no return {}", line(&words::no_return(migration)));
}

fn one_step(text: &mut String, step: &StepView<'_>) {
    let _ = writeln!(text, "  {:<5} {}", step.step.id, line(&heading(step)));
    for sql in step.sql.lines() {
        let _ = writeln!(text, "        {}", line(sql));
    }
    if let Some(sample) = step.sample {
        let _ = writeln!(text, "        -- {}", line(&sampled(sample)));
    }
    if step.locks.len() > 1 {
        for lock in &step.locks {
            let _ = writeln!(
                text,
                "        locks   {} on {}: {}",
                lock.mode,
                line(&lock.on.to_string()),
                words::blocks(lock.mode.blocks())
            );
        }
    }
    for wait in &step.step.impact.waits {
        let _ = writeln!(text, "        waits   for {}", words::wait(*wait));
    }
    if !step.estimate.how.is_empty() {
        let cost = words::cost(&step.estimate);
        let how = step.estimate.how.join("; ");
        let _ = writeln!(text, "        takes   {cost}: {}", line(&how));
    }
    let undo = match &step.undo {
        Undo::Nothing | Undo::OwnDown => return,
        Undo::Exact(sql) => sql.join("; "),
        Undo::FromArchive(sql) => {
            format!("{}, from the archive until it is purged", sql.join("; "))
        }
        Undo::Stays => "not: its rows stay as it leaves them".to_owned(),
        Undo::Never => "nothing takes it back".to_owned(),
    };
    let undo = line(&undo);
    let shown: String = undo.chars().take(LETTERS_MAX).collect();
    let rest = if shown.len() < undo.len() { " …" } else { "" };
    let _ = writeln!(text, "        undone  {shown}{rest}");
}

fn heading(step: &StepView<'_>) -> String {
    let strongest = step
        .locks
        .iter()
        .map(|lock| lock.mode)
        .chain(step.step.impact.strongest())
        .max();
    let lock = strongest.map_or_else(|| "no lock".to_owned(), named);
    format!(
        "{} [{}; {lock}]",
        step.step.purpose,
        words::place(step.step.transaction)
    )
}

fn named(mode: LockMode) -> String {
    let whom = match mode.blocks() {
        segue_model::Blocks::Nobody => "blocks nobody",
        segue_model::Blocks::Writes => "blocks writes",
        segue_model::Blocks::ReadsAndWrites => "blocks reads and writes",
    };
    format!("{mode}, {whom}")
}

/// What the first slice of a backfill told.
pub(super) fn sampled(sample: &Result<Sample, String>) -> String {
    match sample {
        Err(why) => format!("not tried: {why}"),
        Ok(sample) => {
            let known = |value: Option<u64>, unit: &str| {
                value.map_or_else(|| "unknown".to_owned(), |value| format!("{value} {unit}"))
            };
            format!(
                "{}; about {} rows in {} tables; a first slice of {} rows took {} ms and was rolled back: about {} and {} of log",
                sample.reason,
                sample.rows,
                sample.parts,
                sample.slice_rows,
                sample.slice_ms,
                known(sample.seconds, "s with one worker"),
                known(sample.log_bytes.map(|bytes| bytes >> 20), "MiB"),
            )
        }
    }
}
