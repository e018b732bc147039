//! Whether what steps are for can be read back from the catalog.

use std::collections::BTreeSet;

use segue_model::{Catalog, CatalogScope, Change, Holds, QualifiedName, Request, Session, holds};

use crate::touched::touched;

/// What the catalog says of some changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All that can be seen there is there.
    Holds,
    /// The catalog has no trace of such changes.
    Unseen,
    /// This is not there, or differs.
    Missing(String),
}

/// Reads back what these changes, done in this order, are for.
///
/// A change that a later one takes back is not looked for: only what the last change of a name left counts.
pub(crate) fn verdict<'a, S: Session>(
    session: &mut S,
    changes: impl DoubleEndedIterator<Item = &'a Change>,
) -> Result<Verdict, S::Error> {
    verdict_after(session, &[], changes).map_err(|(_, error)| error)
}

/// The same behind these requests, in one journey with them where that can be.
///
/// # Errors
/// The number of the request that failed, or their count when the catalog could not be read.
pub(crate) fn verdict_after<'a, S: Session>(
    session: &mut S,
    requests: &[Request<'_>],
    changes: impl DoubleEndedIterator<Item = &'a Change>,
) -> Result<Verdict, (usize, S::Error)> {
    let (last, scope) = last_of_each(changes);
    if last.is_empty() {
        session.send_all(requests)?;
        return Ok(Verdict::Unseen);
    }
    let live = session.catalog_after(requests, &CatalogScope::Relations(scope))?;
    Ok(judged(&last, &live))
}

fn judged(changes: &[&Change], live: &Catalog) -> Verdict {
    let mut is_seen = false;
    for change in changes {
        match holds(change, live) {
            Holds::Yes => is_seen = true,
            Holds::No => return Verdict::Missing("the catalog does not show it".to_owned()),
            Holds::Differs(how) => return Verdict::Missing(how),
            Holds::Unknown(_) => {}
        }
    }
    if is_seen {
        Verdict::Holds
    } else {
        Verdict::Unseen
    }
}

/// Going back from the end: a change counts when none behind it has touched the same relations.
fn last_of_each<'a>(
    changes: impl DoubleEndedIterator<Item = &'a Change>,
) -> (Vec<&'a Change>, BTreeSet<QualifiedName>) {
    let mut seen = BTreeSet::new();
    let mut last = Vec::new();
    for change in changes.rev() {
        let names = touched(change);
        let is_last = !names.is_empty() && names.is_disjoint(&seen);
        // What a change that does not count has touched is taken back too: a table renamed, and then indexed.
        seen.extend(names);
        if is_last {
            last.push(change);
        }
    }
    (last, seen)
}
