//! The answers of the neutral questions: whom it breaks, what is lost, what undoes it, is it true already.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Change, Ident, QualifiedName};

/// Whom a change breaks while code written before it still runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Breakage {
    /// Who.
    pub who: Sides,
    /// What fails: one sentence with the user's names.
    pub operation: String,
    /// The relation whose users are broken, where there is one.
    pub relation: Option<QualifiedName>,
    /// The column, where it is about one.
    pub column: Option<Ident>,
    /// The kind of break.
    pub kind: BreakKind,
}

/// Who is broken.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Nobody.
    Nobody,
    /// Those who write.
    Writers,
    /// Those who read.
    Readers,
    /// Both.
    ReadersAndWriters,
    /// Only some shapes of statements: prepared `SELECT *`, positional INSERT.
    SomeStatements,
    /// Unknown: treated as both.
    Unknown,
}

/// The kind of break.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// The name is gone.
    NameGone,
    /// The name means something else, or its type does.
    TypeChanged,
    /// Writes that used to be accepted are refused.
    WritesRefused,
    /// A guarantee is gone: readers see what they never saw.
    GuaranteeGone,
    /// The shape of `SELECT *` or of a positional INSERT changes.
    ShapeChanged,
    /// Who may do what changes.
    AccessChanged,
    /// Behaviour changes under the same name.
    BehaviourChanged,
    /// Not understood.
    Unknown,
}

/// What is lost for ever when a change is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Loss {
    /// What kind of thing.
    pub kind: LossKind,
    /// The relation whose data or definition goes, where there is one.
    pub relation: Option<QualifiedName>,
    /// The column, where it is about one.
    pub column: Option<Ident>,
    /// One sentence with the user's names.
    pub what: String,
    /// Whether the statement names it, or it goes along.
    pub named: LossNaming,
}

/// What kind of thing is lost.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Rows.
    Rows,
    /// The values of a column.
    Values,
    /// Digits, characters or time zones of values.
    Precision,
    /// A structure that can be built again: an index, a view, a constraint.
    Structure,
    /// Durability: rows that a crash removes.
    Durability,
    /// Unknown: treated as rows.
    Unknown,
}

/// Whether a statement names what is lost.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LossNaming {
    /// It does.
    Named,
    /// It goes along with what is named.
    Along,
}

/// What undoes a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inverse {
    /// These changes, in this order, restore exactly what was there.
    Exact(Vec<Change>),
    /// These changes restore the structure; what they cannot bring back is said.
    Lossy {
        /// The changes.
        changes: Vec<Change>,
        /// What stays lost.
        lost: String,
    },
    /// Nothing does, and why.
    None(String),
    /// Nothing has to be undone.
    Nothing,
}

/// Whether what a change is for is true already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Something of that name is there and differs: what is there, and what was asked for.
    Differs(String),
    /// The catalog cannot tell.
    Unknown(String),
}

/// A statement says something the catalog knows to be otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Contradiction {
    /// What was expected and what is there.
    pub kind: ContradictionKind,
    /// The object.
    pub name: String,
    /// One sentence with the user's names.
    pub message: String,
}

/// How a statement contradicts the catalog.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ContradictionKind {
    /// It names something that does not exist.
    Missing,
    /// It creates something that exists.
    Exists,
    /// The object is of another kind, or in a state that does not fit.
    Unfit,
}
