//! `segue contract`: what waits behind a gate, once nobody is seen to use what goes.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{Approval, Event, EvidencePolicy, GateReport, Limits, Purpose};

use crate::arguments::{ContractArguments, RunOutput};
use crate::environment::agent;
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{project, tell, with_runner, with_runner_for};
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
        lock_timeout_ms: arguments.lock_timeout,
        attempts_max: arguments.attempts,
        gate_window_ms: arguments.watch.saturating_mul(1000),
        ..Limits::default()
    };
    let only = arguments.id.as_deref();
    let mut out = std::io::stdout().lock();
    if arguments.dry_run {
        let reports = with_runner(&arguments.database, (limits, &mut observer), |runner| {
            runner.gates(&project.migrations, only)
        })?;
        let text = match arguments.output {
            RunOutput::Json => json(&reports),
            RunOutput::Human => human(&reports),
        };
        out.write_all(text.as_bytes())?;
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
        |runner| runner.contract(&project.migrations, only, (policy, &approval)),
    )?;
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

fn human(reports: &[GateReport]) -> String {
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
                None => format!("contract {} --approve", report.id),
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
