//! What hangs on a column by its number, between the column it is taken off and the one it is put on.

use std::collections::BTreeMap;

use crate::{Aside, Column, Fill, Ident, Link, QualifiedName};

use super::Effect;

impl Effect<'_> {
    pub(super) fn set_aside(&mut self, table: &QualifiedName, name: &Ident) {
        self.require_columns(table, [name]);
        let mut aside = Aside::default();
        for view in self.catalog.views_upon(table, name) {
            if let Some(relation) = self.catalog.remove_relation(&view) {
                aside.relations.insert(view, relation);
            }
        }
        let sequences = self.dependents(&Link::OwnedBy(table.clone()));
        aside.identity = self.identity_of(table, name);
        if aside.identity.is_some() {
            for sequence in sequences {
                if self.is_owned_by(&sequence, name)
                    && let Some(relation) = self.catalog.remove_relation(&sequence)
                {
                    aside.relations.insert(sequence, relation);
                }
            }
            self.edit_fill(table, name, &Fill::None);
        }
        self.catalog.edit_table(table, |table| {
            let (gone, kept) = std::mem::take(&mut table.policies)
                .into_iter()
                .partition(|policy| policy.columns.contains(name));
            (aside.policies, table.policies) = (gone, kept);
        });
        let all = std::mem::take(&mut self.catalog.statistics);
        let (gone, kept): (BTreeMap<_, _>, BTreeMap<_, _>) = all
            .into_iter()
            .partition(|(_, one)| &one.table == table && one.columns.contains(name));
        (aside.statistics, self.catalog.statistics) = (gone, kept);
        self.catalog
            .aside
            .insert((table.clone(), name.clone()), aside);
    }

    pub(super) fn put_back(&mut self, table: &QualifiedName, name: &Ident) {
        self.require_columns(table, [name]);
        let Some(aside) = self.catalog.aside.remove(&(table.clone(), name.clone())) else {
            return;
        };
        for (relation, what) in aside.relations {
            self.catalog.insert_relation(relation, what);
        }
        self.catalog.edit_table(table, |table| {
            table.policies.extend(aside.policies);
        });
        self.catalog.statistics.extend(aside.statistics);
        if let Some(mode) = aside.identity {
            self.edit_fill(table, name, &Fill::Identity(mode));
        }
    }

    fn identity_of(
        &self,
        table: &QualifiedName,
        name: &Ident,
    ) -> Option<crate::change::IdentityMode> {
        match self.catalog.column(table, name)?.fill {
            Fill::Identity(mode) => Some(mode),
            Fill::None | Fill::Default(_) | Fill::Serial | Fill::Stored(_) | Fill::Virtual(_) => {
                None
            }
        }
    }

    fn edit_fill(&mut self, table: &QualifiedName, name: &Ident, fill: &Fill) {
        self.catalog.edit_table(table, |table| {
            if let Some(Column { fill: own, .. }) = table.column_mut(name) {
                own.clone_from(fill);
            }
        });
    }

    fn is_owned_by(&self, sequence: &QualifiedName, column: &Ident) -> bool {
        self.catalog.sequence(sequence).is_some_and(|sequence| {
            sequence
                .owned_by
                .as_ref()
                .is_some_and(|(_, by)| by == column)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ask::apply::build::*;
    use crate::ask::inverse;
    use crate::change::IdentityMode;
    use crate::{
        Catalog, Change, ColumnChange, Fill, Inverse, Nullability, StatisticsChange,
        StatisticsObject,
    };

    fn aside(column: &str) -> Change {
        alter_column("t", ColumnChange::SetAside(ident(column)))
    }

    fn back(column: &str) -> Change {
        alter_column("t", ColumnChange::PutBack(ident(column)))
    }

    fn start() -> Catalog {
        let mut numbered = column("a", "integer");
        numbered.fill = Fill::Identity(IdentityMode::Always);
        numbered.nullability = Nullability::NotNull;
        let mut over = view("seen", &["a"]);
        over.query.columns[0].relation = Some(name("seen"));
        let statistics = Change::Statistics(
            name("s"),
            StatisticsChange::Create {
                table: name("t"),
                columns: idents(&["a", "b"]),
                presence: crate::Presence::Required,
            },
        );
        after(&[
            create("t", definition(vec![numbered, column("b", "text")])),
            add_column("t", column("a_new", "bigint")),
            create_view("seen", view("t", &["a"])),
            create_view("over", over),
            create_view("other", view("t", &["b"])),
            statistics,
        ])
    }

    #[test]
    fn what_hangs_on_a_column_is_put_on_the_one_that_has_its_name_then() {
        let mut catalog = start();
        for change in [
            aside("a"),
            rename_column("t", "a", "a_old"),
            rename_column("t", "a_new", "a"),
        ] {
            step(&mut catalog, &change);
        }
        assert!(catalog.view(&name("seen")).is_none());
        assert!(
            catalog.view(&name("over")).is_none(),
            "it reads a view that reads it"
        );
        assert!(catalog.view(&name("other")).is_some());
        step(&mut catalog, &back("a"));
        let column = |name: &str| {
            catalog
                .column(&super::tests::name("t"), &ident(name))
                .unwrap()
        };
        assert_eq!(column("a").fill, Fill::Identity(IdentityMode::Always));
        assert_eq!(column("a_old").fill, Fill::None);
        let (table, new, old) = (name("t"), ident("a"), ident("a_old"));
        let readers: Vec<_> = catalog.views_upon(&table, &new);
        assert_eq!(readers, [name("seen"), name("over")]);
        assert!(catalog.views_upon(&table, &old).is_empty());
        let kept: Option<&StatisticsObject> = catalog.statistics.get(&name("s"));
        assert_eq!(
            kept.map(|kept| kept.columns.clone()),
            Some(idents(&["a", "b"]))
        );
        let owner = |sequence: &crate::QualifiedName| {
            catalog
                .sequence(sequence)
                .and_then(|one| one.owned_by.clone())
        };
        assert_eq!(owner(&name("t_a_seq")), Some((name("t"), ident("a"))));
    }

    #[test]
    fn each_takes_the_other_back() {
        let before = start();
        assert_eq!(
            inverse(&aside("a"), &before),
            Inverse::Exact(vec![back("a")])
        );
        let mut catalog = before.clone();
        step(&mut catalog, &aside("a"));
        assert_eq!(
            inverse(&back("a"), &catalog),
            Inverse::Exact(vec![aside("a")])
        );
        step(&mut catalog, &back("a"));
        let (now, then) = (catalog.now, before.now);
        catalog.now = then;
        assert_eq!(catalog, before, "{now:?}");
    }
}
