//! The type of a column, in the dialect's canonical spelling.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ident, QualifiedName};

/// A type: `character varying(50)`, `integer[]`, `"public"."mood"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct DataType {
    /// Which type.
    pub name: TypeName,
    /// Its modifiers as written: length, precision and scale.
    pub modifiers: Vec<String>,
    /// Number of array dimensions; 0 for no array.
    pub dimensions: u8,
}

/// Which type a column has.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TypeName {
    /// A type of the server's own, by its canonical name: `integer`, `timestamp with time zone`.
    BuiltIn(String),
    /// A type of the user's or of an extension.
    User(QualifiedName),
}

impl DataType {
    /// A built-in type without modifiers.
    pub fn built_in(canonical: &str) -> Self {
        Self {
            name: TypeName::BuiltIn(canonical.to_owned()),
            modifiers: Vec::new(),
            dimensions: 0,
        }
    }

    /// True for this built-in type, with any modifiers, and no array.
    pub fn is_built_in(&self, canonical: &str) -> bool {
        self.dimensions == 0 && self.base_is(canonical)
    }

    /// True when the type, or the type of its elements, is this built-in one.
    pub fn base_is(&self, canonical: &str) -> bool {
        match &self.name {
            TypeName::BuiltIn(name) => name == canonical,
            TypeName::User(_) => false,
        }
    }

    /// The user's own type this is, or is an array of.
    pub fn user_type(&self) -> Option<&QualifiedName> {
        match &self.name {
            TypeName::User(name) => Some(name),
            TypeName::BuiltIn(_) => None,
        }
    }

    /// Modifier `position` as a number.
    pub fn modifier(&self, position: usize) -> Option<i64> {
        self.modifiers.get(position)?.parse().ok()
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modifiers = if self.modifiers.is_empty() {
            String::new()
        } else {
            format!("({})", self.modifiers.join(","))
        };
        match &self.name {
            TypeName::BuiltIn(name) => write_built_in(formatter, name, &modifiers)?,
            TypeName::User(name) => write!(formatter, "{name}{modifiers}")?,
        }
        for _ in 0..self.dimensions {
            formatter.write_str("[]")?;
        }
        Ok(())
    }
}

/// `timestamp(3) with time zone`: the precision stands inside the name.
fn write_built_in(formatter: &mut fmt::Formatter<'_>, name: &str, modifiers: &str) -> fmt::Result {
    match name.split_once(' ') {
        Some((head @ ("timestamp" | "time"), tail)) => {
            write!(formatter, "{head}{modifiers} {tail}")
        }
        Some(_) | None => write!(formatter, "{name}{modifiers}"),
    }
}

/// A collation, by name.
pub type Collation = QualifiedName;

/// A storage or planner option: `fillfactor` = `70`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Parameter {
    /// The option, lower case, with its namespace (`toast.autovacuum_enabled`).
    pub name: Ident,
    /// Its value as written; none when it is reset or has no value.
    pub value: Option<String>,
}
