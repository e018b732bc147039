//! Sentences that several formats share: the whole finding as plain text, in a stated order, most severe first.

use segue_check::{Remedy, Severity};

use crate::document::{KeptFindings, Placed};
use crate::show::steps::script;

/// The message, the lock and the way out, as plain text of several lines.
pub(super) fn plain(placed: &Placed) -> String {
    let mut text = placed.finding.message.clone();
    if let Some(lock) = &placed.finding.lock {
        text.push_str("\nlock: ");
        text.push_str(lock);
    }
    if let Some(way) = way_out(placed) {
        text.push_str("\ninstead: ");
        text.push_str(&way);
    }
    text
}

/// What to do instead, as plain text.
pub(super) fn way_out(placed: &Placed) -> Option<String> {
    match placed.finding.instead.as_ref()? {
        Remedy::Steps(_) => Some(script(&placed.steps).trim_end().to_owned()),
        Remedy::Advice(advice) => Some(advice.clone()),
    }
}

/// The findings, the most severe first, otherwise in the order they were found.
pub(super) fn worst_first(found: &KeptFindings) -> Vec<&Placed> {
    let mut sorted: Vec<&Placed> = found.iter().collect();
    sorted.sort_by_key(|placed| std::cmp::Reverse(placed.finding.severity));
    sorted
}

/// The severity in one word.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A place as people write it: `path:line:column`.
pub(super) fn place(placed: &Placed) -> String {
    match &placed.spot {
        Some(spot) => format!(
            "{}:{}:{}",
            placed.finding.place.path, spot.start.line, spot.start.column
        ),
        None => placed.finding.place.path.clone(),
    }
}
