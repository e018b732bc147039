//! Names the server makes up: for constraints, indexes and sequences that the statement leaves nameless.

use crate::{Catalog, Ident, IndexDefinition, IndexKeyPart, QualifiedName};

/// Bytes of a name that the server keeps. Source: PostgreSQL 17 manual, 4.1.1.
const NAME_BYTES_MAX: usize = 63;

/// What an index is named after.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::ask) enum IndexLabel {
    /// A primary key: `t_pkey`.
    PrimaryKey,
    /// A unique constraint: `t_a_b_key`.
    Unique,
    /// An exclusion: `t_a_excl`.
    Exclusion,
    /// No constraint: `t_a_b_idx`.
    Plain,
}

impl IndexLabel {
    fn word(self) -> &'static str {
        match self {
            Self::PrimaryKey => "pkey",
            Self::Unique => "key",
            Self::Exclusion => "excl",
            Self::Plain => "idx",
        }
    }
}

/// `first_second_label`, the longer of the first two cut until the name fits.
pub(in crate::ask) fn object_name(first: &str, second: &str, label: &str) -> Ident {
    let glue = usize::from(!second.is_empty());
    let room = NAME_BYTES_MAX.saturating_sub(label.len() + 1 + glue);
    let (mut first_bytes, mut second_bytes) = (first.len(), second.len());
    while first_bytes + second_bytes > room {
        if first_bytes > second_bytes {
            first_bytes -= 1;
        } else {
            second_bytes -= 1;
        }
    }
    let mut name = String::from(clip(first, first_bytes));
    if !second.is_empty() {
        name.push('_');
        name.push_str(clip(second, second_bytes));
    }
    name.push('_');
    name.push_str(label);
    Ident::new(name)
}

/// At most so many bytes, whole characters only.
fn clip(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    text.split_at_checked(end).map_or("", |(head, _)| head)
}

/// The first of `name`, `name1`, `name2`, … that is free.
pub(in crate::ask) fn first_free(base: &Ident, is_free: impl Fn(&Ident) -> bool) -> Ident {
    if is_free(base) {
        return base.clone();
    }
    let (head, label) = base
        .as_str()
        .rsplit_once('_')
        .unwrap_or((base.as_str(), ""));
    let mut number = 1_u64;
    loop {
        let candidate = object_name(head, "", &format!("{label}{number}"));
        if is_free(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

/// The first name of that kind that no relation of the namespace has.
pub(in crate::ask) fn free_relation_name(
    catalog: &Catalog,
    beside: &QualifiedName,
    base: &Ident,
) -> Ident {
    first_free(base, |name| {
        catalog.relation(&beside.sibling(name.clone())).is_none()
    })
}

/// The name of an index that is made without one, before any number is appended.
pub(in crate::ask) fn index_name(
    table: &Ident,
    index: &IndexDefinition,
    label: IndexLabel,
) -> Ident {
    let mut columns: Vec<String> = Vec::new();
    let keys = index.keys.iter().map(|key| match &key.part {
        IndexKeyPart::Column(column) => column.as_str(),
        IndexKeyPart::Expression(expression) => expression
            .functions
            .first()
            .map_or("expr", |function| function.name.as_str()),
    });
    for name in keys.chain(index.include.iter().map(Ident::as_str)) {
        let mut unique = name.to_owned();
        let mut number = 1_u64;
        while columns.contains(&unique) {
            unique = format!("{name}{number}");
            number += 1;
        }
        columns.push(unique);
    }
    let parts = match label {
        IndexLabel::PrimaryKey => String::new(),
        IndexLabel::Unique | IndexLabel::Exclusion | IndexLabel::Plain => columns.join("_"),
    };
    object_name(table.as_str(), &parts, label.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_loses_bytes_of_its_longer_half() {
        let name = object_name(&"t".repeat(50), &"c".repeat(20), "idx");
        assert_eq!(name.as_str().len(), 63);
        assert!(name.as_str().ends_with(&format!("_{}_idx", "c".repeat(20))));
    }

    #[test]
    fn a_taken_name_gets_the_next_number() {
        let taken = [Ident::new("t_a_idx"), Ident::new("t_a_idx1")];
        let name = first_free(&taken[0], |name| !taken.contains(name));
        assert_eq!(name.as_str(), "t_a_idx2");
    }
}
