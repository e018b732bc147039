//! Sequences.

use crate::{
    ColumnUse, Fill, Ident, QualifiedName, Relation, Sequence, SequenceChange, Shape, Target,
};

use super::Effect;

impl Effect<'_> {
    pub(super) fn sequence(&mut self, target: &Target, change: &SequenceChange) {
        let name = &target.name;
        if let SequenceChange::Create { owned_by, .. } = change {
            if self.catalog.relation(name).is_some() {
                self.exists("relation", name, target.presence);
                return;
            }
            let sequence = Sequence {
                owned_by: owner(owned_by.as_ref()),
                born: self.catalog.now,
            };
            self.catalog
                .insert_relation(name.clone(), Relation::Sequence(sequence));
            return;
        }
        if !self.require_relation("sequence", target) {
            return;
        }
        match change {
            SequenceChange::Drop { .. } => self.drop_sequence(name),
            SequenceChange::SetOwnedBy(owned_by) => {
                self.catalog.edit(name, |relation| {
                    if let Relation::Sequence(sequence) = relation {
                        sequence.owned_by = owner(owned_by.as_ref());
                    }
                });
            }
            SequenceChange::Rename(to) => self.move_relation(name, &name.sibling(to.clone())),
            SequenceChange::SetNamespace(namespace) => {
                let to = QualifiedName {
                    namespace: namespace.clone(),
                    name: name.name.clone(),
                };
                self.move_relation(name, &to);
            }
            SequenceChange::Create { .. }
            | SequenceChange::Alter { .. }
            | SequenceChange::SetOwner(_) => {}
        }
    }

    /// A default that draws from the sequence goes with it (CASCADE is needed then, or the server refuses).
    fn drop_sequence(&mut self, name: &QualifiedName) {
        let Some(sequence) = self.catalog.sequence(name) else {
            self.unfit(name, format!("{name} is not a sequence"));
            return;
        };
        let owned_by = sequence.owned_by.clone();
        self.catalog.remove_relation(name);
        if let Some((table, column)) = owned_by {
            self.catalog.edit_table(&table, |table| {
                if let Some(column) = table.column_mut(&column) {
                    let draws = match &column.fill {
                        Fill::Serial => true,
                        Fill::Default(default) => {
                            matches!(&default.shape, Shape::NextValue(from) if from == name)
                        }
                        Fill::None | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => {
                            false
                        }
                    };
                    if draws {
                        column.fill = Fill::None;
                    }
                }
            });
        }
    }
}

/// The table and column a sequence goes with.
pub(in crate::ask) fn owner(used: Option<&ColumnUse>) -> Option<(QualifiedName, Ident)> {
    used.and_then(|used| {
        used.relation
            .clone()
            .map(|table| (table, used.column.clone()))
    })
}
