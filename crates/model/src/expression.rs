//! An expression of the user's: its text, and what the questions need to know of it.
//!
//! The text is what runs. What was read out of it is used to judge, never to print SQL.

mod spelling;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Catalog, DataType, Ident, QualifiedName};

/// An expression as written, and what could be read out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Expression {
    /// The text, verbatim.
    pub text: String,
    /// The columns it names, without their qualifiers, in order of appearance, each once.
    pub columns: Vec<Ident>,
    /// The functions it calls, each once.
    pub functions: Vec<FunctionUse>,
    /// Its outermost form.
    pub shape: Shape,
    /// Its meaning as a condition, as far as it is understood.
    pub logic: Predicate,
}

/// The outermost form of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The literal NULL.
    Null,
    /// A literal, perhaps with a sign or in parentheses.
    Constant,
    /// A bare column.
    Column(Ident),
    /// A cast.
    Cast {
        /// What is cast.
        of: Box<Shape>,
        /// To what.
        to: DataType,
    },
    /// `nextval('sequence')`.
    NextValue(QualifiedName),
    /// Anything else.
    Other,
}

/// The meaning of a condition, as far as it is understood; used for proofs only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Predicate {
    /// `column IS NOT NULL`.
    NotNull(Ident),
    /// `column IS NULL`.
    IsNull(Ident),
    /// `column operator literal`, turned round where the literal stood on the left.
    Comparison {
        /// The column.
        column: Ident,
        /// The operator.
        operator: Comparison,
        /// The literal, as written.
        value: String,
    },
    /// `column IN (literal, …)`.
    OneOf {
        /// The column.
        column: Ident,
        /// The literals, as written.
        values: Vec<String>,
    },
    /// All of them.
    And(Vec<Predicate>),
    /// One of them.
    Or(Vec<Predicate>),
    /// Not this.
    Not(Box<Predicate>),
    /// Not understood: proves nothing.
    Unknown,
}

/// A comparison operator.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Predicate {
    /// True when no row whose `column` is null can satisfy a CHECK with this condition.
    ///
    /// A comparison does not prove it: a CHECK accepts *unknown*. Source: PostgreSQL 17 manual, 5.5.1.
    pub fn proves_not_null(&self, column: &Ident) -> bool {
        match self {
            Self::NotNull(proven) => proven == column,
            Self::And(all) => all.iter().any(|part| part.proves_not_null(column)),
            Self::Or(any) => !any.is_empty() && any.iter().all(|part| part.proves_not_null(column)),
            Self::Not(inner) => matches!(inner.as_ref(), Self::IsNull(tested) if tested == column),
            Self::IsNull(_) | Self::Comparison { .. } | Self::OneOf { .. } | Self::Unknown => false,
        }
    }
}

/// How often a function may give another answer for the same arguments.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// Never.
    Immutable,
    /// Not within one statement.
    Stable,
    /// At every call.
    Volatile,
    /// Not known: treated as volatile.
    Unknown,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct FunctionUse {
    /// The namespace, where it was written.
    pub namespace: Option<Ident>,
    /// The function's name.
    pub name: Ident,
    /// What the server's own function of that name is; `Unknown` for all others.
    pub built_in: Volatility,
}

impl Expression {
    /// True when the two surely mean the same, though one is as a person wrote it and the other as a server prints it
    /// (`lower(email)` and `lower((email)::text)`). False says nothing: a server may have spelt it otherwise.
    pub fn means(&self, other: &Self) -> bool {
        self.text == other.text
            || spelling::common(&self.text)
                .is_some_and(|own| spelling::common(&other.text).as_ref() == Some(&own))
    }

    /// The most volatile function it calls; functions of the user are looked up in the catalog.
    pub fn volatility(&self, catalog: &Catalog) -> Volatility {
        self.functions
            .iter()
            .map(|call| match call.built_in {
                Volatility::Unknown => {
                    catalog.function_volatility(call.namespace.as_ref(), &call.name)
                }
                known @ (Volatility::Immutable | Volatility::Stable | Volatility::Volatile) => {
                    known
                }
            })
            .max()
            .unwrap_or(Volatility::Immutable)
    }
}

/// A query: what it reads. The text is kept for views, where it is the definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Query {
    /// The text, verbatim.
    pub text: String,
    /// The relations it reads, each once.
    pub relations: Vec<QualifiedName>,
    /// The columns it names; the relation is known where the text says it or only one is read.
    pub columns: Vec<ColumnUse>,
    /// The functions it calls, each once.
    pub functions: Vec<FunctionUse>,
    /// What it selects.
    pub selects: Selects,
    /// The row lock it takes, if any.
    pub row_lock: RowLock,
    /// The names of its output columns, where they can be told from the text.
    pub output: Vec<OutputColumn>,
    /// Whether rows are picked by a condition (WHERE or LIMIT) or all are read.
    pub reach: Reach,
}

/// One output column of a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct OutputColumn {
    /// Its name; none when the server would make one up.
    pub name: Option<Ident>,
    /// The column it passes on unchanged, if it is one.
    pub source: Option<ColumnUse>,
}

/// A column somebody names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct ColumnUse {
    /// The relation, where it is known.
    pub relation: Option<QualifiedName>,
    /// The column.
    pub column: Ident,
}

/// What a query selects.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Selects {
    /// Named columns and expressions.
    Named,
    /// `*` somewhere in its outermost list.
    Star,
}

/// The row lock of a query.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RowLock {
    /// None.
    None,
    /// `FOR KEY SHARE` or `FOR SHARE`.
    Share,
    /// `FOR NO KEY UPDATE` or `FOR UPDATE`.
    Update,
}

/// Whether a statement picks rows or takes all.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A condition picks rows.
    Some,
    /// Every row.
    All,
    /// Not understood.
    Unknown,
}
