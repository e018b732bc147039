//! Which environment a database is: proven by a marker in it and by what no copy has, never by a name on a command line.
//!
//! A marker alone proves nothing, because a copy has it too. A physical copy has even the system identifier: what that
//! cannot tell apart, the address in the settings has to.

use segue_model::{Failure, GuardStatements, RunnerStatements, Session, SessionError as _};

use crate::error::{EngineError, Kind};
use crate::journal::value;
use crate::up::Runner;

/// What somebody once said of a database, kept in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The environment's name.
    pub name: String,
    /// Whether what is meant for development does not exist there.
    pub protection: Protection,
    /// What the server was when it was marked; none where the role could not ask.
    pub system_identifier: Option<String>,
    /// What the database was called.
    pub database: String,
    /// When, by the server: UTC, ISO 8601.
    pub at: String,
    /// By whom.
    pub by: String,
}

/// Whether what is meant for development exists in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// It does.
    #[default]
    None,
    /// It does not.
    Protected,
}

/// What a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub database: String,
    /// The identifier its server got when it was created; none where the role may not ask.
    pub system_identifier: Option<String>,
    /// Whether it replays another server's log.
    pub is_standby: bool,
    /// The server's date: UTC, `YYYY-MM-DD`.
    pub today: String,
    /// What it was marked as.
    pub marker: Option<Marker>,
}

/// What the caller says it is about to touch, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The environment that was named.
    pub name: Option<String>,
    /// What the settings say of it.
    pub protection: Protection,
    /// Days on which nothing is changed there: first and last, `YYYY-MM-DD`.
    pub freezes: Vec<(String, String)>,
    /// What for.
    pub purpose: Purpose,
}

/// What a command wants with a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To look.
    Read,
    /// To change it.
    Change,
    /// To do what is meant for development only: the command, as it is typed.
    Develop(String),
}

/// Looks at what a database is.
///
/// # Errors
/// What the server said.
pub fn environment<S: Session>(
    session: &mut S,
    statements: &RunnerStatements,
) -> Result<Option<Environment>, EngineError> {
    let Some(guards) = &statements.guards else {
        return Ok(None);
    };
    let unread = |error| EngineError::server("the environment could not be read", error);
    let rows = session.query(&guards.server).map_err(unread)?;
    let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || row.next().flatten().unwrap_or_default();
    let (database, is_standby, today) = (next(), next() == "true", next());
    Ok(Some(Environment {
        database,
        is_standby,
        today,
        system_identifier: system_identifier(session, guards)?,
        marker: marker(session, guards).map_err(unread)?,
    }))
}

/// None where the role may not ask.
fn system_identifier<S: Session>(
    session: &mut S,
    guards: &GuardStatements,
) -> Result<Option<String>, EngineError> {
    match session.query(&guards.system_identifier) {
        Ok(rows) => Ok(value(&rows).map(str::to_owned)),
        Err(error) if error.failure() == Failure::Permission => Ok(None),
        Err(error) => Err(EngineError::server(
            "the server's identifier could not be read",
            error,
        )),
    }
}

fn marker<S: Session>(
    session: &mut S,
    guards: &GuardStatements,
) -> Result<Option<Marker>, S::Error> {
    let there = session.query(&guards.is_installed)?;
    if value(&there) != Some("true") {
        return Ok(None);
    }
    let rows = session.query_with(&guards.marker, &[])?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = row.into_iter();
        let mut next = || row.next().flatten();
        let name = next().unwrap_or_default();
        let protection = match next().as_deref() {
            Some("false") => Protection::None,
            // What cannot be read is not called unprotected.
            Some(_) | None => Protection::Protected,
        };
        Marker {
            name,
            protection,
            system_identifier: next(),
            database: next().unwrap_or_default(),
            at: next().unwrap_or_default(),
            by: next().unwrap_or_default(),
        }
    }))
}

impl Environment {
    /// Whether this is where the caller says it is, and what it wants exists here.
    ///
    /// # Errors
    /// [`Kind::Refused`] with the reason.
    pub fn prove(&self, claim: &Claim) -> Result<Protection, EngineError> {
        if let Some(marker) = &self.marker {
            self.is_what_it_was(marker)?;
        }
        self.is_named(claim)?;
        let protection = self
            .marker
            .as_ref()
            .map_or(Protection::None, |marker| marker.protection)
            .max(claim.protection);
        match &claim.purpose {
            Purpose::Read => Ok(protection),
            Purpose::Change => self.may_change(claim, protection),
            Purpose::Develop(command) if protection == Protection::Protected => Err(refused(
                format!(
                    "`{command}` does not exist on `{}`, which is protected",
                    self.called(claim)
                ),
                ["it is for development databases, and no flag makes it exist here".to_owned()],
                "segue new DESCRIPTION",
            )),
            Purpose::Develop(_) => self.may_change(claim, protection),
        }
    }

    fn called(&self, claim: &Claim) -> String {
        let named = self.marker.as_ref().map(|marker| marker.name.clone());
        named
            .or_else(|| claim.name.clone())
            .unwrap_or_else(|| self.database.clone())
    }

