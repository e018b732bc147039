//! How a measurement differs from the table.
//!
//! Compares lock modes above ACCESS SHARE and what was rewritten or rebuilt. Modes up to ACCESS
//! SHARE on indexes, object locks, waiting and row counts are not compared: they change between
//! minor releases, with timing, or with the planner.

use crate::lock_cases::{FileChange, LockRow, Mode, Outcome};
use std::collections::BTreeMap;

/// One disagreement about one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The relation, or `-`.
    pub relation: String,
    /// What the table says.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

/// Every disagreement, ordered by relation; empty when measurement and table agree.
pub fn differences<'rows>(
    expected: impl IntoIterator<Item = &'rows LockRow>,
    observed: impl IntoIterator<Item = &'rows LockRow>,
) -> Vec<Difference> {
    let expected = claims(expected);
    let observed = claims(observed);
    let mut relations: Vec<&String> = expected.keys().chain(observed.keys()).collect();
    relations.sort();
    relations.dedup();
    let nothing = "nothing".to_owned();
    relations
        .into_iter()
        .filter_map(|relation| {
            let wanted = expected.get(relation).unwrap_or(&nothing);
            let seen = observed.get(relation).unwrap_or(&nothing);
            (wanted != seen).then(|| Difference {
                relation: relation.clone(),
                expected: wanted.clone(),
                observed: seen.clone(),
            })
        })
        .collect()
}

/// What each relation's row claims, in words; relations that claim nothing are left out.
fn claims<'rows>(rows: impl IntoIterator<Item = &'rows LockRow>) -> BTreeMap<String, String> {
    rows.into_iter()
        .filter_map(|row| claim(row).map(|words| (row.relation.clone(), words)))
        .collect()
}

fn claim(row: &LockRow) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    match &row.outcome {
        Outcome::Refused(message) => words.push(format!("refused: {message}")),
        Outcome::NoRelationLock { .. } => {}
        Outcome::Locked(_) => {
            let strong: Vec<&str> = row
                .modes
                .iter()
                .filter(|mode| **mode > Mode::AccessShare)
                .map(|mode| mode.abbreviation())
                .collect();
            if !strong.is_empty() {
                words.push(strong.join("+"));
            }
        }
    }
    match row.file {
        FileChange::Kept => {}
        FileChange::Rewritten => words.push("rewritten".to_owned()),
        FileChange::IndexRebuilt => words.push("rebuilt".to_owned()),
    }
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::differences;
    use crate::lock_cases::{FileChange, LockRow, Mode, Outcome};

    fn row(relation: &str, modes: &[Mode]) -> LockRow {
        LockRow {
            version: 15,
            relation: relation.to_owned(),
            role: String::new(),
            relkind: 'r',
            outcome: Outcome::Locked(*modes.last().expect("a mode")),
            modes: modes.to_vec(),
            waited: Vec::new(),
            file: FileChange::Kept,
            rows_scanned: None,
        }
    }

    #[test]
    fn access_share_is_not_compared() {
        let with = [row("t", &[Mode::AccessShare, Mode::Share])];
        let without = [row("t", &[Mode::Share]), row("i", &[Mode::AccessShare])];
        assert_eq!(differences(&with, &without), []);
    }

    #[test]
    fn a_missing_mode_is_a_difference() {
        let expected = [row("t", &[Mode::Share, Mode::AccessExclusive])];
        let observed = [row("t", &[Mode::Share])];
        let found = differences(&expected, &observed);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].expected, "S+AE");
        assert_eq!(found[0].observed, "S");
    }

    #[test]
    fn a_rebuilt_index_is_a_difference_even_with_the_same_lock() {
        let expected = [row("i", &[Mode::AccessExclusive])];
        let mut rebuilt = row("i", &[Mode::AccessExclusive]);
        rebuilt.file = FileChange::IndexRebuilt;
        assert_eq!(differences(&expected, [&rebuilt]).len(), 1);
    }
}
