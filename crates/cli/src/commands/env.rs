//! `segue env`: the marker that says which environment a database is.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{Claim, Environment, Event, Limits, Observer, Protection, Purpose};

use segue_sqlite::Missing;

use crate::arguments::{EnvArguments, EnvMarkArguments, EnvVerb, LookArguments, RunOutput};
use crate::environment::{agent, ask, is_on_terminal, person};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::proof::look;
use crate::running::with_runner_at;
use crate::show::escape::line;
use crate::target::{Address, database};

/// Shows or writes it.
///
/// # Errors
/// When the database cannot be reached, or has another marker.
pub(crate) fn run(arguments: &EnvArguments) -> Result<Exit, CliError> {
    match &arguments.verb {
        EnvVerb::Show(arguments) => show(arguments),
        EnvVerb::Mark(arguments) => mark(arguments),
    }
}

fn show(arguments: &LookArguments) -> Result<Exit, CliError> {
    let database = database(&arguments.database)?;
    let mut session = database.target.connect(Missing::Refuse)?;
    let Some(found) = look(&database.target, &mut session)? else {
        return Err(unmarkable(&database.target));
    };
    let doubt = doubt(&found);
    let shown = database.target.shown();
    let text = match arguments.output {
        RunOutput::Human => human(&shown, &found, doubt.as_deref()),
        RunOutput::Json => json(&shown, &found, doubt.as_deref()),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if doubt.is_some() {
        Exit::Refused
    } else {
        Exit::Ok
    })
}

/// A file is what its path says: a marker in it would be in every copy too, and nothing tells them apart.
fn unmarkable(address: &Address) -> CliError {
    CliError::new(
        Code::Refused,
        format!(
            "{} keeps no marker: only servers have one",
            line(&address.shown())
        ),
        "say what it is in `[environments.NAME]` of segue.toml",
    )
}

/// Why the database is not what its marker says, where it is not.
fn doubt(found: &Environment) -> Option<String> {
    let claim = Claim {
        name: None,
        protection: Protection::None,
        freezes: Vec::new(),
        purpose: Purpose::Read,
    };
    found.prove(&claim).err().map(|error| error.to_string())
}

fn word(protection: Protection) -> &'static str {
    match protection {
        Protection::None => "no",
        Protection::Protected => "yes",
    }
}

fn human(shown: &str, found: &Environment, doubt: Option<&str>) -> String {
    let mut text = String::new();
    let server = found
        .system_identifier
        .as_deref()
        .unwrap_or("unknown: the role may not read it");
    let _ = writeln!(text, "database     {}", line(shown));
    let _ = writeln!(text, "server       {server}");
    match &found.marker {
        None => {
            let _ = writeln!(
                text,
                "environment  not marked: `segue env mark NAME` does it"
            );
        }
        Some(marker) => {
            let _ = writeln!(text, "environment  {}", line(&marker.name));
            let _ = writeln!(text, "protected    {}", word(marker.protection));
            let _ = writeln!(text, "marked       {} by {}", marker.at, line(&marker.by));
        }
    }
    if let Some(doubt) = doubt {
        let _ = writeln!(text, "but          {}", line(doubt));
    }
    text
}

fn json(shown: &str, found: &Environment, doubt: Option<&str>) -> String {
    let marker = found.marker.as_ref().map(|marker| {
        serde_json::json!({
            "name": marker.name,
            "protected": marker.protection == Protection::Protected,
            "system_identifier": marker.system_identifier,
            "database": marker.database,
            "marked_at": marker.at,
            "marked_by": marker.by,
        })
    });
    let answer = serde_json::json!({
        "version": 1,
        "database": shown,
        "system_identifier": found.system_identifier,
        "standby": found.is_standby,
        "marker": marker,
        "contradiction": doubt,
    });
    format!("{answer}\n")
}

fn mark(arguments: &EnvMarkArguments) -> Result<Exit, CliError> {
    let database = database(&arguments.database)?;
    let mut session = database.target.connect(Missing::Refuse)?;
    let Some(found) = look(&database.target, &mut session)? else {
        return Err(unmarkable(&database.target));
    };
    may_mark(arguments, &found)?;
    drop(session);
    let protection = if arguments.protected {
        Protection::Protected
    } else {
        Protection::None
    };
    let mut observer = |_: &Event| {};
    let talk = (Limits::default(), &mut observer as &mut dyn Observer);
    let target = database.direct.as_ref().unwrap_or(&database.target);
    let found = with_runner_at(&database, target, talk, |runner| {
        runner.holder = person();
        runner.mark(&arguments.name, protection)
    })?;
    let text = human(&database.target.shown(), &found, None);
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

/// A marker is replaced on purpose only; one that protects, and is true, by a person who types its name.
fn may_mark(arguments: &EnvMarkArguments, found: &Environment) -> Result<(), CliError> {
    let Some(marker) = &found.marker else {
        return Ok(());
    };
    let is_same = marker.name == arguments.name
        && (marker.protection == Protection::Protected) == arguments.protected;
    if is_same && doubt(found).is_none() {
        return Ok(());
    }
    let refused = |what: String, next: String| Err(CliError::new(Code::Refused, what, next));
    if !arguments.replace {
        return refused(
            format!("this database is marked already: `{}`", line(&marker.name)),
            format!("segue env mark {} --replace", line(&arguments.name)),
        );
    }
    if marker.protection == Protection::None || doubt(found).is_some() {
        return Ok(());
    }
    if agent().is_some() || !is_on_terminal() {
        return refused(
            format!(
                "`{}` is protected: only a person takes that away, on a terminal",
                line(&marker.name)
            ),
            "segue env show".to_owned(),
        );
    }
    let question = format!(
        "`{}` is protected. To mark it as something else, type its name: ",
        line(&marker.name)
    );
    if ask(&question).as_deref() == Some(marker.name.as_str()) {
        Ok(())
    } else {
        refused(
            "the marker stays as it is".to_owned(),
            "segue env show".to_owned(),
        )
    }
}
