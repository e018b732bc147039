//! SQL that Segue authored: literals from source code and quoted names, nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ident, QualifiedName};

/// SQL we authored. The user's own text is never edited and never becomes part of one, except whole
/// expressions that are carried over verbatim.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sql(String);

impl Sql {
    /// Starts a statement with text written in this source code.
    pub fn literal(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Appends text written in this source code.
    #[must_use]
    pub fn text(mut self, text: &'static str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Appends a name, quoted, inner quotes doubled.
    #[must_use]
    pub fn ident(mut self, name: &Ident) -> Self {
        self.0.push_str(&name.quoted());
        self
    }

    /// Appends a qualified name, both parts quoted.
    #[must_use]
    pub fn name(self, name: &QualifiedName) -> Self {
        self.ident(&name.namespace).text(".").ident(&name.name)
    }

    /// Appends a whole expression, type or literal of the user's, verbatim, as he wrote it.
    #[must_use]
    pub fn verbatim(mut self, users: &str) -> Self {
        self.0.push_str(users);
        self
    }

    /// Appends a string literal, inner quotes doubled.
    #[must_use]
    pub fn string(mut self, value: &str) -> Self {
        self.0.push('\'');
        self.0.push_str(&value.replace('\'', "''"));
        self.0.push('\'');
        self
    }

    /// Appends a number.
    #[must_use]
    pub fn number(mut self, value: i64) -> Self {
        self.0.push_str(&value.to_string());
        self
    }

    /// Appends the items, with a separator between them.
    #[must_use]
    pub fn list<T>(
        mut self,
        items: &[T],
        separator: &'static str,
        mut append: impl FnMut(Self, &T) -> Self,
    ) -> Self {
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self = self.text(separator);
            }
            self = append(self, item);
        }
        self
    }

    /// The statement, without a semicolon.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
