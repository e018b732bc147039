//! Who is in the way before a run begins. Looks only, and takes no lock.
//!
//! What a lock time-out takes care of is reported; what would only be waited for in vain is refused.

use std::collections::BTreeSet;

use segue_model::{Blocks, GuardStatements, LockMode, QualifiedName, Session, StepTransaction};

use crate::error::{EngineError, Kind};
use crate::limits::Event;
use crate::prepare::{PlannedMigration, PlannedStep};
use crate::run::run_steps;
use crate::up::Runner;

/// Somebody who is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// One line: who, since when, what that means.
    pub what: String,
    /// Whether the run goes on.
    pub weight: Weight,
}

/// Whether a run goes on in spite of somebody who is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It does, under the lock budget.
    Reported,
    /// It would wait in vain.
    Refused,
}

/// What the steps of some plans need.
#[derive(Default)]
struct Needs {
    /// Why an open transaction matters, if it does.
    transactions: Option<Concern>,
    /// Tables that are locked against upkeep.
    tables: BTreeSet<QualifiedName>,
}

/// Why an open transaction matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    /// Some step keeps others waiting while it waits for a lock.
    Locks,
    /// Some step waits for the transactions that are open when it begins.
    Ends,
}

impl<S: Session + Send> Runner<'_, S> {
    /// Who is in the way of these plans now.
    ///
    /// # Errors
    /// What the server said.
    pub fn hindrances(
        &mut self,
        plans: &[PlannedMigration],
    ) -> Result<Vec<Hindrance>, EngineError> {
        let mut session = self.open()?;
        self.in_the_way(&mut session, plans)
    }

    /// Tells who is in the way, and refuses what would wait in vain.
    pub(crate) fn forewarn(
        &mut self,
        session: &mut S,
        plans: &[PlannedMigration],
    ) -> Result<(), EngineError> {
        let found = self.in_the_way(session, plans)?;
        let refused: Vec<String> = found
            .iter()
            .filter(|one| one.weight == Weight::Refused)
            .map(|one| one.what.clone())
            .collect();
        for one in found {
            if one.weight == Weight::Reported {
                self.observer.on(&Event::Hindrance { what: one.what });
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        Err(EngineError::new(
            Kind::Refused,
            "the server is doing upkeep on a table that does not give way to us",
        )
        .with_details(refused))
    }

    fn in_the_way(
        &self,
        session: &mut S,
        plans: &[PlannedMigration],
    ) -> Result<Vec<Hindrance>, EngineError> {
        let needs = needs(plans.iter().flat_map(run_steps));
        let Some(guards) = &self.statements.guards else {
            return Ok(Vec::new());
        };
        let seconds = self.guard.old_after_s.to_string();
        let look = |session: &mut S| -> Result<Vec<Hindrance>, S::Error> {
            let mut found = Vec::new();
            if let Some(concern) = needs.transactions {
                found.extend(old(session, guards, &seconds, concern)?);
            }
            for table in &needs.tables {
                found.extend(upkeep(session, guards, table)?);
            }
            Ok(found)
        };
        look(session)
            .map_err(|error| EngineError::server("who is in the way could not be read", error))
    }
}

fn old<S: Session>(
    session: &mut S,
    guards: &GuardStatements,
    seconds: &str,
    concern: Concern,
) -> Result<Vec<Hindrance>, S::Error> {
    let effect = match concern {
        Concern::Ends => "a step outside a transaction waits until it ends",
        Concern::Locks => "what it has locked cannot be locked until it ends",
    };
    let mut found = Vec::new();
    for row in session.query_with(&guards.old_transactions, &[Some(seconds)])? {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (id, who, state, age) = (next(), next(), next(), next());
        found.push(Hindrance {
            what: format!(
                "a transaction is open for {age} s: pid {id}, {}, {state}; {effect}",
                who.trim()
            ),
            weight: Weight::Reported,
        });
    }
    for row in session.query_with(&guards.prepared_transactions, &[])? {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (id, who, age) = (next(), next(), next());
        found.push(Hindrance {
            what: format!("a prepared transaction is open for {age} s: {id}, {who}; {effect}"),
            weight: Weight::Reported,
        });
    }
    Ok(found)
}

fn upkeep<S: Session>(
    session: &mut S,
    guards: &GuardStatements,
    table: &QualifiedName,
) -> Result<Vec<Hindrance>, S::Error> {
    let names = [Some(table.namespace.as_str()), Some(table.name.as_str())];
    let rows = session.query_with(&guards.unyielding_upkeep, &names)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || row.next().unwrap_or_default();
            let (id, what, age) = (next(), next(), next());
            Hindrance {
                what: format!("{table}: {what}, pid {id}, for {age} s: wait until it is done"),
                weight: Weight::Refused,
            }
        })
        .collect())
}

fn needs<'p>(steps: impl Iterator<Item = &'p PlannedStep>) -> Needs {
    let mut needs = Needs::default();
    for step in steps {
        let strongest = step.impact.strongest();
        let concern = match (step.transaction, strongest.map(LockMode::blocks)) {
            (StepTransaction::Outside, _) => Some(Concern::Ends),
            (_, Some(Blocks::Writes | Blocks::ReadsAndWrites)) => Some(Concern::Locks),
            (_, Some(Blocks::Nobody) | None) => None,
        };
        needs.transactions = needs.transactions.max(concern);
        let locked = step
            .impact
            .claims
            .iter()
            .filter(|claim| claim.mode.conflicts_with(LockMode::ShareUpdateExclusive))
            .filter_map(|claim| claim.on.relation());
        needs.tables.extend(locked.cloned());
    }
    needs
}
