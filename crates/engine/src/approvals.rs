//! Who agreed that data is destroyed: a hash on the command line, or a person's record in the journal.
//!
//! An agreement is for one plan: one changed byte, and it is for another.

use segue_model::Session;

use crate::environment::install_guards;
use crate::error::{EngineError, Kind};
use crate::guard::Keeping;
use crate::journal::value;
use crate::prepare::{PlannedMigration, Sent, Stretch};
use crate::up::{Approval, Runner};

/// Whose agreement counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// A hash that is given with the run, or a record.
    #[default]
    GivenOrRecorded,
    /// Records of so many people, and nothing else.
    Recorded {
        /// How many.
        people: usize,
        /// Why a hash does not count here.
        because: String,
    },
}

/// A person who agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Who.
    pub person: String,
    /// When first, by the server: UTC, ISO 8601.
    pub at: String,
}

impl<S: Session + Send> Runner<'_, S> {
    /// Records that this runner's holder agreed to a plan.
    ///
    /// # Errors
    /// What the server said.
    pub fn approve(&mut self, plan: &PlannedMigration) -> Result<Vec<Agreement>, EngineError> {
        let Some(guards) = self.statements.guards.clone() else {
            return Err(EngineError::new(
                Kind::Request,
                "databases of this kind keep no approvals",
            ));
        };
        let mut session = self.open()?;
        self.install(&mut session)?;
        install_guards(&mut session, &guards)?;
        let what = self.losses(&mut session, plan)?.join("; ");
        let said = format!("approved {}: {what}", plan.hash);
        let mut write = || -> Result<(), S::Error> {
            session.execute(&self.statements.begin)?;
            session.query_with(
                &guards.approve,
                &[Some(&plan.hash), Some(&self.holder), Some(&what)],
            )?;
            let line = [
                Some(self.holder.as_str()),
                Some(said.as_str()),
                Some(plan.id.as_str()),
            ];
            session.query_with(&self.statements.record_event, &line)?;
            session.execute(&self.statements.commit)
        };
        write().map_err(|error| EngineError::server("the approval could not be written", error))?;
        self.agreements(&mut session, &plan.hash)
    }

    /// What a plan destroys as the database is now, one line each: none for tables without rows.
    ///
    /// # Errors
    /// What the server said.
    pub fn destroyed(&mut self, plan: &PlannedMigration) -> Result<Vec<String>, EngineError> {
        let mut session = self.open()?;
        self.losses(&mut session, plan)
    }

    pub(crate) fn losses(
        &self,
        session: &mut S,
        plan: &PlannedMigration,
    ) -> Result<Vec<String>, EngineError> {
        let mut lines = Vec::new();
        for loss in &plan.losses {
            lines.extend(self.loss(session, loss)?);
        }
        Ok(lines)
    }

    /// Whether enough people agreed to this plan.
    pub(crate) fn is_agreed(
        &self,
        session: &mut S,
        plan: &PlannedMigration,
        approval: &Approval,
    ) -> Result<bool, EngineError> {
        if plan.losses.is_empty() {
            return Ok(true);
        }
        match &self.guard.consent {
            Consent::GivenOrRecorded => Ok(approval.hashes.contains(&plan.hash)
                || !self.agreements(session, &plan.hash)?.is_empty()),
            Consent::Recorded { people, .. } => {
                Ok(self.agreements(session, &plan.hash)?.len() >= *people)
            }
        }
    }

    /// True when a hash on the command line does not count.
    pub(crate) fn needs_a_person(&self) -> bool {
        match &self.guard.consent {
            Consent::GivenOrRecorded => false,
            Consent::Recorded { .. } => true,
        }
    }

    /// The line that says how to agree.
    pub(crate) fn how_to_agree(&self, hash: &str) -> Vec<String> {
        match &self.guard.consent {
            Consent::Recorded { because, .. } if self.statements.guards.is_none() => vec![
                because.clone(),
                "databases of this kind keep no approvals: nobody can agree here".to_owned(),
            ],
            Consent::GivenOrRecorded => vec![format!("to agree: --approve {hash}")],
            Consent::Recorded { people: 1, because } => {
                vec![
                    because.clone(),
                    "one person has to agree, on a terminal".to_owned(),
                ]
            }
            Consent::Recorded { people, because } => vec![
                because.clone(),
                format!("{people} people have to agree, each on a terminal"),
            ],
        }
    }

    /// The command that agrees.
    pub(crate) fn next_to_agree(&self, plan: &PlannedMigration) -> String {
        match (&self.guard.consent, plan.way) {
            (Consent::Recorded { .. }, _) if self.statements.guards.is_none() => {
                "segue plan".to_owned()
            }
            (Consent::GivenOrRecorded, _) if plan.stretch == Stretch::BehindGate => {
                let keeping = match self.guard.keeping {
                    Keeping::Archived => "",
                    Keeping::Nothing => " --no-archive",
                };
                format!(
                    "segue contract {}{keeping} --approve {}",
                    plan.id, plan.hash
                )
            }
            (Consent::GivenOrRecorded, Sent::Up) => format!("segue up --approve {}", plan.hash),
            (Consent::GivenOrRecorded, Sent::Down) => format!("segue down --approve {}", plan.hash),
            (Consent::Recorded { .. }, _) => format!("segue approve {}", plan.hash),
        }
    }

    fn agreements(&self, session: &mut S, hash: &str) -> Result<Vec<Agreement>, EngineError> {
        let Some(guards) = &self.statements.guards else {
            return Ok(Vec::new());
        };
        let unread = |error| EngineError::server("the approvals could not be read", error);
        let there = session.query(&guards.is_installed).map_err(unread)?;
        if value(&there) != Some("true") {
            return Ok(Vec::new());
        }
        let rows = session
            .query_with(&guards.approvals, &[Some(hash)])
            .map_err(unread)?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let mut row = row.into_iter().map(Option::unwrap_or_default);
                let mut next = || row.next().unwrap_or_default();
                Agreement {
                    person: next(),
                    at: next(),
                }
            })
            .collect())
    }
}
