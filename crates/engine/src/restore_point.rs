//! The way back, before what no migration takes back: a named point in the server's log, and backups that work.
//!
//! Without a sign that the log is archived, or that the configured check of backups passes, nothing is destroyed.

use segue_model::{Failure, GuardStatements, Session, SessionError as _, TextRows};

use crate::error::{EngineError, Kind};
use crate::journal::value;
use crate::limits::Event;
use crate::prepare::PlannedMigration;
use crate::run::Running;
use crate::up::Runner;

/// Whether the backups are as they should be; says why not.
pub type BackupCheck<'a> = dyn Fn() -> Result<(), String> + 'a;

/// Longest name of a restore point, in bytes. Source: `PostgreSQL` 17, `MAXFNAMELEN` is 64 with the end.
const NAME_MAX: usize = 63;

impl<S: Session + Send> Runner<'_, S> {
    /// Refuses to destroy anything while there is no way back. Asks nothing when nothing is destroyed.
    pub(crate) fn secure(
        &self,
        session: &mut S,
        plans: &[PlannedMigration],
    ) -> Result<(), EngineError> {
        let mut destroys = false;
        for plan in plans {
            destroys |= !self.losses(session, plan)?.is_empty();
        }
        if !destroys {
            return Ok(());
        }
        if let Some(guards) = &self.statements.guards {
            is_archived(session, guards)?;
        }
        match self.guard.backup.map_or(Ok(()), |check| check()) {
            Ok(()) => Ok(()),
            Err(why) => Err(EngineError::new(
                Kind::Refused,
                "this destroys data, and the check of the backups does not pass",
            )
            .with_details([why, "[backup] in segue.toml names the check".to_owned()])),
        }
    }
}

fn is_archived<S: Session>(session: &mut S, guards: &GuardStatements) -> Result<(), EngineError> {
    let rows = session
        .query(&guards.archiving)
        .map_err(|error| EngineError::server("the archiving could not be read", error))?;
    let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || row.next().flatten();
    let (is_on, is_failing) = (next(), next());
    if is_on.as_deref() != Some("true") || is_failing.as_deref() != Some("true") {
        return Ok(());
    }
    let never = || "never".to_owned();
    let (failed, archived, file) = (next(), next(), next().unwrap_or_default());
    Err(EngineError::new(
        Kind::Refused,
        "this destroys data, and the server's log is not being archived",
    )
    .with_details([
        format!(
            "archiving failed last at {} ({file}), and succeeded last: {}",
            failed.unwrap_or_else(never),
            archived.unwrap_or_else(never)
        ),
        "a restore to a point in time needs it: mend archive_command, then run the same command again".to_owned(),
    ]))
}

impl<S: Session + Send> Running<'_, '_, S> {
    /// Makes the point that a restore can go back to, when the migration destroys something.
    pub(crate) fn restore_point(
        &mut self,
        migration: &PlannedMigration,
    ) -> Result<(), EngineError> {
        let Some(guards) = self.runner.statements.guards.clone() else {
            return Ok(());
        };
        if self.runner.losses(&mut self.session, migration)?.is_empty() {
            return Ok(());
        }
        let name = name(&self.lease.epoch, &migration.id);
        let failed = |error| EngineError::server("the restore point could not be made", error);
        let (named, position) = match self
            .session
            .query_with(&guards.restore_point, &[Some(&name)])
        {
            Ok(rows) => (Some(name), first(&rows)),
            // Refused covers a server that writes too little into its log to be restored from it.
            Err(error) if matches!(error.failure(), Failure::Permission | Failure::Refused) => {
                let rows = self.session.query(&guards.log_position).map_err(failed)?;
                (None, first(&rows))
            }
            Err(error) => return Err(failed(error)),
        };
        let said = match &named {
            Some(name) => format!("restore point {name} at {position}"),
            None => format!(
                "no restore point: the role or the server does not allow it; log position {position}"
            ),
        };
        let line = [
            Some(self.runner.holder.as_str()),
            Some(said.as_str()),
            Some(migration.id.as_str()),
        ];
        self.session
            .query_with(&self.runner.statements.record_event, &line)
            .map_err(failed)?;
        self.runner.observer.on(&Event::RestorePoint {
            name: named,
            position,
        });
        Ok(())
    }
}

fn first(rows: &TextRows) -> String {
    value(rows).unwrap_or("unknown").to_owned()
}

/// Unique for each run: a restore stops at the first point of a name.
fn name(epoch: &str, migration: &str) -> String {
    let whole = format!("segue_{epoch}_{migration}");
    let end = (0..=NAME_MAX.min(whole.len()))
        .rev()
        .find(|end| whole.is_char_boundary(*end))
        .unwrap_or_default();
    whole.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_name_is_cut_between_characters_at_63_bytes() {
        assert_eq!(name("7", "20260101"), "segue_7_20260101");
        let long = name("12", &"é".repeat(60));
        assert!(long.len() <= 63 && long.starts_with("segue_12_é"), "{long}");
    }
}
