//! `segue plan`: every step that `up` would send, with its locks. Changes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{
    EngineError, Event, Hindrance, PlannedMigration, PlannedStep, Runner, Sample, StepText, Target,
    Weight, redacted,
};
use segue_model::{Blocks, Dialect, PhaseKind, StepTransaction};

use crate::arguments::{
    ChoiceArguments, DatabaseArguments, LockArguments, PlanArguments, PlanOutput, RunOutput,
    UpArguments,
};
use crate::environment::agent;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{limits, project, selection, with_runner};
use crate::session::AnySession;
use crate::show::escape;

/// What is asked of a plan, whichever verb asks.
pub(crate) struct Asked<'a> {
    pub(crate) database: &'a DatabaseArguments,
    pub(crate) choice: &'a ChoiceArguments,
    pub(crate) locks: &'a LockArguments,
    pub(crate) trial: Trial,
    pub(crate) output: PlanOutput,
}

/// Whether the first slice of each backfill is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// It is, and rolled back.
    FirstSlices,
    /// Nothing is.
    Nothing,
}

impl<'a> Asked<'a> {
    fn dry_run(arguments: &'a UpArguments) -> Self {
        Self {
            database: &arguments.database,
            choice: &arguments.choice,
            locks: &arguments.locks,
            trial: Trial::FirstSlices,
            output: match arguments.output {
                RunOutput::Human => PlanOutput::Human,
                RunOutput::Json => PlanOutput::Json,
            },
        }
    }
}

/// Shows the plan.
///
/// # Errors
/// When the project or the database cannot be read, or something would be refused.
pub(crate) fn run(arguments: &PlanArguments) -> Result<Exit, CliError> {
    let asked = Asked {
        database: &arguments.database,
        choice: &arguments.choice,
        locks: &arguments.locks,
        trial: if arguments.dry_run {
            Trial::FirstSlices
        } else {
            Trial::Nothing
        },
        output: arguments.output,
    };
    up(&asked)
}

/// Shows what `up` would send.
///
/// # Errors
/// As [`run`].
pub(crate) fn forward(arguments: &UpArguments) -> Result<Exit, CliError> {
    up(&Asked::dry_run(arguments))
}

