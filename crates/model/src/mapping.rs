//! `-- segue:map TABLE.COLUMN = EXPRESSION`: what a column's values are made of, where it cannot be inferred.
//!
//! Text with a place here; names and expressions are read by the dialect.

use std::collections::BTreeSet;

use crate::{Change, ColumnChange, Expression, Ident, QualifiedName, Span};

/// One directive, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapDirective {
    /// The column that gets a value, with its table.
    pub target: String,
    /// The value.
    pub value: String,
    /// Where it stands.
    pub span: Span,
}

/// One directive, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMapping {
    /// The table.
    pub table: QualifiedName,
    /// The column that gets a value.
    pub column: Ident,
    /// The value, over columns of the same table.
    pub value: Expression,
    /// Where it stands.
    pub span: Span,
}

/// Directives that hang together: one side of a table, and the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingSet {
    /// In the order they are written.
    pub mappings: Vec<ColumnMapping>,
}

/// Why a mapping cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unmappable(pub String);

impl MapDirective {
    /// Reads what follows `segue:map`; none when it is no `TABLE.COLUMN = EXPRESSION`.
    pub(crate) fn read(rest: &str, span: Span) -> Option<Self> {
        let (target, value) = rest.split_once('=')?;
        let (target, value) = (target.trim(), value.trim());
        (!target.is_empty() && !value.is_empty()).then(|| Self {
            target: target.to_owned(),
            value: value.to_owned(),
            span,
        })
    }
}

impl MappingSet {
    /// Sorts directives into sets: two belong together when one's value reads the other's column.
    pub fn of(mappings: Vec<ColumnMapping>) -> Vec<Self> {
        let mut sets: Vec<Self> = Vec::new();
        for mapping in mappings {
            let (joined, mut others): (Vec<Self>, Vec<Self>) = sets.into_iter().partition(|set| {
                set.mappings
                    .iter()
                    .any(|known| hang_together(known, &mapping))
            });
            let mut set = Self::default();
            for one in joined {
                set.mappings.extend(one.mappings);
            }
            set.mappings.push(mapping);
            others.push(set);
            sets = others;
        }
        sets
    }

    /// True when the change adds or drops a column that one of these gives a value.
    pub fn is_about(&self, change: &Change) -> bool {
        let Change::Column(target, change) = change else {
            return false;
        };
        let column = match change {
            ColumnChange::Add { column, .. } => &column.name,
            ColumnChange::Drop { name, .. } => name,
            ColumnChange::Rename { .. }
            | ColumnChange::SetType { .. }
            | ColumnChange::SetDefault { .. }
            | ColumnChange::DropDefault(_)
            | ColumnChange::SetNotNull(_)
            | ColumnChange::DropNotNull(_)
            | ColumnChange::AddIdentity { .. }
            | ColumnChange::SetIdentity { .. }
            | ColumnChange::DropIdentity { .. }
            | ColumnChange::SetExpression { .. }
            | ColumnChange::DropExpression { .. }
            | ColumnChange::SetStatistics(_)
            | ColumnChange::SetParameters { .. }
            | ColumnChange::SetStorage(_)
            | ColumnChange::SetAside(_)
            | ColumnChange::PutBack(_)
            | ColumnChange::SetCompression(_) => return false,
        };
        self.mappings
            .iter()
            .any(|mapping| mapping.table == target.name && &mapping.column == column)
    }

    /// The value of a column.
    pub fn value_of(&self, column: &Ident) -> Option<&Expression> {
        self.mappings
            .iter()
            .find(|mapping| &mapping.column == column)
            .map(|mapping| &mapping.value)
    }

    /// A column that two of these give a value.
    pub fn twice(&self) -> Option<&ColumnMapping> {
        let mut seen = BTreeSet::new();
        self.mappings
            .iter()
            .find(|mapping| !seen.insert(&mapping.column))
    }
}

fn hang_together(one: &ColumnMapping, other: &ColumnMapping) -> bool {
    one.table == other.table
        && (one.column == other.column
            || one.value.columns.contains(&other.column)
            || other.value.columns.contains(&one.column)
            || one
                .value
                .columns
                .iter()
                .any(|column| other.value.columns.contains(column)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DirectiveProblem, Predicate, Shape, directives};

    fn mapping(column: &str, reads: &[&str]) -> ColumnMapping {
        ColumnMapping {
            table: QualifiedName {
                namespace: Ident::from("public"),
                name: Ident::from("t"),
            },
            column: Ident::new(column),
            value: Expression {
                text: String::new(),
                columns: reads.iter().copied().map(Ident::new).collect(),
                functions: Vec::new(),
                shape: Shape::Other,
                logic: Predicate::Unknown,
            },
            span: Span::default(),
        }
    }

    #[test]
    fn a_directive_is_a_column_and_its_value() {
        let text = "-- segue:map t.a = b || '=' || c\nSELECT 1;\n  --segue:map t.b\n-- segue:mapped t.a = 1";
        let found = directives(text, Span::new(0, text.len()), &[], |_| true);
        let [first] = found.maps.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (first.target.as_str(), first.value.as_str()),
            ("t.a", "b || '=' || c")
        );
        let bad: Vec<&DirectiveProblem> = found.bad.iter().map(|bad| &bad.problem).collect();
        assert_eq!(
            bad,
            [
                &DirectiveProblem::NoMapping,
                &DirectiveProblem::Unknown("mapped".to_owned())
            ]
        );
    }

    #[test]
    fn what_reads_each_other_is_one_set() {
        let sets = MappingSet::of(vec![
            mapping("first", &["name"]),
            mapping("street", &["address"]),
            mapping("last", &["name"]),
            mapping("name", &["first", "last"]),
            mapping("address", &["street"]),
        ]);
        let columns: Vec<Vec<&str>> = sets
            .iter()
            .map(|set| set.mappings.iter().map(|one| one.column.as_str()).collect())
            .collect();
        assert_eq!(
            columns,
            [vec!["first", "last", "name"], vec!["street", "address"]]
        );
    }
}
