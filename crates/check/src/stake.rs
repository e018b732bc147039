//! What is at stake on a relation: whether anybody uses it, and how large it is.

use segue_model::{Context, Persistence, QualifiedName, SMALL_ROWS};

use crate::Severity;

/// What is at stake on a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stake {
    /// Nobody uses it: it is new in this migration or release, or temporary.
    Nothing,
    /// It has few rows.
    Small {
        /// How many.
        rows: u64,
    },
    /// It has many rows.
    Large {
        /// How many.
        rows: u64,
    },
    /// Its size is not known: assume large.
    Unknown,
}

impl Stake {
    /// What is at stake on a relation, in this context.
    pub fn of(relation: &QualifiedName, context: &Context<'_>) -> Self {
        let catalog = context.catalog;
        let temporary = catalog
            .table(relation)
            .is_some_and(|table| table.persistence == Persistence::Temporary);
        if temporary || catalog.is_new_in_migration(relation) {
            return Self::Nothing;
        }
        match context.server.sizes.get(relation) {
            Some(size) if size.rows <= SMALL_ROWS => Self::Small { rows: size.rows },
            Some(size) => Self::Large { rows: size.rows },
            None => Self::Unknown,
        }
    }

    /// The severity of work that keeps the application waiting for as long as the table is large; none when nobody
    /// uses it.
    pub fn of_long_lock(self) -> Option<Severity> {
        match self {
            Self::Nothing => None,
            Self::Small { .. } => Some(Severity::Note),
            Self::Large { .. } | Self::Unknown => Some(Severity::Error),
        }
    }

    /// The severity of a strong lock that is held for a moment; none when nobody uses the table.
    pub fn of_short_lock(self) -> Option<Severity> {
        match self {
            Self::Nothing => None,
            Self::Small { .. } | Self::Large { .. } | Self::Unknown => Some(Severity::Warning),
        }
    }

    /// True when somebody may use the relation.
    pub fn matters(self) -> bool {
        self != Self::Nothing
    }

    /// For people: `41 M rows`, or `unknown size, assume large`.
    pub fn words(self) -> String {
        match self {
            Self::Nothing => "new, nobody uses it yet".to_owned(),
            Self::Small { rows } | Self::Large { rows } => crate::wording::rows(rows),
            Self::Unknown => "unknown size, assume large".to_owned(),
        }
    }
}
