//! `segue contract`: what waits behind a gate, once nobody is seen to use what goes.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{
    Approval, Event, EvidencePolicy, GateReport, Keeping, Limits, Outcome, Purpose,
};

use crate::arguments::{ContractArguments, RunOutput};
use crate::environment::agent;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{limits, project, tell, with_runner, with_runner_for};
use crate::show::escape::line;

/// Runs what is behind the gates, or shows them with `--dry-run`.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn run(arguments: &ContractArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut points = Vec::new();
    let mut observer = |event: &Event| {
        if let Event::RestorePoint { name, position } = event {
            points.push(serde_json::json!({ "name": name, "position": position }));
        }
        if arguments.output == RunOutput::Human {
            tell(event);
        }
    };
    let limits = Limits {
        gate_window_ms: arguments.watch.saturating_mul(1000),
        ..limits(&arguments.locks)
    };
    let keeping = if arguments.no_archive {
        Keeping::Nothing
    } else {
        Keeping::Archived
    };
    let only = arguments.id.as_deref();
    if arguments.dry_run {
        let reports = with_runner(&arguments.database, (limits, &mut observer), |runner| {
            runner.guard.keeping = keeping;
            runner.gates(&project.migrations, only)
        })?;
        let text = match arguments.output {
            RunOutput::Json => json(&reports),
            RunOutput::Human => human(&reports, keeping),
        };
        std::io::stdout().write_all(text.as_bytes())?;
        return Ok(Exit::Ok);
    }
    let policy = if arguments.accept_evidence {
        EvidencePolicy::Accept
    } else {
        EvidencePolicy::Respect
    };
    let approval = Approval {
        hashes: arguments.approve.iter().cloned().collect(),
    };
    crate::signals::listen();
    let outcome = with_runner_for(
        Purpose::Change,
        &arguments.database,
        (limits, &mut observer),
        |runner| {
            runner.guard.keeping = keeping;
            runner.contract(&project.migrations, only, (policy, &approval))
        },
    )?;
    said(arguments, &outcome, &points)
}

fn said(
    arguments: &ContractArguments,
    outcome: &Outcome,
    points: &[serde_json::Value],
) -> Result<Exit, CliError> {
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => {
            let answer = serde_json::json!({
                "version": 1,
                "contracted": outcome.completed,
                "restore_points": points,
            });
            writeln!(out, "{answer}")?;
        }
        RunOutput::Human => match outcome.completed.len() {
            0 => writeln!(out, "nothing waits at a gate")?,
            1 => writeln!(out, "1 migration contracted and verified")?,
            count => writeln!(out, "{count} migrations contracted and verified")?,
        },
    }
    Ok(Exit::Ok)
}

fn json(reports: &[GateReport]) -> String {
    let gates: Vec<_> = reports
        .iter()
        .map(|report| {
            serde_json::json!({
                "id": report.id,
                "path": report.path,
                "since": report.since,
                "conditions": report.conditions,
                "evidence": report.evidence,
                "losses": report.losses,
                "hash": report.hash,
            })
        })
        .collect();
    let answer = serde_json::json!({ "version": 1, "gates": gates });
    format!("{answer}\n")
}

fn human(reports: &[GateReport], keeping: Keeping) -> String {
    let keeping = match keeping {
        Keeping::Archived => "",
        Keeping::Nothing => " --no-archive",
    };
    let mut text = String::new();
    if reports.is_empty() {
        return "nothing waits at a gate\n".to_owned();
    }
    for report in reports {
        let _ = writeln!(text, "{}  waits since {}", line(&report.path), report.since);
        for condition in &report.conditions {
            let _ = writeln!(text, "  needs     {}", line(condition));
        }
        for seen in &report.evidence {
            let _ = writeln!(text, "  against   {}", line(seen));
        }
        for loss in &report.losses {
            let _ = writeln!(text, "  destroys  {}", line(loss));
        }
        if !report.losses.is_empty() {
            let how = match agent() {
                Some(_) => "approve".to_owned(),
                None => format!("contract {}{keeping} --approve", report.id),
            };
            let _ = writeln!(text, "  to agree  segue {how} {}", report.hash);
        }
        let verdict = if report.evidence.is_empty() {
            "nothing speaks against it: `segue contract` goes on"
        } else {
            "the gate stays shut"
        };
        let _ = writeln!(text, "  {verdict}\n");
    }
    text
}
