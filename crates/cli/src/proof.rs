//! What is proven on the way from an address to a run: no pooler between, the environment that was named, who agrees,
//! and that backups work.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use segue_engine::{Claim, Clock as _, Consent, Environment, Protection, Purpose, environment};
use segue_sqlite::Missing;

use crate::environment::{Pauses, agent, now_seconds, say, today};
use crate::error::{CliError, Code};
use crate::running::complaint;
use crate::session::AnySession;
use crate::settings::Backup;
use crate::show::escape::line;
use crate::target::{Address, Database, Origin};

/// Runs what the variable says, which is not there any more for what it runs.
const RUN: &str = r#"command=$SEGUE_COMMAND; unset SEGUE_COMMAND; eval "$command""#;

impl Database {
    /// The address that a run uses, once everything about it is proven.
    ///
    /// # Errors
    /// [`Code::Connection`]; [`Code::Refused`] with the reason.
    pub(crate) fn proven(&self, purpose: Purpose, missing: Missing) -> Result<&Address, CliError> {
        let mut session = self.target.connect(missing)?;
        let (target, mut session) = match &self.direct {
            Some(direct) => {
                let mut straight = direct.connect(missing)?;
                not_pooled(direct, &straight)?;
                same_database((&self.target, &mut session), (direct, &mut straight))?;
                (direct, straight)
            }
            None if self.pooler.is_some() => (&self.target, session),
            None => {
                not_pooled(&self.target, &session)?;
                (&self.target, session)
            }
        };
        self.prove(&mut session, purpose)?;
        Ok(target)
    }

    /// Proves the environment on an open session.
    ///
    /// # Errors
    /// [`Code::Refused`] with the reason.
    pub(crate) fn prove(&self, session: &mut AnySession, purpose: Purpose) -> Result<(), CliError> {
        let Some(found) = look(&self.target, session)? else {
            return self.without_marker(purpose);
        };
        self.is_meant(&found, &purpose)?;
        let is_change = purpose != Purpose::Read;
        let protection = found
            .prove(&self.claim(purpose))
            .map_err(|error| complaint(&error))?;
        if protection == Protection::Protected && self.origin == Origin::FoundFile {
            return Err(CliError::new(
                Code::Refused,
                "the address comes from .env, and the database is protected",
                "say `--env-file .env`, or name the database with `--url`",
            ));
        }
        if is_change && let Some(marker) = &found.marker {
            let protected = match marker.protection {
                Protection::None => "",
                Protection::Protected => ", protected",
            };
            say(&line(&format!(
                "{}  {}{protected}",
                self.target.shown(),
                marker.name
            )));
        }
        Ok(())
    }

    /// A file keeps no marker: the settings alone say what it is, and nothing proves a protected one.
    fn without_marker(&self, purpose: Purpose) -> Result<(), CliError> {
        if purpose == Purpose::Read {
            return Ok(());
        }
        if let Some(named) = &self.named {
            let refused = |what: String, why: &str, next: &str| {
                Err(CliError::new(Code::Refused, what, next).with_details([why.to_owned()]))
            };
            if !named.is_configured {
                return refused(
                    format!("nothing says what `{}` is", named.name),
                    "segue.toml has no such environment, and a database of this kind keeps no marker",
                    "add `[environments.NAME]` to segue.toml, then run the same command again",
                );
            }
            if named.settings.protection == Protection::Protected {
                return refused(
                    format!(
                        "that {} is `{}` cannot be proven",
                        self.target.shown(),
                        named.name
                    ),
                    "a protected environment is proven by a marker, and a database of this kind keeps none",
                    "take `protected` out of segue.toml, then run the same command again",
                );
            }
        }
        let day = today();
        let found = Environment {
            database: self.target.name(),
            system_identifier: None,
            is_standby: false,
            today: format!("{:04}-{:02}-{:02}", day.year, day.month, day.day),
            marker: None,
        };
        found
            .prove(&self.claim(purpose))
            .map(drop)
            .map_err(|error| complaint(&error))
    }

