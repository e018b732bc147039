//! Columns and what happens to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Constraint, Presence, Reaction};
use crate::{Collation, DataType, Expression, Ident, Parameter, QualifiedName};

/// A column: its name, type, and what fills it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Column {
    /// The name.
    pub name: Ident,
    /// The type.
    pub data_type: DataType,
    /// The collation, where one was written.
    pub collation: Option<Collation>,
    /// Whether null is refused.
    pub nullability: Nullability,
    /// Where values come from when none is given.
    pub fill: Fill,
    /// The storage or compression written beside it (`STORAGE EXTERNAL`), if any.
    pub storage: Option<String>,
}

/// Whether a column refuses null.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Nullability {
    /// Null is allowed.
    Nullable,
    /// NOT NULL, and every row was checked.
    NotNull,
    /// NOT NULL for new rows; old ones were not checked (PostgreSQL 18 `NOT VALID`).
    NotNullUnchecked,
}

/// Where a column's values come from when none is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// Null.
    None,
    /// A default.
    Default(Expression),
    /// `serial`: a sequence of its own, a default, NOT NULL.
    Serial,
    /// An identity.
    Identity(IdentityMode),
    /// Computed and stored.
    Stored(Expression),
    /// Computed at every read (PostgreSQL 18).
    Virtual(Expression),
}

/// Which writes an identity column accepts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum IdentityMode {
    /// Explicit values are refused.
    Always,
    /// Explicit values win.
    ByDefault,
}

/// What happens to a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnChange {
    /// It is added, with the constraints written beside it.
    Add {
        /// The column.
        column: Column,
        /// CHECK, UNIQUE, PRIMARY KEY, REFERENCES beside it; NOT NULL is part of the column.
        constraints: Vec<Constraint>,
        /// `IF NOT EXISTS`.
        presence: Presence,
    },
    /// It is dropped.
    Drop {
        /// The column.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// It is renamed.
    Rename {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
    /// Its type changes.
    SetType {
        /// The column.
        name: Ident,
        /// The new type.
        data_type: DataType,
        /// The new collation, where one was written.
        collation: Option<Collation>,
        /// `USING`.
        using: Option<Expression>,
    },
    /// It gets a default.
    SetDefault {
        /// The column.
        name: Ident,
        /// The default.
        default: Expression,
    },
    /// It loses its default.
    DropDefault(Ident),
    /// It refuses null from now on.
    SetNotNull(Ident),
    /// It accepts null from now on.
    DropNotNull(Ident),
    /// It becomes an identity column.
    AddIdentity {
        /// The column.
        name: Ident,
        /// Which writes it accepts.
        mode: IdentityMode,
    },
    /// Its identity changes: the mode, or the options of its sequence.
    SetIdentity {
        /// The column.
        name: Ident,
        /// The new mode, when that changes.
        mode: Option<IdentityMode>,
    },
    /// It is no identity any more.
    DropIdentity {
        /// The column.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
    },
    /// Its generation expression changes.
    SetExpression {
        /// The column.
        name: Ident,
        /// The new expression.
        expression: Expression,
    },
    /// It stops being generated and keeps its values.
    DropExpression {
        /// The column.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
    },
    /// Its statistics target changes.
    SetStatistics(Ident),
    /// `SET (n_distinct = …)` or `RESET`.
    SetParameters {
        /// The column.
        name: Ident,
        /// What is set or reset.
        parameters: Vec<Parameter>,
    },
    /// Its storage changes, for new values only.
    SetStorage(Ident),
    /// Its compression changes, for new values only.
    SetCompression(Ident),
    /// What hangs on it by its number and follows it alone is set aside for the rest of the transaction: views and those
    /// that read them, policies, extended statistics, its identity. Authored only.
    SetAside(Ident),
    /// What was set aside hangs on the column that has the name now. Authored only.
    PutBack(Ident),
}

impl ColumnChange {
    /// The column it is about, by the name it has before the change.
    pub fn column(&self) -> &Ident {
        match self {
            Self::Add { column, .. } => &column.name,
            Self::Rename { from, .. } => from,
            Self::Drop { name, .. }
            | Self::SetType { name, .. }
            | Self::SetDefault { name, .. }
            | Self::DropDefault(name)
            | Self::SetNotNull(name)
            | Self::DropNotNull(name)
            | Self::AddIdentity { name, .. }
            | Self::SetIdentity { name, .. }
            | Self::DropIdentity { name, .. }
            | Self::SetExpression { name, .. }
            | Self::DropExpression { name, .. }
            | Self::SetStatistics(name)
            | Self::SetParameters { name, .. }
            | Self::SetStorage(name)
            | Self::SetCompression(name)
            | Self::SetAside(name)
            | Self::PutBack(name) => name,
        }
    }
}

/// The name of the sequence a `serial` or identity column owns: `<table>_<column>_seq` beside the table.
pub fn owned_sequence(table: &QualifiedName, column: &Ident) -> QualifiedName {
    let mut name = String::from(table.name.as_str());
    name.push('_');
    name.push_str(column.as_str());
    name.push_str("_seq");
    table.sibling(Ident::new(name))
}
