//! Whether what is there is what was asked for, when the server has spelt its expressions in its own way.
//!
//! Where only the spelling of an expression differs and it is not known to mean the same, nothing is claimed.

use crate::{ConstraintKind, Expression, Fill, Holds, IndexDefinition, IndexKey, IndexKeyPart};

use super::super::apply::does_the_same;

/// How alike two definitions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// They mean the same.
    Same,
    /// They differ in the spelling of an expression at most.
    Unclear,
    /// They differ.
    Different,
}

impl Likeness {
    /// The answer when nothing else speaks against it; `what` is a whole sentence about the difference.
    pub(super) fn holds(self, what: impl FnOnce() -> String) -> Holds {
        match self {
            Self::Same => Holds::Yes,
            Self::Unclear => Holds::Unknown(
                "the server may have spelt an expression in its own way: the two cannot be told apart"
                    .to_owned(),
            ),
            Self::Different => Holds::Differs(what()),
        }
    }

    fn of(expressions: &[(&Expression, &Expression)]) -> Self {
        if expressions.iter().all(|(own, wanted)| own.means(wanted)) {
            Self::Same
        } else {
            Self::Unclear
        }
    }
}

/// Where a column's values come from.
pub(super) fn fill(own: &Fill, wanted: &Fill) -> Likeness {
    match (own, wanted) {
        (Fill::Default(own), Fill::Default(wanted))
        | (Fill::Stored(own), Fill::Stored(wanted))
        | (Fill::Virtual(own), Fill::Virtual(wanted)) => Likeness::of(&[(own, wanted)]),
        _ if own == wanted => Likeness::Same,
        _ => Likeness::Different,
    }
}

/// What a constraint demands.
pub(super) fn constraint(own: &ConstraintKind, wanted: &ConstraintKind) -> Likeness {
    match (own, wanted) {
        (ConstraintKind::Check(own), ConstraintKind::Check(wanted)) => {
            Likeness::of(&[(own, wanted)])
        }
        (ConstraintKind::ForeignKey(own), ConstraintKind::ForeignKey(wanted)) => {
            let mut spelt_out = wanted.clone();
            if spelt_out.referenced_columns.is_empty() {
                // The primary key, which a server writes out.
                spelt_out
                    .referenced_columns
                    .clone_from(&own.referenced_columns);
            }
            same_or_not(*own == spelt_out)
        }
        (
            ConstraintKind::Exclude {
                method: own_method,
                keys: own_keys,
                predicate: own_where,
            },
            ConstraintKind::Exclude {
                method,
                keys,
                predicate,
            },
        ) if own_method == method => {
            keys_alike(own_keys, keys).max(optional(own_where.as_ref(), predicate.as_ref()))
        }
        _ => same_or_not(own == wanted),
    }
}

/// What an index does.
pub(super) fn index(own: &IndexDefinition, wanted: &IndexDefinition) -> Likeness {
    let likeness = keys_alike(&own.keys, &wanted.keys)
        .max(optional(own.predicate.as_ref(), wanted.predicate.as_ref()));
    let mut spelt = own.clone();
    spelt.keys.clone_from(&wanted.keys);
    spelt.predicate.clone_from(&wanted.predicate);
    likeness.max(same_or_not(does_the_same(&spelt, wanted)))
}

fn keys_alike(own: &[IndexKey], wanted: &[IndexKey]) -> Likeness {
    if own.len() != wanted.len() {
        return Likeness::Different;
    }
    own.iter()
        .zip(wanted)
        .map(|(own, wanted)| match (&own.part, &wanted.part) {
            (IndexKeyPart::Expression(one), IndexKeyPart::Expression(other)) => {
                let mut spelt = own.clone();
                spelt.part = wanted.part.clone();
                Likeness::of(&[(one, other)]).max(same_or_not(spelt == *wanted))
            }
            (IndexKeyPart::Expression(_), IndexKeyPart::Column(_))
            | (IndexKeyPart::Column(_), IndexKeyPart::Expression(_) | IndexKeyPart::Column(_)) => {
                same_or_not(own == wanted)
            }
        })
        .max()
        .unwrap_or(Likeness::Same)
}

/// Two expressions that may be absent.
pub(super) fn optional(own: Option<&Expression>, wanted: Option<&Expression>) -> Likeness {
    match (own, wanted) {
        (Some(own), Some(wanted)) => Likeness::of(&[(own, wanted)]),
        (None, None) => Likeness::Same,
        (Some(_), None) | (None, Some(_)) => Likeness::Different,
    }
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the truth is what is answered, not an option"
)]
fn same_or_not(same: bool) -> Likeness {
    if same {
        Likeness::Same
    } else {
        Likeness::Different
    }
}