    /// A name that nothing confirms, neither the settings nor a marker, is a slip of the pen.
    fn is_meant(&self, found: &Environment, purpose: &Purpose) -> Result<(), CliError> {
        match &self.named {
            Some(named)
                if !named.is_configured && found.marker.is_none() && *purpose != Purpose::Read =>
            {
                Err(CliError::new(
                    Code::Refused,
                    format!("nothing says what `{}` is", named.name),
                    format!("segue env mark {}", named.name),
                )
                .with_details([
                    "segue.toml has no such environment, and the database has no marker".to_owned(),
                ]))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn claim(&self, purpose: Purpose) -> Claim {
        let named = self.named.as_ref();
        Claim {
            name: named.map(|named| named.settings.identity.clone()),
            protection: named.map_or(Protection::None, |named| named.settings.protection),
            freezes: named.map_or_else(Vec::new, |named| named.settings.freezes.clone()),
            purpose,
        }
    }

    /// Whose agreement counts when data is destroyed.
    pub(crate) fn consent(&self) -> Consent {
        let people = self.named.as_ref().and_then(|named| named.settings.people);
        match (agent(), people) {
            (Some(sign), people) => Consent::Recorded {
                people: people.unwrap_or(1),
                because: format!("{sign} is set: an agent does not agree for a person"),
            },
            (None, Some(people)) => Consent::Recorded {
                people,
                because: "`approvals` in segue.toml asks for records".to_owned(),
            },
            (None, None) => Consent::GivenOrRecorded,
        }
    }
}

/// What the database is; none where its kind keeps nothing of it.
///
/// # Errors
/// What the server said.
pub(crate) fn look(
    address: &Address,
    session: &mut AnySession,
) -> Result<Option<Environment>, CliError> {
    let Some(statements) = address.dialect().runner() else {
        return Ok(None);
    };
    environment(session, &statements).map_err(|error| complaint(&error))
}

fn not_pooled(target: &Address, session: &AnySession) -> Result<(), CliError> {
    match session {
        AnySession::Postgres(session) if session.is_pooled() => {}
        AnySession::Postgres(_) | AnySession::Sqlite(_) => return Ok(()),
    }
    Err(CliError::new(
        Code::Refused,
        format!("{} is a pooler, not the server", target.shown()),
        "name the server itself with `--direct-url`",
    )
    .with_details([
        "settings and locks of a session leak to others there, and a concurrent index cannot be watched"
            .to_owned(),
        "a pooler that keeps whole sessions together is accepted with `--pooler=session`".to_owned(),
    ]))
}

/// The pooler and the direct address lead to one database.
fn same_database(
    (address, pooled): (&Address, &mut AnySession),
    (direct, straight): (&Address, &mut AnySession),
) -> Result<(), CliError> {
    let (Some(one), Some(other)) = (look(address, pooled)?, look(direct, straight)?) else {
        return Ok(());
    };
    if one.database == other.database && one.system_identifier == other.system_identifier {
        return Ok(());
    }
    let shown = |of: &Environment| {
        let server = of.system_identifier.as_deref().unwrap_or("unknown");
        format!("{} on the server {server}", of.database)
    };
    Err(CliError::new(
        Code::Refused,
        "the address and the direct address lead to different databases",
        "correct `--direct-url`, then run the same command again",
    )
    .with_details([
        format!("--url         {}", shown(&one)),
        format!("--direct-url  {}", shown(&other)),
    ]))
}

/// Runs the check of the backups; what it prints on its error channel is thrown away, because it may repeat a secret.
///
/// # Errors
/// Why the backups do not count as good.
pub(crate) fn check_backup(backup: &Backup) -> Result<(), String> {
    // In the list of processes everybody reads the arguments; the environment, only who runs them.
    let mut child = Command::new("sh")
        .args(["-c", RUN])
        .env("SEGUE_COMMAND", &backup.command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|cause| format!("the check did not start: {cause}"))?;
    let clock = Pauses::new();
    let until = clock.now_ms() + u64::try_from(backup.time_max.as_millis()).unwrap_or(u64::MAX);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if clock.now_ms() >= until => {
                // It is of no use any more, whether it ends or not.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "the check has not ended after {} s",
                    backup.time_max.as_secs()
                ));
            }
            Ok(None) => clock.pause(Duration::from_millis(20)),
            Err(cause) => return Err(format!("the check could not be waited for: {cause}")),
        }
    };
    if !status.success() {
        return Err(status.code().map_or_else(
            || "the check was ended by a signal".to_owned(),
            |code| format!("the check ended with exit code {code}"),
        ));
    }
    let Some(age_max) = backup.age_max else {
        return Ok(());
    };
    let mut said = String::new();
    let read = child
        .stdout
        .as_mut()
        .map_or(Ok(0), |out| out.take(4_096).read_to_string(&mut said));
    read.map_err(|cause| format!("what the check said could not be read: {cause}"))?;
    is_young(said.lines().next().unwrap_or_default(), age_max)
}

fn is_young(said: &str, age_max: Duration) -> Result<(), String> {
    let Some(taken) = seconds(said.trim()) else {
        return Err(
            "the check did not say when the last backup was taken: seconds since 1970, or 2026-11-25T08:00:00Z"
                .to_owned(),
        );
    };
    let age = now_seconds().saturating_sub(taken);
    if age > age_max.as_secs() {
        return Err(format!(
            "the last backup is {age} s old; {} s are allowed",
            age_max.as_secs()
        ));
    }
    Ok(())
}

/// Seconds since 1970 of `1764057600` or `2026-11-25T08:00:00Z`.
fn seconds(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (day, time) = text.strip_suffix('Z')?.split_once(['T', ' '])?;
    let wanted = segue_check::Date::parse(day)?;
    let mut parts = time.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let days = (0..60_000).find(|days| crate::environment::date(*days) == wanted)?;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_time_is_seconds_or_iso_8601_in_utc_and_nothing_else() {
        assert_eq!(seconds("1764057600"), Some(1_764_057_600));
        assert_eq!(seconds("2025-11-25T08:00:00Z"), Some(1_764_057_600));
        assert_eq!(seconds("2025-11-25T08:00:00+01:00"), None);
        assert_eq!(seconds("yesterday"), None);
    }
}
