//! Which steps may travel to the server with what comes behind them.

use segue_model::{Change, Request};

use crate::prepare::{PlannedStep, StepText};

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
