//! Names that the server would make up, and names of our own that nothing else has.

use segue_model::{Catalog, ChosenName, Ident, IndexDefinition, IndexKeyPart, QualifiedName};

/// Bytes of a name that the server keeps. Source: PostgreSQL 17 manual, 4.1.1.
const NAME_BYTES_MAX: usize = 63;

/// `first_second_label`, the longer of the first two cut until it fits. Source: `makeObjectName` of PostgreSQL 17.
pub(super) fn object_name(first: &Ident, second: &str, label: &str) -> Ident {
    let glue = usize::from(!second.is_empty());
    let room = NAME_BYTES_MAX.saturating_sub(label.len() + 1 + glue);
    let (mut first_bytes, mut second_bytes) = (first.as_str().len(), second.len());
    while first_bytes + second_bytes > room {
        if first_bytes > second_bytes {
            first_bytes -= 1;
        } else {
            second_bytes -= 1;
        }
    }
    let mut name = clip(first.as_str(), first_bytes).to_owned();
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
    (0..=bytes)
        .rev()
        .find_map(|end| text.get(..end))
        .unwrap_or_default()
}

/// The first of `t_c_label`, `t_c_label1`, `t_c_label2`, … that is free.
fn first_free(first: &Ident, second: &str, label: &str, is_free: impl Fn(&Ident) -> bool) -> Ident {
    let mut name = object_name(first, second, label);
    let mut number = 1_u32;
    while !is_free(&name) {
        name = object_name(first, second, &format!("{label}{number}"));
        number += 1;
    }
    name
}

/// A name for a new relation beside a table that no relation has.
pub(super) fn new_relation(
    catalog: &Catalog,
    table: &QualifiedName,
    second: &str,
    label: &str,
) -> Ident {
    first_free(&table.name, second, label, |name| {
        catalog.relation(&table.sibling(name.clone())).is_none()
    })
}

/// A name for a new constraint that no constraint of the table has.
pub(super) fn new_constraint(
    catalog: &Catalog,
    table: &QualifiedName,
    second: &str,
    label: &str,
) -> Ident {
    first_free(&table.name, second, label, |name| {
        has_no_constraint(catalog, table, name)
    })
}

/// The name the user gave a constraint, or the one the server would choose.
pub(super) fn constraint(catalog: &Catalog, table: &QualifiedName, name: &ChosenName) -> Ident {
    numbered(name, |name| has_no_constraint(catalog, table, name))
}

/// The name the user gave an index, or a constraint with an index, or the one the server would choose.
pub(super) fn index(catalog: &Catalog, table: &QualifiedName, name: &ChosenName) -> Ident {
    numbered(name, |name| {
        catalog.relation(&table.sibling(name.clone())).is_none()
    })
}

fn has_no_constraint(catalog: &Catalog, table: &QualifiedName, name: &Ident) -> bool {
    catalog
        .table(table)
        .is_none_or(|table| table.constraint(name).is_none())
}

fn numbered(name: &ChosenName, is_free: impl Fn(&Ident) -> bool) -> Ident {
    match name {
        ChosenName::Given(name) => name.clone(),
        ChosenName::Generated(base) => {
            if is_free(base) {
                return base.clone();
            }
            let (head, label) = base
                .as_str()
                .rsplit_once('_')
                .unwrap_or((base.as_str(), ""));
            first_free(&Ident::new(head), "", &format!("{label}1"), is_free)
        }
    }
}

/// The name the server gives an index of a partition: `p1_k_idx`, `p1_k_key`, `p1_pkey`.
pub(super) fn index_of_partition(
    catalog: &Catalog,
    partition: &QualifiedName,
    index: &IndexDefinition,
    label: &str,
) -> Ident {
    new_relation(catalog, partition, &key_names(index, label), label)
}

/// The columns of an index as they stand in its generated name; a primary key has none.
fn key_names(index: &IndexDefinition, label: &str) -> String {
    if label == "pkey" {
        return String::new();
    }
    let mut names: Vec<String> = Vec::new();
    let keys = index.keys.iter().map(|key| match &key.part {
        IndexKeyPart::Column(column) => column.as_str(),
        IndexKeyPart::Expression(expression) => expression
            .functions
            .first()
            .map_or("expr", |call| call.name.as_str()),
    });
    for name in keys.chain(index.include.iter().map(Ident::as_str)) {
        let mut unique = name.to_owned();
        let mut number = 1_u32;
        while names.contains(&unique) {
            unique = format!("{name}{number}");
            number += 1;
        }
        names.push(unique);
    }
    names.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_is_cut_to_what_the_server_keeps() {
        let name = object_name(&Ident::new("ü".repeat(40)), "column", "check");
        assert!(name.as_str().len() <= NAME_BYTES_MAX);
        assert!(name.as_str().ends_with("_column_check"));
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let name = first_free(&Ident::from("t"), "c", "idx", |name| {
            name.as_str() != "t_c_idx"
        });
        assert_eq!(name.as_str(), "t_c_idx1");
    }
}
