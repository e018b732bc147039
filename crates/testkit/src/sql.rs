//! SQL this crate writes itself: text of this source code, quoted names, quoted values, numbers.
//!
//! A statement under observation is not touched here; it is sent word for word.

/// A statement put together from safe parts.
#[derive(Clone, Debug)]
pub(crate) struct Sql(String);

impl Sql {
    pub(crate) fn literal(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    #[must_use]
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.0.push_str(text);
        self
    }

    #[must_use]
    pub(crate) fn ident(mut self, name: &str) -> Self {
        self.0.push('"');
        self.0.push_str(&name.replace('"', "\"\""));
        self.0.push('"');
        self
    }

    /// A string constant, inner quotes doubled (`standard_conforming_strings` is always on here).
    #[must_use]
    pub(crate) fn quoted(mut self, value: &str) -> Self {
        self.0.push('\'');
        self.0.push_str(&value.replace('\'', "''"));
        self.0.push('\'');
        self
    }

    #[must_use]
    pub(crate) fn number(mut self, value: i64) -> Self {
        self.0.push_str(&value.to_string());
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Sql;

    #[test]
    fn quotes_inside_names_and_values_are_doubled() {
        let sql = Sql::literal("SELECT ")
            .ident("a\"b")
            .text(", ")
            .quoted("it's");
        assert_eq!(sql.as_str(), "SELECT \"a\"\"b\", 'it''s'");
    }
}
