//! Constraints and what happens to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{IndexKey, Presence, Reaction};
use crate::{ChosenName, Expression, Ident, QualifiedName};

/// A constraint of a table or of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Constraint {
    /// Its name.
    pub name: ChosenName,
    /// What it demands.
    pub kind: ConstraintKind,
    /// Whether the rows that are there were checked.
    pub validity: Validity,
    /// Whether it is checked at all (PostgreSQL 18).
    pub enforcement: Enforcement,
    /// When it is checked.
    pub deferral: Deferral,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// A condition on each row.
    Check(Expression),
    /// A column is not null (a constraint with a name since PostgreSQL 18).
    NotNull(Ident),
    /// No two rows agree.
    Unique(KeyColumns),
    /// Unique, and not null.
    PrimaryKey(KeyColumns),
    /// A row of another table must exist.
    ForeignKey(ForeignKey),
    /// No two rows conflict by these operators.
    Exclude {
        /// The index method.
        method: Ident,
        /// The keys; operators are part of the text.
        keys: Vec<IndexKey>,
        /// `WHERE`.
        predicate: Option<Expression>,
    },
}

/// The columns of a unique or primary key, or the index it takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyColumns {
    /// Columns: an index is built.
    Build {
        /// The key columns.
        columns: Vec<Ident>,
        /// `INCLUDE`.
        include: Vec<Ident>,
    },
    /// `USING INDEX`: this one becomes the constraint's.
    UsingIndex(Ident),
}

/// A reference to another table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct ForeignKey {
    /// The referencing columns.
    pub columns: Vec<Ident>,
    /// The referenced table.
    pub references: QualifiedName,
    /// The referenced columns; empty means its primary key.
    pub referenced_columns: Vec<Ident>,
    /// What a delete of the referenced row does.
    pub on_delete: ReferentialAction,
    /// What an update of the referenced key does.
    pub on_update: ReferentialAction,
}

/// What happens to referencing rows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReferentialAction {
    /// Refused, at the end of the statement or transaction.
    NoAction,
    /// Refused at once.
    Restrict,
    /// They go too, or follow.
    Cascade,
    /// Their columns become null.
    SetNull,
    /// Their columns get their defaults.
    SetDefault,
}

/// Whether the rows that were there were checked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Checked.
    Valid,
    /// `NOT VALID`: only new rows.
    NotValid,
}

/// Whether a constraint is checked at all.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// Checked.
    Enforced,
    /// `NOT ENFORCED` (PostgreSQL 18): a note, not a check.
    NotEnforced,
}

/// When a constraint is checked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Deferral {
    /// At each statement.
    NotDeferrable,
    /// At each statement, unless a transaction asks for its end.
    InitiallyImmediate,
    /// At the end of the transaction.
    InitiallyDeferred,
}

/// What happens to a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintChange {
    /// It is added.
    Add(Constraint),
    /// It is dropped.
    Drop {
        /// Its name.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// The rows that are there are checked.
    Validate(Ident),
    /// Its name changes.
    Rename {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
    /// When it is checked changes.
    SetDeferral {
        /// Its name.
        name: Ident,
        /// The new rule.
        deferral: Deferral,
    },
    /// Whether it is checked changes (PostgreSQL 18).
    SetEnforcement {
        /// Its name.
        name: Ident,
        /// The new rule.
        enforcement: Enforcement,
    },
}
