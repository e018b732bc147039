//! `segue backfill`: progress and control from another terminal, and workers from another machine.

use std::io::Write as _;

use segue_engine::{Event, Limits, Progress, Purpose, Wish};

use crate::arguments::{BackfillArguments, BackfillWhat, RunOutput};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::running::{backfills, with_runner, with_runner_for};

/// Does it.
///
/// # Errors
/// When the database cannot be reached, or there is no such backfill.
pub(crate) fn run(arguments: &BackfillArguments) -> Result<Exit, CliError> {
    let all = look(arguments)?;
    let wish = match arguments.what {
        BackfillWhat::Status => {
            let shown: Vec<&Progress> = all
                .iter()
                .filter(|one| arguments.id.as_ref().is_none_or(|id| *id == one.id))
                .collect();
            return show(&shown, arguments.output);
        }
        BackfillWhat::Run => {
            let id = chosen(&all, arguments)?;
            return work(arguments, &id);
        }
        BackfillWhat::Pause => Wish::Pause,
        BackfillWhat::Resume => Wish::Resume,
        BackfillWhat::Cancel => Wish::Cancel,
        BackfillWhat::Retry => Wish::Retry,
    };
    let id = chosen(&all, arguments)?;
    let mut observer = |_: &Event| {};
    with_runner_for(
        Purpose::Change,
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| runner.wish(&id, wish),
    )?;
    let said = match wish {
        Wish::Pause => "is paused: no transaction begins any more",
        Wish::Resume => "may go on; `segue up` runs it when nobody does",
        Wish::Cancel => "is cancelled: what is done stays done",
        Wish::Retry => "tries again what was put aside; `segue up` runs it when nobody does",
    };
    writeln!(std::io::stdout(), "backfill {id} {said}")?;
    Ok(Exit::Ok)
}

fn look(arguments: &BackfillArguments) -> Result<Vec<Progress>, CliError> {
    let mut observer = |_: &Event| {};
    with_runner(
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| {
            let all = runner.backfills()?;
            Ok(all)
        },
    )
}

fn work(arguments: &BackfillArguments, id: &str) -> Result<Exit, CliError> {
    let mut observer = |_: &Event| {};
    with_runner_for(
        Purpose::Change,
        &arguments.database,
        (Limits::default(), &mut observer),
        |runner| {
            runner.backfills = backfills(&arguments.pace);
            runner.help(id)
        },
    )?;
    writeln!(
        std::io::stdout(),
        "nothing is left of this pass of backfill {id}; its proof is made by `segue up`"
    )?;
    Ok(Exit::Ok)
}

/// The backfill that is meant.
fn chosen(all: &[Progress], arguments: &BackfillArguments) -> Result<String, CliError> {
    if let Some(id) = &arguments.id {
        return Ok(id.clone());
    }
    let mut open = all.iter().filter(|one| one.state != "done");
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only.id.clone()),
        (None, _) => Err(CliError::new(
            Code::Usage,
            "no backfill is under way",
            "segue backfill status",
        )),
        (Some(_), Some(_)) => Err(CliError::new(
            Code::Usage,
            "more than one backfill is under way",
            "name one of those that `segue backfill status` shows",
        )),
    }
}

fn show(all: &[&Progress], output: RunOutput) -> Result<Exit, CliError> {
    let mut out = std::io::stdout().lock();
    match output {
        RunOutput::Json => {
            let backfills: Vec<_> = all.iter().map(|one| json(one)).collect();
            let answer = serde_json::json!({ "version": 1, "backfills": backfills });
            writeln!(out, "{answer}")?;
        }
        RunOutput::Human if all.is_empty() => writeln!(out, "no backfill was ever begun here")?,
        RunOutput::Human => {
            for one in all {
                writeln!(out, "{}", crate::show::escape::line(&line(one)))?;
                if let Some(reason) = &one.reason {
                    writeln!(out, "    waits: {}", crate::show::escape::line(reason))?;
                }
                if one.aside > 0 {
                    writeln!(
                        out,
                        "    {} rows are aside, see segue.quarantine; mended: segue backfill retry {}",
                        one.aside, one.id
                    )?;
                }
            }
        }
    }
    Ok(Exit::Ok)
}

fn line(one: &Progress) -> String {
    let left = match one.seconds_left() {
        Some(seconds) if one.state == "running" => format!(", about {seconds} s left"),
        Some(_) | None => String::new(),
    };
    format!(
        "{}  {}  {}  step {} of {}: {} of about {} rows, pass {}, {} rows/s, {} workers, {} s{left}",
        one.id,
        one.state,
        one.table,
        one.step,
        one.migration,
        one.rows,
        one.rows_expected,
        one.pass,
        one.rows_per_second,
        one.workers,
        one.seconds
    )
}

fn json(one: &Progress) -> serde_json::Value {
    serde_json::json!({
        "id": one.id,
        "migration": one.migration,
        "step": one.step,
        "table": one.table,
        "state": one.state,
        "waits": one.reason,
        "pass": one.pass,
        "rows": one.rows,
        "rows_expected": one.rows_expected,
        "ranges_done": one.ranges_done,
        "ranges_open": one.ranges_open,
        "workers": one.workers,
        "rows_aside": one.aside,
        "seconds": one.seconds,
        "rows_per_second": one.rows_per_second,
        "seconds_left": one.seconds_left(),
        "proof": one.proof,
    })
}
