//! Which steps may travel to the server with what comes behind them.

use segue_model::{Change, Request, Session};

use crate::prepare::{PlannedStep, StepText};
use crate::run::Running;
use crate::turn::Trouble;
use crate::verify::{Verdict, verdict_after};

impl<S: Session + Send> Running<'_, '_, S> {
    /// Sends the steps and reads back what they are for, in one journey.
    pub(crate) fn send_together(
        &mut self,
        turn: &[PlannedStep],
        requests: &[Request<'_>],
    ) -> Result<Verdict, Trouble<S::Error>> {
        self.watch.begin(&self.session_id);
        let seen = verdict_after(
            &mut self.session,
            requests,
            turn.iter().flat_map(|step| &step.changes),
        );
        // A failure asks who was in the way: then the watch goes on.
        if seen.is_ok() {
            self.watch.end();
        }
        seen.map_err(|(number, error)| {
            let step = if number < requests.len() { number } else { 0 };
            Trouble::Server(error, step)
        })
    }
}

/// The steps as requests that may travel with what comes behind them: none of them ends the transaction, sets something
/// for the session, answers, or sends rows.
pub(crate) fn requests(turn: &[PlannedStep]) -> Option<Vec<Request<'_>>> {
    turn.iter()
        .map(|step| match &step.text {
            _ if !step.changes.iter().all(is_of_the_catalog) => None,
            StepText::Users(text) => Some(Request::Users(text)),
            StepText::Authored(sql) => Some(Request::Execute(sql)),
            StepText::Probe(..) | StepText::Backfill(..) => None,
        })
        .collect()
}

fn is_of_the_catalog(change: &Change) -> bool {
    match change {
        Change::Namespace(..)
        | Change::Table(..)
        | Change::Column(..)
        | Change::Constraint(..)
        | Change::Partition(..)
        | Change::Index(_)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Privilege(_)
        | Change::Comment(..) => true,
        // The script of an extension does whatever it likes.
        Change::Extension(..)
        | Change::Data(_)
        | Change::Maintenance(_)
        | Change::Program(_)
        | Change::Session(_)
        | Change::Transaction(_)
        | Change::Other(_)
        | Change::Opaque(_) => false,
    }
}
