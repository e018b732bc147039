//! Names as the server stores them. A name is not a string: quoting happens in one place.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name as the server stores it: already case-folded or already unquoted.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Ident(String);

impl Ident {
    /// Takes the stored form. Folding and unquoting are the dialect's work.
    pub fn new(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The stored form, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The quoted form, inner quotes doubled: `a"b` becomes `"a""b"`.
    pub fn quoted(&self) -> String {
        let mut text = String::with_capacity(self.0.len() + 2);
        text.push('"');
        text.push_str(&self.0.replace('"', "\"\""));
        text.push('"');
        text
    }
}

impl From<&str> for Ident {
    fn from(stored: &str) -> Self {
        Self::new(stored)
    }
}

/// Always quoted, as messages show names.
impl fmt::Display for Ident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.quoted())
    }
}

/// A table, view, index, type or routine with the namespace it lives in; there is no "default" namespace.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct QualifiedName {
    /// The namespace, for example `public`.
    pub namespace: Ident,
    /// The name inside the namespace.
    pub name: Ident,
}

impl QualifiedName {
    /// A name inside a namespace, both in their stored form.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: Ident::new(namespace),
            name: Ident::new(name),
        }
    }

    /// The same namespace with another name: where a renamed object or a table's index lives.
    #[must_use]
    pub fn sibling(&self, name: Ident) -> Self {
        Self {
            namespace: self.namespace.clone(),
            name,
        }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.namespace, self.name)
    }
}

/// The name of a constraint or an index: written by the user, or chosen by the server when he left it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenName {
    /// The statement names it.
    Given(Ident),
    /// The server's own choice when nothing else has that name; a number is appended when something has.
    Generated(Ident),
}

impl ChosenName {
    /// The name before any number is appended.
    pub fn ident(&self) -> &Ident {
        match self {
            Self::Given(name) | Self::Generated(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_inside_a_name_is_doubled() {
        assert_eq!(Ident::new("a\"b").quoted(), "\"a\"\"b\"");
    }
}