    /// The marker was made here: on this server, in a database of this name.
    fn is_what_it_was(&self, marker: &Marker) -> Result<(), EngineError> {
        let name = &marker.name;
        let copy = |how: String| {
            refused(
                format!("this is a copy of `{name}`, not `{name}` itself"),
                [
                    how,
                    format!("it was marked {} by {}", marker.at, marker.by),
                    "say what the copy is, then run the same command again".to_owned(),
                ],
                "segue env mark NAME --replace",
            )
        };
        match (&marker.system_identifier, &self.system_identifier) {
            (Some(then), Some(now)) if then != now => {
                return Err(copy(format!(
                    "the marker was made on the server {then}; this one is {now}"
                )));
            }
            (Some(_), None) if marker.protection == Protection::Protected => {
                return Err(refused(
                    format!(
                        "that this is `{name}` cannot be proven: the role may not read the server's identifier"
                    ),
                    ["it needs EXECUTE on the function pg_control_system()".to_owned()],
                    "segue doctor",
                ));
            }
            (Some(_), Some(_) | None) | (None, _) => {}
        }
        if marker.database == self.database {
            return Ok(());
        }
        Err(copy(format!(
            "the marker was made in the database {}; this one is {}",
            marker.database, self.database
        )))
    }

    /// What was named is what the marker says.
    fn is_named(&self, claim: &Claim) -> Result<(), EngineError> {
        match (&claim.name, &self.marker) {
            (Some(name), Some(marker)) if *name != marker.name => Err(refused(
                format!("this database is `{}`, not `{name}`", marker.name),
                [format!("it was marked {} by {}", marker.at, marker.by)],
                "segue env show",
            )),
            (Some(name), None) if claim.protection == Protection::Protected => Err(refused(
                format!("nothing in this database says that it is `{name}`"),
                ["a protected environment is proven by a marker in it".to_owned()],
                format!("segue env mark {name} --protected"),
            )),
            (Some(_), Some(_) | None) | (None, _) => Ok(()),
        }
    }

    fn may_change(&self, claim: &Claim, protection: Protection) -> Result<Protection, EngineError> {
        if self.is_standby {
            return Err(refused(
                "this server is a standby: it replays another server's log and takes no changes",
                [
                    "name the primary, or all hosts with `target_session_attrs=read-write`"
                        .to_owned(),
                ],
                "segue doctor",
            ));
        }
        if protection == Protection::Protected && claim.name.is_none() {
            let name = self.called(claim);
            return Err(refused(
                format!("this database is `{name}`, which is protected, and nobody named it"),
                [format!("if it is meant, say so: --env {name}")],
                "segue env show",
            ));
        }
        let frozen = claim
            .freezes
            .iter()
            .find(|(first, last)| *first <= self.today && self.today <= *last);
        match frozen {
            Some((first, last)) => Err(refused(
                format!(
                    "nothing is changed on `{}` from {first} to {last}",
                    self.called(claim)
                ),
                ["`freeze` in segue.toml says so; the day is the server's, in UTC".to_owned()],
                "segue plan",
            )),
            None => Ok(protection),
        }
    }
}

fn refused(
    what: impl Into<String>,
    details: impl IntoIterator<Item = String>,
    next: impl Into<String>,
) -> EngineError {
    EngineError::new(Kind::Refused, what)
        .with_details(details)
        .with_next(next)
}

impl<S: Session + Send> Runner<'_, S> {
    /// What the database is.
    ///
    /// # Errors
    /// What the server said; [`Kind::Request`] where nothing of the kind is known.
    pub fn environment(&mut self) -> Result<Environment, EngineError> {
        let mut session = self.open()?;
        environment(&mut session, &self.statements)?.ok_or_else(unknown)
    }

    /// Marks the database, in place of what it was marked as before. The log keeps both.
    ///
    /// # Errors
    /// What the server said.
    pub fn mark(&mut self, name: &str, protection: Protection) -> Result<Environment, EngineError> {
        let guards = self.statements.guards.clone().ok_or_else(unknown)?;
        let mut session = self.open()?;
        self.install(&mut session)?;
        install_guards(&mut session, &guards)?;
        let identifier = system_identifier(&mut session, &guards)?;
        let protected = match protection {
            Protection::None => "false",
            Protection::Protected => "true",
        };
        let said = format!("marked as {name}, protected: {protected}");
        let mut write = || -> Result<(), S::Error> {
            session.execute(&self.statements.begin)?;
            session.query_with(
                &guards.mark,
                &[
                    Some(name),
                    Some(protected),
                    identifier.as_deref(),
                    Some(&self.holder),
                ],
            )?;
            let line = [Some(self.holder.as_str()), Some(said.as_str()), None];
            session.query_with(&self.statements.record_event, &line)?;
            session.execute(&self.statements.commit)
        };
        write().map_err(|error| EngineError::server("the marker could not be written", error))?;
        environment(&mut session, &self.statements)?.ok_or_else(unknown)
    }
}

/// Creates marker and approvals where they are not there.
pub(crate) fn install_guards<S: Session>(
    session: &mut S,
    guards: &GuardStatements,
) -> Result<(), EngineError> {
    let made = session.query(&guards.is_installed).and_then(|there| {
        if value(&there) == Some("true") {
            Ok(())
        } else {
            session.execute(&guards.install)
        }
    });
    made.map_err(|error| EngineError::server("the journal could not be completed", error))
}

fn unknown() -> EngineError {
    EngineError::new(Kind::Request, "databases of this kind have no environments")
}
