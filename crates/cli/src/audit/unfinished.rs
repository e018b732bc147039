//! Changes that were begun and never finished, as the catalog after the last migration shows them.
//!
//! Only what the catalog proves or a name says plainly; constraints that were never validated are a rule's business.

use segue_model::{
    Birth, Catalog, Ident, Index, IndexState, QualifiedName, Relation, Table, TriggerState,
};

/// Endings of names that were meant for a while.
const LEFTOVERS: &[&str] = &[
    "_old",
    "_tmp",
    "_temp",
    "_backup",
    "_bak",
    "_bkp",
    "_deprecated",
];
/// Endings that say so only beside something of the name without them.
const BESIDE: &[&str] = &["_new", "_v2", "_copy"];

/// Something that was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// When it came into being.
    pub(crate) born: Birth,
    /// What it belongs to.
    pub(crate) relation: QualifiedName,
    /// What is wrong: one sentence.
    pub(crate) message: String,
    /// What to do.
    pub(crate) advice: &'static str,
}

/// Everything that was left.
pub(crate) fn leftovers(catalog: &Catalog) -> Vec<Leftover> {
    let mut found = Vec::new();
    for (name, relation) in catalog.relations() {
        match relation {
            Relation::Table(table) => {
                found.extend(whole_table(name, table, catalog));
                found.extend(columns(name, table));
                found.extend(triggers(name, table));
            }
            Relation::Index(index) => found.extend(invalid(name, index)),
            Relation::View(_) | Relation::Sequence(_) => {}
        }
    }
    found
}

fn whole_table(name: &QualifiedName, table: &Table, catalog: &Catalog) -> Option<Leftover> {
    let base = base_of(name.name.as_str(), |base| {
        let beside = QualifiedName {
            namespace: name.namespace.clone(),
            name: Ident::new(base),
        };
        catalog.table(&beside).is_some()
    })?;
    Some(Leftover {
        born: table.born,
        relation: name.clone(),
        message: format!(
            "{name} is still there: its name says it was meant to go, or to become {base}"
        ),
        advice: "drop it when nothing reads it any more, or give it the name it is to keep",
    })
}

/// Columns are named `is_new` and `price_old` for good reasons: only one beside its own base counts.
fn columns(name: &QualifiedName, table: &Table) -> Vec<Leftover> {
    table
        .columns
        .iter()
        .filter_map(|column| {
            let stored = column.name.as_str();
            let base = LEFTOVERS
                .iter()
                .chain(BESIDE)
                .find_map(|ending| stored.strip_suffix(ending))
                .map(Ident::new)
                .filter(|base| table.column(base).is_some())?;
            let message = format!(
                "{name} still has {} beside {base}: the second half of the change never came",
                column.name
            );
            Some(Leftover {
                born: table.born,
                relation: name.clone(),
                message,
                advice: "drop the column that nothing reads any more",
            })
        })
        .collect()
}

fn triggers(name: &QualifiedName, table: &Table) -> Vec<Leftover> {
    table
        .triggers
        .iter()
        .filter(|trigger| match trigger.state {
            TriggerState::Disable => true,
            TriggerState::Enable | TriggerState::EnableReplica | TriggerState::EnableAlways => {
                false
            }
        })
        .map(|trigger| Leftover {
            born: table.born,
            relation: name.clone(),
            message: format!(
                "trigger {} on {name} was disabled, and no migration enables it again",
                trigger.definition.name
            ),
            advice: "enable it, or drop it when it is not wanted",
        })
        .collect()
}

fn invalid(name: &QualifiedName, index: &Index) -> Option<Leftover> {
    match index.state {
        IndexState::Valid => None,
        IndexState::Invalid => Some(Leftover {
            born: index.born,
            relation: name.clone(),
            message: format!(
                "index {name} was created ON ONLY the parent, and partitions were left without a part of it: it is invalid"
            ),
            advice: "build it on every partition concurrently and attach each part",
        }),
    }
}

/// The name without an ending that was meant for a while; `exists` says whether something has that name.
fn base_of(name: &str, exists: impl Fn(&str) -> bool) -> Option<&str> {
    let strip = |endings: &[&str]| {
        endings
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .filter(|base| !base.is_empty())
    };
    strip(LEFTOVERS).or_else(|| strip(BESIDE).filter(|base| exists(base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_says_that_a_table_was_meant_to_go() {
        assert_eq!(base_of("users_old", |_| false), Some("users"));
        assert_eq!(base_of("_old", |_| false), None);
        assert_eq!(base_of("threshold", |_| false), None);
    }

    #[test]
    fn a_new_table_counts_only_beside_the_old_one() {
        assert_eq!(base_of("users_new", |base| base == "users"), Some("users"));
        assert_eq!(base_of("users_new", |_| false), None);
    }
}
