//! `segue plan`: every step that `up` would send, with its locks. Changes nothing.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{Event, PlannedMigration, PlannedStep, Target};
use segue_model::{Blocks, StepTransaction};

use crate::arguments::{RunOutput, UpArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{limits, project, selection, with_runner};
use crate::show::escape;

/// Shows the plan.
///
/// # Errors
/// When the project or the database cannot be read, or something would be refused.
pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let plans = with_runner(
        &arguments.database,
        (limits(arguments), &mut observer),
        |runner| runner.plan(&project.migrations, &selection(arguments, Target::All)),
    )?;
    let text = match arguments.output {
        RunOutput::Json => json(&plans),
        RunOutput::Human => human(&plans, arguments),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

fn json(plans: &[PlannedMigration]) -> String {
    let migrations: Vec<_> = plans
        .iter()
        .map(|plan| {
            serde_json::json!({
                "id": plan.id,
                "path": plan.path,
                "hash": plan.hash,
                "steps": plan.steps,
                "losses": plan.losses,
                "remarks": plan.remarks,
            })
        })
        .collect();
    let answer = serde_json::json!({ "version": 1, "migrations": migrations });
    format!("{answer}\n")
}

fn human(plans: &[PlannedMigration], arguments: &UpArguments) -> String {
    let mut text = String::new();
    if plans.is_empty() {
        return "nothing to do\n".to_owned();
    }
    for plan in plans {
        let _ = writeln!(text, "{}", escape::line(&plan.path));
        for step in &plan.steps {
            let _ = writeln!(text, "  {:<5} {}", step.id, escape::line(&heading(step)));
            for line in step.text.as_str().lines() {
                let _ = writeln!(text, "        {}", escape::line(line));
            }
        }
        for loss in &plan.losses {
            let _ = writeln!(text, "  destroys  {}", escape::line(&loss.what));
        }
        if !plan.losses.is_empty() {
            let _ = writeln!(text, "  to agree  segue up --approve {}", plan.hash);
        }
        for remark in &plan.remarks {
            let _ = writeln!(text, "  note      {}", escape::line(remark));
        }
        text.push('\n');
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
