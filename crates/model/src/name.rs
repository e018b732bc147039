//! Names as the server stores them. A name is not a string: quoting happens in one place.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A name as the server stores it: already case-folded or already unquoted.
///
/// Where a server keeps the case and does not look at it, two spellings are one name: compared, ordered and serialized
/// folded, shown and quoted as it was written.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(with = "String")]
pub struct Ident {
    folded: String,
    /// As it was written, where that differs.
    written: Option<Box<str>>,
}

impl Ident {
    /// Takes the stored form. Folding and unquoting are the dialect's work.
    pub fn new(stored: impl Into<String>) -> Self {
        Self {
            folded: stored.into(),
            written: None,
        }
    }

    /// A name of a server that keeps the case of ASCII letters and does not look at it.
    pub fn caseless(written: impl Into<String>) -> Self {
        let written = written.into();
        if written.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Self {
                folded: written.to_ascii_lowercase(),
                written: Some(written.into()),
            }
        } else {
            Self::new(written)
        }
    }

    /// The stored form, unquoted; of a caseless name the folded one.
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// As it was written, unquoted.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.folded)
    }

    /// The quoted form as it was written, inner quotes doubled: `a"b` becomes `"a""b"`.
    pub fn quoted(&self) -> String {
        let name = self.written();
        let mut text = String::with_capacity(name.len() + 2);
        text.push('"');
        text.push_str(&name.replace('"', "\"\""));
        text.push('"');
        text
    }
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Ident {}

impl PartialOrd for Ident {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ident {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for Ident {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Ident")
            .field(&self.written())
            .finish()
    }
}

impl From<String> for Ident {
    fn from(stored: String) -> Self {
        Self::new(stored)
    }
}

impl Serialize for Ident {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.folded)
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

    #[test]
    fn two_spellings_of_a_caseless_name_are_one_name_and_each_is_shown_as_written() {
        let (one, other) = (Ident::caseless("UserId"), Ident::caseless("userid"));
        assert_eq!(one, other);
        assert_eq!(one.to_string(), "\"UserId\"");
        assert_eq!(serde_json::to_string(&one).unwrap(), "\"userid\"");
        assert_ne!(Ident::new("UserId"), Ident::new("userid"));
    }
}
