//! `segue plan`: every step that `up` would send, with its locks. Changes nothing.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{
    Event, Hindrance, PlannedMigration, PlannedStep, StepText, Target, Weight, redacted,
};
use segue_model::{Blocks, StepTransaction};
use segue_postgres::Postgres;

use crate::arguments::{RunOutput, UpArguments};
use crate::environment::agent;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{limits, project, selection, with_runner};
use crate::show::escape::line;

/// Shows the plan.
///
/// # Errors
/// When the project or the database cannot be read, or something would be refused.
pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let (plans, found) = with_runner(
        &arguments.database,
        (limits(arguments), &mut observer),
        |runner| {
            let plans = runner.plan(&project.migrations, &selection(arguments, Target::All))?;
            let found = runner.hindrances(&plans)?;
            Ok((plans, found))
        },
    )?;
    show(&plans, &found, (arguments, "up"))
}

/// Shows what `down` would send.
///
/// # Errors
/// As [`run`].
pub(crate) fn back(arguments: &UpArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let (plans, found) = with_runner(
        &arguments.database,
        (limits(arguments), &mut observer),
        |runner| {
            let chosen = selection(arguments, Target::Steps(1));
            let plans = runner.plan_down(&project.migrations, &chosen)?;
            let found = runner.hindrances(&plans)?;
            Ok((plans, found))
        },
    )?;
    show(&plans, &found, (arguments, "down"))
}

fn show(
    plans: &[PlannedMigration],
    found: &[Hindrance],
    (arguments, verb): (&UpArguments, &str),
) -> Result<Exit, CliError> {
    let text = match arguments.output {
        RunOutput::Json => json(plans, found),
        RunOutput::Human => human(plans, found, (arguments, verb)),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

fn json(plans: &[PlannedMigration], found: &[Hindrance]) -> String {
    let migrations: Vec<_> = plans
        .iter()
        .map(|plan| {
            let mut steps = plan.steps.clone();
            for step in &mut steps {
                if let StepText::Users(text) = &mut step.text {
                    *text = redacted(text, &Postgres);
                }
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

fn human(
    plans: &[PlannedMigration],
    found: &[Hindrance],
    (arguments, verb): (&UpArguments, &str),
) -> String {
    let mut text = String::new();
    if plans.is_empty() {
        return "nothing to do\n".to_owned();
    }
    for plan in plans {
        let _ = writeln!(text, "{}", plan.path);
        for step in &plan.steps {
            let _ = writeln!(text, "  {:<5} {}", step.id, heading(step));
            for text_line in redacted(step.text.as_str(), &Postgres).lines() {
                let _ = writeln!(text, "        {text_line}");
            }
        }
        for loss in &plan.losses {
            let _ = writeln!(text, "  destroys  {}", loss.what);
        }
        if !plan.losses.is_empty() {
            let how = match agent() {
                Some(_) => "approve".to_owned(),
                None => format!("{verb} --approve"),
            };
            let _ = writeln!(text, "  to agree  segue {how} {}", plan.hash);
        }
        for remark in &plan.remarks {
            let _ = writeln!(text, "  note      {remark}");
        }
        text.push('\n');
    }
    for one in found {
        let word = match one.weight {
            Weight::Reported => "in the way",
            Weight::Refused => "refused",
        };
        let _ = writeln!(text, "{word}: {}", line(&one.what));
    }
    let _ = writeln!(
        text,
        "each try waits at most {} ms for a lock, {} tries; more than {} sessions behind us cancel it",
        arguments.lock_timeout, arguments.attempts, arguments.max_blocked
    );
    text
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