fn up(asked: &Asked<'_>) -> Result<Exit, CliError> {
    let project = project(asked.database)?;
    let mut observer = |_: &Event| {};
    let text = with_runner(
        asked.database,
        (limits(asked.locks), &mut observer),
        |runner| {
            let plans = runner.plan(&project.migrations, &selection(asked.choice, Target::All))?;
            shown(runner, &plans, (asked, "up"))
        },
    )?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

/// Shows what `down` would send.
///
/// # Errors
/// As [`run`].
pub(crate) fn back(arguments: &UpArguments) -> Result<Exit, CliError> {
    let asked = Asked::dry_run(arguments);
    let project = project(asked.database)?;
    let mut observer = |_: &Event| {};
    let text = with_runner(
        asked.database,
        (limits(asked.locks), &mut observer),
        |runner| {
            let chosen = selection(asked.choice, Target::Steps(1));
            let plans = runner.plan_down(&project.migrations, &chosen)?;
            shown(runner, &plans, (&asked, "down"))
        },
    )?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

/// What is written of these plans, with what is in the way of them now.
fn shown(
    runner: &mut Runner<'_, AnySession>,
    plans: &[PlannedMigration],
    (asked, verb): (&Asked<'_>, &str),
) -> Result<String, EngineError> {
    let found = runner.hindrances(plans)?;
    let samples = match asked.trial {
        Trial::FirstSlices => samples(runner, plans),
        Trial::Nothing => Samples::new(),
    };
    let dialect = runner.dialect;
    Ok(match asked.output {
        PlanOutput::Json => json(plans, &found, dialect),
        PlanOutput::Human | PlanOutput::Html | PlanOutput::Markdown => {
            human((plans, &samples, &found), (asked, verb), dialect)
        }
    })
}

/// What became of the first slice of each backfill, by the id of its migration and step.
type Samples = BTreeMap<(String, String), Result<Sample, String>>;

/// Tries the first slice of every backfill and rolls it back.
fn samples(runner: &mut Runner<'_, AnySession>, plans: &[PlannedMigration]) -> Samples {
    let mut samples = Samples::new();
    for plan in plans {
        for step in &plan.steps {
            if let StepText::Backfill(backfill, _) = &step.text {
                let sample = runner.sample(backfill).map_err(|error| error.to_string());
                samples.insert((plan.id.clone(), step.id.clone()), sample);
            }
        }
    }
    samples
}

fn sampled(sample: &Result<Sample, String>) -> String {
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

fn json(plans: &[PlannedMigration], found: &[Hindrance], dialect: &dyn Dialect) -> String {
    let migrations: Vec<_> = plans
        .iter()
        .map(|plan| {
            let mut steps = serde_json::json!(plan.steps);
            for step in steps.as_array_mut().into_iter().flatten() {
                mask(&mut step["text"], dialect);
            }
            serde_json::json!({
                "id": plan.id,
                "path": plan.path,
                "hash": plan.hash,
                "steps": steps,
                "losses": plan.losses,
                "remarks": plan.remarks,
            })
        })
        .collect();
    let hindrances: Vec<_> = found
        .iter()
        .map(
            |one| serde_json::json!({ "what": one.what, "refused": one.weight == Weight::Refused }),
        )
        .collect();
    let answer =
        serde_json::json!({ "version": 1, "migrations": migrations, "hindrances": hindrances });
    format!("{answer}\n")
}

/// Whatever is sent is shown without its secrets.
fn mask(value: &mut serde_json::Value, dialect: &dyn Dialect) {
    match value {
        serde_json::Value::String(text) => *text = redacted(text, dialect),
        serde_json::Value::Array(values) => values.iter_mut().for_each(|one| mask(one, dialect)),
        serde_json::Value::Object(fields) => {
            fields.values_mut().for_each(|one| mask(one, dialect));
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

fn human(
    (plans, samples, found): (&[PlannedMigration], &Samples, &[Hindrance]),
    (asked, verb): (&Asked<'_>, &str),
    dialect: &dyn Dialect,
) -> String {
    let mut text = String::new();
    if plans.is_empty() {
        return "nothing to do\n".to_owned();
    }
    for plan in plans {
        let _ = writeln!(text, "{}", escape::line(&plan.path));
        let has_gate = plan.steps.iter().any(|step| step.gate.is_some());
        let mut phase = None;
        for step in &plan.steps {
            if let Some(waiting) = &step.gate {
                let _ = writeln!(
                    text,
                    "  gate      the rest waits for `segue contract {}`",
                    plan.id
                );
                for condition in &waiting.gate.conditions {
                    let _ = writeln!(text, "            {}", escape::line(condition));
                }
                for loss in &waiting.losses {
                    let _ = writeln!(
                        text,
                        "  destroys  {}: the point of no return",
                        escape::line(&loss.what)
                    );
                }
            }
            if has_gate && phase.replace(step.phase) != Some(step.phase) {
                let _ = writeln!(text, "  {}", phase_name(step.phase));
            }
            let _ = writeln!(text, "  {:<5} {}", step.id, escape::line(&heading(step)));
            for text_line in redacted(step.text.as_str(), dialect).lines() {
                let _ = writeln!(text, "        {}", escape::line(text_line));
            }
            if let Some(sample) = samples.get(&(plan.id.clone(), step.id.clone())) {
                let _ = writeln!(text, "        -- {}", escape::line(&sampled(sample)));
            }
        }
        for loss in &plan.losses {
            let _ = writeln!(text, "  destroys  {}", escape::line(&loss.what));
        }
        if !plan.losses.is_empty() {
            let how = match agent() {
                Some(_) => "approve".to_owned(),
                None => format!("{verb} --approve"),
            };
            let _ = writeln!(text, "  to agree  segue {how} {}", plan.hash);
        }
        for remark in &plan.remarks {
            let _ = writeln!(text, "  note      {}", escape::line(remark));
        }
        text.push('\n');
    }
    text.push_str(&in_the_way(found));
    let _ = writeln!(
        text,
        "each try waits at most {} ms for a lock, {} tries; more than {} sessions behind us cancel it",
        asked.locks.lock_timeout, asked.locks.attempts, asked.locks.max_blocked
    );
    text
}

fn in_the_way(found: &[Hindrance]) -> String {
    let mut text = String::new();
    for one in found {
        let word = match one.weight {
            Weight::Reported => "in the way",
            Weight::Refused => "refused",
        };
        let _ = writeln!(text, "{word}: {}", escape::line(&one.what));
    }
    text
}

fn phase_name(phase: PhaseKind) -> &'static str {
    match phase {
        PhaseKind::Expand => "expand: the new structure beside the old one",
        PhaseKind::Backfill => "backfill: rows in batches, and what is built on them",
        PhaseKind::Contract => "contract: the old structure goes",
    }
}

fn heading(step: &PlannedStep) -> String {
    let place = match step.transaction {
        StepTransaction::Own => "own transaction",
        StepTransaction::WithPrevious => "same transaction",
        StepTransaction::Outside => "outside any transaction",
    };
    let lock = step.impact.strongest().map_or_else(
        || "no lock".to_owned(),
        |mode| match mode.blocks() {
            Blocks::Nobody => format!("{mode}, blocks nobody"),
            Blocks::Writes => format!("{mode}, blocks writes"),
            Blocks::ReadsAndWrites => format!("{mode}, blocks reads and writes"),
        },
    );
    format!("{} [{place}; {lock}]", step.purpose)
}
