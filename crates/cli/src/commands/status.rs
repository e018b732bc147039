//! `segue status`: where the project and the database stand. Reads only.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{Event, Limits, Others, Overview, Standing, Status};

use crate::arguments::{RunOutput, StatusArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::running::{project, with_runner};
use crate::show::escape::line;

/// Records of migrations that the project lacks which people are shown, the latest.
const MISSING_SHOWN: usize = 20;

/// Shows it.
///
/// # Errors
/// When the project or the database cannot be read.
pub(crate) fn run(arguments: &StatusArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let others = match arguments.output {
        RunOutput::Json => Others::All,
        RunOutput::Human => Others::Newest(MISSING_SHOWN),
    };
    let overview = with_runner(
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| runner.overview(&project.migrations, others),
    )?;
    let lines = &overview.lines;
    let text = match arguments.output {
        RunOutput::Json => json(lines),
        RunOutput::Human => human(&overview),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if arguments.exit_code {
        exit(lines)
    } else {
        Exit::Ok
    })
}

/// The gravest first: half done, edited, pending.
fn exit(lines: &[Status]) -> Exit {
    let any = |standings: &[Standing]| lines.iter().any(|line| standings.contains(&line.standing));
    if any(&[Standing::Partial, Standing::Reverting]) {
        Exit::FailedStep
    } else if any(&[Standing::Edited]) {
        Exit::Drift
    } else if any(&[Standing::Pending, Standing::OutOfOrder]) {
        Exit::Pending
    } else {
        Exit::Ok
    }
}

/// How a standing is called.
pub(crate) fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Applied => "applied",
        Standing::Baseline => "baseline",
        Standing::Partial => "partial",
        Standing::Waiting => "waiting",
        Standing::Reverting => "reverting",
        Standing::Edited => "edited",
        Standing::Pending => "pending",
        Standing::OutOfOrder => "out-of-order",
        Standing::Missing => "missing",
    }
}

fn json(lines: &[Status]) -> String {
    let migrations: Vec<_> = lines
        .iter()
        .map(|status| {
            serde_json::json!({
                "id": status.id,
                "path": status.path,
                "state": word(status.standing),
                "recorded_at": status.record.as_ref().map(|record| record.at.as_str()),
                "took_ms": status.record.as_ref().map(|record| record.took_ms),
            })
        })
        .collect();
    let answer = serde_json::json!({ "version": 1, "migrations": migrations });
    format!("{answer}\n")
}

fn human(overview: &Overview) -> String {
    let lines = &overview.lines;
    let mut text = String::new();
    for status in lines {
        let when = status
            .record
            .as_ref()
            .map_or("", |record| record.at.as_str());
        let _ = writeln!(
            text,
            "{:<12}  {:<20}  {}",
            word(status.standing),
            when,
            line(&status.path)
        );
    }
    let unlisted = overview.missing.saturating_sub(MISSING_SHOWN);
    if unlisted > 0 {
        let _ = writeln!(
            text,
            "{:<12}  and {unlisted} more that only the database knows: `--output json` lists all",
            word(Standing::Missing)
        );
    }
    let next = match exit(lines) {
        Exit::FailedStep
            if lines
                .iter()
                .any(|line| line.standing == Standing::Reverting) =>
        {
            "a migration is half taken back: `segue down` goes on"
        }
        Exit::FailedStep => "a migration is half done: `segue up` goes on",
        Exit::Drift => "migrations were edited after they ran: `segue verify` shows the difference",
        Exit::Pending => "there is something to do: `segue plan` shows it, `segue up` does it",
        Exit::Ok
        | Exit::Failed
        | Exit::Usage
        | Exit::Findings
        | Exit::Refused
        | Exit::Connection
        | Exit::LeaseHeld
        | Exit::LockBudget
        | Exit::Partial
        | Exit::Unknown
        | Exit::Interrupted
        | Exit::HungUp
        | Exit::Terminated
        | Exit::ClosedOutput => {
            if lines.iter().any(|line| line.standing == Standing::Waiting) {
                "a migration waits at its gate: `segue contract` finishes it once nobody uses the old structure, `segue down` goes back"
            } else {
                "nothing to do"
            }
        }
    };
    let _ = writeln!(text, "\n{next}");
    text
}
