//! `segue doctor`: what this role may and may not do here, with the command that mends each point. Reads only.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{Claim, Environment, Protection, Purpose};
use segue_postgres::{Health, Observation, examine};
use segue_sqlite::Missing;

use crate::arguments::{LookArguments, RunOutput};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::proof::look;
use crate::session::AnySession;
use crate::show::escape::line;
use crate::target::database;

/// Looks at role and server.
///
/// # Errors
/// When the database cannot be reached.
pub(crate) fn run(arguments: &LookArguments) -> Result<Exit, CliError> {
    let database = database(&arguments.database)?;
    let mut session = database.target.connect(Missing::Refuse)?;
    let examined = match &mut session {
        AnySession::Postgres(session) => examine(session),
        AnySession::Sqlite(_) => {
            return Err(CliError::new(
                Code::Refused,
                format!(
                    "{} is a file: there is no server and no role to examine",
                    line(&database.target.shown())
                ),
                "segue status",
            ));
        }
    };
    let mut all = examined.map_err(|error| {
        CliError::new(
            Code::Connection,
            "the server could not be examined",
            "segue env show",
        )
        .because(error)
    })?;
    match look(&database.target, &mut session) {
        Ok(Some(found)) => all.push(environment(&found)),
        Ok(None) => {}
        // Why is said by the point about the journal.
        Err(_) => all.push(Observation {
            topic: "environment",
            health: Health::Bad,
            what: "the role may not read what this database was marked as".to_owned(),
            mend: None,
        }),
    }
    let shown = database.target.shown();
    let text = match arguments.output {
        RunOutput::Human => human(&shown, &all),
        RunOutput::Json => json(&shown, &all),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    let is_bad = all.iter().any(|one| one.health == Health::Bad);
    Ok(if is_bad { Exit::Failed } else { Exit::Ok })
}

fn environment(found: &Environment) -> Observation {
    let claim = Claim {
        name: None,
        protection: Protection::None,
        freezes: Vec::new(),
        purpose: Purpose::Read,
    };
    let (health, what, mend) = match (found.prove(&claim), &found.marker) {
        (Err(error), _) => (
            Health::Bad,
            error.to_string(),
            error.next().map(str::to_owned),
        ),
        (Ok(_), None) => (
            Health::Ok,
            "not marked".to_owned(),
            Some("segue env mark NAME".to_owned()),
        ),
        (Ok(protection), Some(marker)) => {
            let protected = match protection {
                Protection::None => "not protected",
                Protection::Protected => "protected",
            };
            (Health::Ok, format!("{}, {protected}", marker.name), None)
        }
    };
    Observation {
        topic: "environment",
        health,
        what,
        mend,
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Ok => "ok",
        Health::Warn => "warn",
        Health::Bad => "bad",
    }
}

fn human(shown: &str, all: &[Observation]) -> String {
    let mut text = format!("{}\n", line(shown));
    for one in all {
        let _ = writeln!(
            text,
            "{:<4}  {:<13}  {}",
            word(one.health),
            one.topic,
            line(&one.what)
        );
        if let Some(mend) = &one.mend {
            let _ = writeln!(text, "{:21}mend: {}", "", line(mend));
        }
    }
    text
}

fn json(shown: &str, all: &[Observation]) -> String {
    let points: Vec<_> = all
        .iter()
        .map(|one| {
            serde_json::json!({
                "topic": one.topic,
                "health": word(one.health),
                "what": one.what,
                "mend": one.mend,
            })
        })
        .collect();
    let answer = serde_json::json!({ "version": 1, "database": shown, "points": points });
    format!("{answer}\n")
}
