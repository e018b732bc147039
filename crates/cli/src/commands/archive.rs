//! `segue archive`: what contract phases dropped and Segue kept. Shown, brought back, or removed for ever.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{Approval, Event, Kept, KeptStage, KeptWhat, Limits, Observer, Purpose, Runner};

use segue_model::QualifiedName;

use crate::arguments::{
    ArchiveArguments, ArchiveVerb, KeptArguments, PurgeArguments, RestoreArguments, RunOutput,
};
use crate::environment::{ask, is_on_terminal};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::running::{limits, tell, with_runner, with_runner_for};
use crate::show::escape::line;
use crate::show::nearest::nearest;

/// Runs a verb of the archive.
///
/// # Errors
/// See the exit codes of each.
pub(crate) fn run(arguments: &ArchiveArguments) -> Result<Exit, CliError> {
    match &arguments.verb {
        ArchiveVerb::List(arguments) => list(arguments),
        ArchiveVerb::Restore(arguments) => restore(arguments),
        ArchiveVerb::Purge(arguments) => purge(arguments),
    }
}

fn list(arguments: &KeptArguments) -> Result<Exit, CliError> {
    let mut observer = |_: &Event| {};
    let talk = (Limits::default(), &mut observer as &mut dyn Observer);
    let kept = with_runner(&arguments.database, talk, |runner| {
        let kept = runner.kept()?;
        Ok(kept)
    })?;
    let text = match arguments.output {
        RunOutput::Json => format!("{}\n", json(&kept)),
        RunOutput::Human => human(&kept),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

fn restore(arguments: &RestoreArguments) -> Result<Exit, CliError> {
    crate::signals::listen();
    let mut observer = |event: &Event| {
        if arguments.output == RunOutput::Human {
            tell(event);
        }
    };
    let talk = (limits(&arguments.locks), &mut observer as &mut dyn Observer);
    let typed = arguments.name.as_str();
    let found = with_runner_for(Purpose::Change, &arguments.database, talk, |runner| {
        // Half of it may be back already, and then the archive has less than it had.
        let begun = runner.restore_begun(typed)?;
        let all = runner.kept()?;
        let found = begun.or_else(|| all.iter().find(|one| one.is_named(typed)).cloned());
        let Some(kept) = found else {
            return Ok(Err(all));
        };
        runner.restore_kept(&kept)?;
        Ok(Ok(kept))
    })?;
    let kept = found.map_err(|all| not_kept(typed, &all))?;
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => {
            let answer = serde_json::json!({
                "version": 1,
                "restored": kept.what.to_string(),
                "from": plain(&kept.place),
                "migration": kept.migration,
            });
            writeln!(out, "{answer}")?;
        }
        RunOutput::Human => {
            writeln!(out, "{} is back and verified", line(&kept.what.to_string()))?;
            if let Some(migration) = &kept.migration {
                let migration = line(migration);
                writeln!(
                    out,
                    "{migration} stays applied: write a migration that adds it, so that other databases have it too"
                )?;
            }
            if let KeptWhat::Column(..) = kept.what {
                writeln!(
                    out,
                    "the copy stays in {} until it is purged",
                    line(&plain(&kept.place))
                )?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// What a person meant, and what is near it.
fn not_kept(typed: &str, all: &[Kept]) -> CliError {
    let names: Vec<String> = all.iter().map(|one| one.what.to_string()).collect();
    let near = nearest(typed, names.iter().map(String::as_str));
    let near = near
        .first()
        .map_or_else(String::new, |near| format!("; near it: {near}"));
    CliError::new(
        Code::Usage,
        format!(
            "nothing that was called `{}` is kept{}",
            line(typed),
            line(&near)
        ),
        "segue archive list",
    )
}

/// What became of a purge.
enum Purged {
    /// These are gone.
    Gone(Vec<Kept>),
    /// Nobody agreed to lose these, by the hashes of their plans.
    NotAgreed(Vec<(Kept, String)>),
    /// Nothing of this name is kept; what is.
    Unnamed(String, Vec<Kept>),
}

fn purge(arguments: &PurgeArguments) -> Result<Exit, CliError> {
    crate::signals::listen();
    let mut observer = |event: &Event| {
        if arguments.output == RunOutput::Human {
            tell(event);
        }
    };
    let talk = (limits(&arguments.locks), &mut observer as &mut dyn Observer);
    let purged = with_runner_for(Purpose::Change, &arguments.database, talk, |runner| {
        let all = runner.kept()?;
        let unnamed = |name: &&String| !all.iter().any(|one| one.is_named(name));
        if let Some(name) = arguments.names.iter().find(unnamed) {
            return Ok(Purged::Unnamed(name.clone(), all));
        }
        let chosen: Vec<Kept> = all
            .into_iter()
            .filter(|one| is_chosen(arguments, one))
            .collect();
        if chosen.is_empty() {
            return Ok(Purged::Gone(chosen));
        }
        let hashes: Vec<String> = runner
            .plan_purge(&chosen)?
            .into_iter()
            .map(|plan| plan.hash)
            .collect();
        let mut approval = Approval {
            hashes: arguments.approve.iter().cloned().collect(),
        };
        if agrees(arguments, (&chosen, &hashes)) {
            approval.hashes.extend(hashes.iter().cloned());
        } else if arguments.approve.is_empty() && !is_recorded(runner) {
            return Ok(Purged::NotAgreed(chosen.into_iter().zip(hashes).collect()));
        }
        runner.purge(&chosen, &approval)?;
        Ok(Purged::Gone(chosen))
    })?;
    match purged {
        Purged::Gone(kept) => said(arguments, &kept),
        Purged::Unnamed(name, all) => Err(not_kept(&name, &all)),
        Purged::NotAgreed(kept) => Err(CliError::new(
            Code::Refused,
            "this removes for ever what exists nowhere else, and nobody has agreed",
            "agree on a terminal, with --yes, or with --approve HASH",
        )
        .with_details(
            kept.iter()
                .map(|(kept, hash)| format!("{}   --approve {hash}", line(&row(kept)))),
        )),
    }
}

/// True where only what people recorded counts: the engine says who has to.
fn is_recorded<S: segue_model::Session + Send>(runner: &Runner<'_, S>) -> bool {
    matches!(runner.guard.consent, segue_engine::Consent::Recorded { .. })
}

fn is_chosen(arguments: &PurgeArguments, kept: &Kept) -> bool {
    let is_named =
        arguments.names.is_empty() || arguments.names.iter().any(|name| kept.is_named(name));
    // What nobody knows the age of is not old.
    let is_old = arguments
        .older_than
        .is_none_or(|least| kept.age_s.is_some_and(|age| age > least.as_secs()));
    // Unasked, what a migration still needs is left alone.
    let is_free = kept.stage == KeptStage::Dropped || !arguments.names.is_empty();
    is_named && is_old && is_free
}

/// Shows what is lost, and asks on a terminal.
fn agrees(arguments: &PurgeArguments, (chosen, hashes): (&[Kept], &[String])) -> bool {
    if arguments.yes {
        return true;
    }
    if !arguments.approve.is_empty() || !is_on_terminal() {
        return false;
    }
    crate::environment::say("this is removed for ever:");
    for (kept, hash) in chosen.iter().zip(hashes) {
        crate::environment::say(&line(&format!(
            "  {}   {}",
            row(kept),
            hash.get(..12).unwrap_or(hash)
        )));
    }
    let said = ask("remove it? [y/N] ");
    matches!(said.as_deref(), Some("y" | "Y" | "yes"))
}

fn said(arguments: &PurgeArguments, kept: &[Kept]) -> Result<Exit, CliError> {
    let names: Vec<String> = kept.iter().map(|one| one.what.to_string()).collect();
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => {
            writeln!(
                out,
                "{}",
                serde_json::json!({ "version": 1, "purged": listed(kept) })
            )?;
        }
        RunOutput::Human if kept.is_empty() => writeln!(out, "nothing to purge")?,
        RunOutput::Human => writeln!(out, "purged: {}", line(&names.join(", ")))?,
    }
    Ok(Exit::Ok)
}

fn json(kept: &[Kept]) -> serde_json::Value {
    serde_json::json!({ "version": 1, "kept": listed(kept) })
}

fn listed(kept: &[Kept]) -> Vec<serde_json::Value> {
    kept.iter()
        .map(|one| {
            let (kind, table, column, comment) = match &one.what {
                KeptWhat::Table(table) => ("table", Some(plain(table)), None, None),
                KeptWhat::Column(table, column) => {
                    ("column", Some(plain(table)), Some(column.as_str()), None)
                }
                KeptWhat::Unknown(comment) => ("unknown", None, None, comment.clone()),
            };
            serde_json::json!({
                "kind": kind,
                "table": table,
                "column": column,
                "comment": comment,
                "place": plain(&one.place),
                "migration": one.migration,
                "since": one.since,
                "age_seconds": one.age_s,
                "rows_estimated": one.rows,
                "bytes": one.bytes,
                "needed_by_its_migration": one.stage == KeptStage::UnderWay,
            })
        })
        .collect()
}

fn human(kept: &[Kept]) -> String {
    if kept.is_empty() {
        return "nothing is kept\n".to_owned();
    }
    let mut text = String::new();
    for one in kept {
        let _ = writeln!(text, "{}", line(&row(one)));
        let at = plain(&one.place);
        let place = match (&one.what, &one.migration) {
            (KeptWhat::Unknown(Some(comment)), _) => {
                format!("{at}: no plan knows it; its comment: {comment}")
            }
            (KeptWhat::Unknown(None), _) => format!("{at}: no plan knows it"),
            (KeptWhat::Table(_) | KeptWhat::Column(..), Some(migration)) => {
                format!("dropped by {migration}, in {at}")
            }
            (KeptWhat::Table(_) | KeptWhat::Column(..), None) => at,
        };
        let _ = writeln!(text, "  {}", line(&place));
        if one.stage == KeptStage::UnderWay {
            let _ = writeln!(text, "  its migration is under way and needs it");
        }
    }
    text.push_str("\nbring one back: segue archive restore NAME      remove for ever: segue archive purge --older-than 30d\n");
    text
}

/// One line: what, how many rows, how large, since when.
fn row(kept: &Kept) -> String {
    let what = match &kept.what {
        KeptWhat::Table(_) => format!("table   {}", kept.what),
        KeptWhat::Column(..) => format!("column  {}", kept.what),
        KeptWhat::Unknown(_) => format!("?       {}", plain(&kept.place)),
    };
    let since = match (&kept.since, kept.age_s) {
        (Some(since), Some(age)) => format!("since {since} ({})", ago(age)),
        (Some(since), None) => format!("since {since}"),
        (None, _) => "nobody knows since when".to_owned(),
    };
    format!(
        "{what}   about {} rows, {}   {since}",
        kept.rows,
        size(kept.bytes)
    )
}

/// A name as a person types it.
fn plain(name: &QualifiedName) -> String {
    format!("{}.{}", name.namespace.as_str(), name.name.as_str())
}

fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _days => format!("{} days", seconds / 86_400),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes / 1_024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _large => format!("{} GiB", bytes / 1_073_741_824),
    }
}
