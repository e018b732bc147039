//! A column beside another one: what has to come along, what stands in the way, and the sync trigger between the two.
//!
//! Everything attached to a column comes along under a name of its own and takes the old name when the old column goes: by
//! catalog changes alone, in one short transaction. What cannot come along is named, and there is no plan then.

use segue_model::{
    Change, ChosenName, Column, ColumnChange, ColumnUse, CommentTarget, Constraint,
    ConstraintChange, ConstraintKind, Context, DataType, Expression, Fill, ForeignKey, Ident,
    IndexChange, IndexDefinition, IndexKeyPart, KeyColumns, MaintenanceChange, Mapping,
    Nullability, ObjectKind, Probe, QualifiedName, RenameSpelling, SequenceChange, Sql, SyncColumn,
    SyncTrigger, Table, TableConstraint, Target, TriggerChange, Uniqueness, Validity, Volatility,
};
use sha2::{Digest, Sha256};

use super::draft::Draft;
use super::{author, create_index, key, names, set_not_null};
use crate::parse;

/// Segue's own namespace: its journal, its functions and counters.
const OWN_NAMESPACE: &str = "segue";

/// A table, a column of it, and the name of the column that will stand beside it.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) target: &'a Target,
    pub(super) table: &'a Table,
    pub(super) old: &'a Column,
    pub(super) new: &'a Ident,
    pub(super) context: &'a Context<'a>,
}

/// What comes along.
#[derive(Default)]
pub(super) struct Carried {
    /// Its name now, the name it is built under, and what it is.
    indexes: Vec<(Ident, IndexDefinition)>,
    /// Unique and primary keys, and the index that is built for each.
    keys: Vec<(Constraint, IndexDefinition)>,
    /// CHECK and FOREIGN KEY: their name now, and what is added under another.
    constraints: Vec<(Ident, Constraint)>,
}

impl Pair<'_> {
    /// What the column has, over the new name; none when something cannot come along.
    pub(super) fn carried(&self) -> Option<Carried> {
        if !self.beside().is_empty() {
            return None;
        }
        let mut carried = Carried::default();
        let catalog = self.context.catalog;
        for constraint in &self.table.constraints {
            if constraint.kind.mentions(&self.old.name) {
                self.carry(&mut carried, constraint)?;
            }
        }
        for (name, index) in catalog.indexes_of(&self.target.name) {
            if index.constraint.is_some() || !index.definition.mentions(&self.old.name) {
                continue;
            }
            if index.parent.is_some() || self.table.partitioning.is_some() {
                return None;
            }
            let definition = self.index(&index.definition)?;
            carried.indexes.push((name.name.clone(), definition));
        }
        Some(carried)
    }

    fn carry(&self, carried: &mut Carried, constraint: &TableConstraint) -> Option<()> {
        let catalog = self.context.catalog;
        let table = &self.target.name;
        let is_partitioned = self.table.partitioning.is_some();
        let second = [self.new.as_str(), constraint.name.as_str()].join("_");
        let named = |kind| Constraint {
            name: ChosenName::Given(names::new_constraint(catalog, table, &second, "new")),
            kind,
            validity: constraint.validity,
            enforcement: constraint.enforcement,
            deferral: constraint.deferral,
        };
        match &constraint.kind {
            ConstraintKind::Check(check) => {
                let check = parse::renamed(check, &self.old.name, self.new)?;
                carried
                    .constraints
                    .push((constraint.name.clone(), named(ConstraintKind::Check(check))));
            }
            ConstraintKind::ForeignKey(key) => {
                let key = ForeignKey {
                    columns: self.substituted(&key.columns),
                    ..key.clone()
                };
                carried.constraints.push((
                    constraint.name.clone(),
                    named(ConstraintKind::ForeignKey(key)),
                ));
            }
            ConstraintKind::Unique(_) | ConstraintKind::PrimaryKey(_) => {
                if is_partitioned {
                    return None;
                }
                let index = table.sibling(constraint.index.clone()?);
                let index = self.index(&catalog.index(&index)?.definition)?;
                let over = KeyColumns::UsingIndex(index.name.ident().clone());
                let kind = if matches!(constraint.kind, ConstraintKind::Unique(_)) {
                    ConstraintKind::Unique(over)
                } else {
                    ConstraintKind::PrimaryKey(over)
                };
                let key = Constraint {
                    name: ChosenName::Given(constraint.name.clone()),
                    ..named(kind)
                };
                carried.keys.push((key, index));
            }
            // Part of the column.
            ConstraintKind::NotNull(_) => {}
            ConstraintKind::Exclude { .. } => return None,
        }
        Some(())
    }

    /// Indexes over the new column for those who look for it: of unique keys too, by which `ON CONFLICT` finds them. They
    /// go with the new column, so one that cannot be made is only missed.
    pub(super) fn indexes_beside(&self) -> Vec<IndexDefinition> {
        if self.table.partitioning.is_some() {
            return Vec::new();
        }
        let keys: Vec<&Ident> = self
            .table
            .constraints
            .iter()
            .filter(|constraint| {
                matches!(
                    constraint.kind,
                    ConstraintKind::Unique(_) | ConstraintKind::PrimaryKey(_)
                )
            })
            .filter_map(|constraint| constraint.index.as_ref())
            .collect();
        self.context
            .catalog
            .indexes_of(&self.target.name)
            .filter(|(_, index)| {
                index.parent.is_none() && index.definition.mentions(&self.old.name)
            })
            .filter_map(|(name, index)| {
                let is_key = keys.contains(&&name.name);
                if index.constraint.is_some() && !is_key {
                    return None;
                }
                let mut copy = self.index(&index.definition)?;
                if is_key {
                    copy.uniqueness = Uniqueness::Unique;
                }
                Some(copy)
            })
            .collect()
    }

    pub(super) fn substituted(&self, columns: &[Ident]) -> Vec<Ident> {
        let other = |column: &Ident| {
            if column == &self.old.name {
                self.new.clone()
            } else {
                column.clone()
            }
        };
        columns.iter().map(other).collect()
    }

    /// The same index over the new column, under a name of its own.
    fn index(&self, index: &IndexDefinition) -> Option<IndexDefinition> {
        let over = |expression: &Expression| parse::renamed(expression, &self.old.name, self.new);
        let mut copy = index.clone();
        for key in &mut copy.keys {
            match &mut key.part {
                IndexKeyPart::Column(column) if column == &self.old.name => {
                    column.clone_from(self.new);
                }
                IndexKeyPart::Column(_) => {}
                IndexKeyPart::Expression(expression) => *expression = over(expression)?,
            }
        }
        copy.include = self.substituted(&index.include);
        if let Some(predicate) = &index.predicate {
            copy.predicate = Some(over(predicate)?);
        }
        let second = [self.new.as_str(), index.name.ident().as_str()].join("_");
        copy.name = ChosenName::Given(names::new_relation(
            self.context.catalog,
            &self.target.name,
            &second,
            "new",
        ));
        Some(copy)
    }

    /// The bare column beside the old one.
    pub(super) fn add(&self, data_type: &DataType) -> Change {
        author::column(
            self.target,
            ColumnChange::Add {
                column: Column {
                    name: self.new.clone(),
                    data_type: data_type.clone(),
                    nullability: Nullability::Nullable,
                    fill: Fill::None,
                    ..self.old.clone()
                },
                constraints: Vec::new(),
                presence: segue_model::Presence::Required,
            },
        )
    }

    /// The old side's default, where it is the same for every row of a statement: then an insert can be told to have
    /// given the column or not.
    pub(super) fn steady_default(&self) -> Option<&Expression> {
        match &self.old.fill {
            Fill::Default(default) => match default.volatility(self.context.catalog) {
                Volatility::Immutable | Volatility::Stable => Some(default),
                Volatility::Volatile | Volatility::Unknown => None,
            },
            Fill::None | Fill::Serial | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => {
                None
            }
        }
    }

    /// One side of the sync trigger.
    pub(super) fn side(
        (column, data_type): (&Ident, &DataType),
        default: Option<&Expression>,
        filled: Option<Mapping>,
    ) -> Vec<SyncColumn> {
        vec![SyncColumn {
            column: column.clone(),
            data_type: data_type.clone(),
            default: default.cloned(),
            filled,
        }]
    }

    /// The names of the sync trigger: `label` tells two triggers of one pair apart.
    pub(super) fn trigger(&self, label: &str) -> (Ident, QualifiedName) {
        trigger_names(
            &self.target.name,
            self.new,
            &[&self.old.name, self.new],
            label,
        )
    }

    /// What the catalog model does not keep and that would not come along: looked for before anything starts.
    pub(super) fn probe(&self) -> Probe {
        let table = &self.target.name;
        let sql = Sql::literal(
            "SELECT CASE WHEN a.attacl IS NOT NULL THEN 'privileges on the column' ELSE 'a statistics target, option or compression of the column' END \
             FROM pg_catalog.pg_attribute AS a \
             JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE n.nspname = ",
        )
        .string(table.namespace.as_str())
        .text(" AND c.relname = ")
        .string(table.name.as_str())
        .text(" AND a.attname = ")
        .string(self.old.name.as_str())
        .text(" AND (a.attacl IS NOT NULL OR a.attoptions IS NOT NULL OR a.attstattarget > 0)");
        Probe {
            finds: format!(
                "something attached to {} of {table} cannot come along to {}",
                self.old.name, self.new
            ),
            query: sql,
        }
    }

    /// A question that finds rows in which the two sides differ.
    pub(super) fn differing(&self, expected: &Expression) -> Probe {
        let table = &self.target.name;
        let sql = Sql::literal("SELECT 'rows differ', count(*)::text FROM ")
            .name(table)
            .text(" WHERE ")
            .verbatim(&expected.text)
            .text(" HAVING count(*) > 0");
        Probe {
            finds: format!(
                "rows of {table} in which {} and {} do not agree",
                self.old.name, self.new
            ),
            query: sql,
        }
    }
}

impl Carried {
    /// Builds what comes along, beside readers and writers; the new column is filled by now.
    pub(super) fn build(&self, draft: &mut Draft, pair: &Pair<'_>) {
        let table = &pair.target.name;
        for (_, index) in &self.indexes {
            create_index::append(draft, index);
        }
        for (key, index) in &self.keys {
            create_index::append(
                draft,
                &IndexDefinition {
                    uniqueness: Uniqueness::Unique,
                    ..index.clone()
                },
            );
            if is_primary(key) {
                draft.undone_by(vec![key::drop_if_there(
                    &table.sibling(index.name.ident().clone()),
                )]);
            }
        }
        for (_, constraint) in &self.constraints {
            let name = constraint.name.ident();
            draft.own(
                format!("Add {name} to {table} for new rows."),
                author::add(pair.target, author::not_valid(constraint, name)),
            );
            if constraint.validity == Validity::Valid {
                draft.own(
                    format!(
                        "Check the rows of {table} against {name} while reads and writes go on."
                    ),
                    author::validate(pair.target, name),
                );
            }
        }
        if pair.old.nullability == Nullability::NotNull {
            set_not_null::append(draft, pair.target, pair.new, pair.context);
        }
        if let Some(comment) = pair.table.settings.comments.get(pair.old.name.as_str()) {
            draft.own(
                format!("Give {} the comment of {}.", pair.new, pair.old.name),
                comment_on(table, pair.new, comment),
            );
        }
        // A column that no statistics know is planned blindly, also through its indexes (AS-14).
        draft.own(
            format!("Gather statistics of {table} with {}.", pair.new),
            Change::Maintenance(MaintenanceChange::Analyze {
                tables: vec![table.clone()],
            }),
        );
    }

    /// Moves what the old column has out of the way of the names: for a swap, in one transaction with what follows.
    pub(super) fn step_aside(&self, draft: &mut Draft, pair: &Pair<'_>) -> Vec<(Ident, Ident)> {
        let table = &pair.target.name;
        let catalog = pair.context.catalog;
        let mut moved = Vec::new();
        for (name, _) in &self.indexes {
            let aside = names::new_relation(catalog, table, name.as_str(), "old");
            draft.with_previous(
                format!("Call the old column's index {aside}."),
                rename_index(&table.sibling(name.clone()), &aside),
            );
            moved.push((name.clone(), aside));
        }
        let constraints = self.constraints.iter().map(|(name, _)| name);
        // A table has one primary key: that has been dropped by now.
        let keys = self
            .keys
            .iter()
            .filter(|(key, _)| !is_primary(key))
            .map(|(key, _)| key.name.ident());
        for name in constraints.chain(keys) {
            let aside = names::new_constraint(catalog, table, name.as_str(), "old");
            draft.with_previous(
                format!("Call the old column's constraint {aside}."),
                rename_constraint(pair.target, name, &aside),
            );
        }
        moved
    }

    /// Gives what was built its final names, in the transaction of the step before.
    pub(super) fn take_names(&self, draft: &mut Draft, pair: &Pair<'_>) {
        let table = &pair.target.name;
        for (name, index) in &self.indexes {
            draft.with_previous(
                format!("Give the index its name {name}."),
                rename_index(&table.sibling(index.name.ident().clone()), name),
            );
        }
        if let Some((from, to)) = named_not_null(pair) {
            draft.with_previous(
                format!("Give NOT NULL its name {to}."),
                rename_constraint(pair.target, &from, &to),
            );
        }
        for (key, _) in &self.keys {
            draft.with_previous(
                format!(
                    "Make the index the constraint {}: no row is read.",
                    key.name.ident()
                ),
                author::add(pair.target, key.clone()),
            );
            if is_primary(key) {
                draft.undone_by(vec![author::drop_constraint(pair.target, key.name.ident())]);
            }
        }
        for (name, constraint) in &self.constraints {
            draft.with_previous(
                format!("Give the constraint its name {name}."),
                rename_constraint(pair.target, constraint.name.ident(), name),
            );
        }
    }
}

fn is_primary(key: &Constraint) -> bool {
    matches!(key.kind, ConstraintKind::PrimaryKey(_))
}

fn rename_index(from: &QualifiedName, to: &Ident) -> Change {
    Change::Index(IndexChange::Rename {
        from: from.clone(),
        to: to.clone(),
        spelled: RenameSpelling::AlterIndex,
        presence: segue_model::Presence::Required,
    })
}

fn rename_constraint(target: &Target, from: &Ident, to: &Ident) -> Change {
    Change::Constraint(
        target.clone(),
        ConstraintChange::Rename {
            from: from.clone(),
            to: to.clone(),
        },
    )
}

fn comment_on(table: &QualifiedName, column: &Ident, comment: &str) -> Change {
    Change::Comment(
        CommentTarget {
            kind: ObjectKind::Column,
            name: Some(table.clone()),
            part: Some(column.clone()),
        },
        Some(comment.to_owned()),
    )
}

/// The names of a sync trigger: the same for the same columns, another one for each label.
pub(super) fn trigger_names(
    table: &QualifiedName,
    shown: &Ident,
    columns: &[&Ident],
    label: &str,
) -> (Ident, QualifiedName) {
    let mut sum = Sha256::new();
    let parts = [table.namespace.as_str(), table.name.as_str()];
    let columns = columns.iter().map(|column| column.as_str());
    for part in parts.into_iter().chain(columns).chain([label]) {
        sum.update(part.len().to_le_bytes());
        sum.update(part);
    }
    let tail: String = sum
        .finalize()
        .iter()
        .take(5)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect();
    let trigger = names::object_name(&Ident::from("zzzz_segue"), shown.as_str(), &tail);
    let object = names::object_name(&Ident::from("sync"), table.name.as_str(), &tail);
    (
        trigger,
        QualifiedName {
            namespace: Ident::from(OWN_NAMESPACE),
            name: object,
        },
    )
}

/// Creates the sync trigger.
pub(super) fn sync(table: &QualifiedName, sync: &SyncTrigger) -> Change {
    Change::Trigger(table.clone(), TriggerChange::Sync(Box::new(sync.clone())))
}

/// Drops it.
pub(super) fn drop_sync(table: &QualifiedName, sync: &SyncTrigger) -> Change {
    Change::Trigger(
        table.clone(),
        TriggerChange::DropSync(Box::new(sync.clone())),
    )
}

/// The sequences that go with a column.
fn owned_sequences(pair: &Pair<'_>) -> Vec<QualifiedName> {
    let catalog = pair.context.catalog;
    // The sequence of an identity is set aside and put back with it.
    let is_identity = matches!(pair.old.fill, Fill::Identity(_));
    catalog
        .linked(&segue_model::Link::OwnedBy(pair.target.name.clone()))
        .filter(|name| {
            !is_identity
                && catalog.sequence(name).is_some_and(|sequence| {
                    sequence
                        .owned_by
                        .as_ref()
                        .is_some_and(|(_, owner)| owner == &pair.old.name)
                })
        })
        .cloned()
        .collect()
}

fn owned_by(sequence: &QualifiedName, pair: &Pair<'_>, column: &Ident) -> Change {
    Change::Sequence(
        Target::required(sequence.clone()),
        SequenceChange::SetOwnedBy(Some(ColumnUse {
            relation: Some(pair.target.name.clone()),
            column: column.clone(),
        })),
    )
}

/// The sequence that goes with a column goes with the other one.
pub(super) fn own_sequence(draft: &mut Draft, pair: &Pair<'_>, column: &Ident) {
    for sequence in owned_sequences(pair) {
        let change = owned_by(&sequence, pair, column);
        draft.with_previous(format!("Let {sequence} go with {column}."), change);
    }
}

/// The same after the two have swapped their names: `disown` says what takes it back.
pub(super) fn own_sequence_after_swap(draft: &mut Draft, pair: &Pair<'_>) {
    let name = &pair.old.name;
    for sequence in owned_sequences(pair) {
        let change = owned_by(&sequence, pair, name);
        draft.with_previous(format!("Let {sequence} go with the new {name}."), change);
        draft.undone_by(Vec::new());
    }
}

/// Takes the default from the old column, before the names are swapped. What takes it back runs when the old column has its
/// name again: then its sequence can be read back as its own.
pub(super) fn disown(draft: &mut Draft, pair: &Pair<'_>, default: &Expression) {
    let name = &pair.old.name;
    draft.with_previous(
        format!("Take the default of the old {name} away."),
        author::column(pair.target, ColumnChange::DropDefault(name.clone())),
    );
    let mut back: Vec<Change> = owned_sequences(pair)
        .iter()
        .map(|sequence| owned_by(sequence, pair, name))
        .collect();
    back.push(super::rename_column::set_default(
        pair.target,
        name,
        default,
    ));
    draft.undone_by(back);
}

/// The old column's default, that of its sequence included; none when it has none.
pub(super) fn default_of(pair: &Pair<'_>) -> Option<Expression> {
    match &pair.old.fill {
        Fill::Default(default) => Some(default.clone()),
        Fill::Serial => Some(super::add_column::next_value(&segue_model::owned_sequence(
            &pair.target.name,
            &pair.old.name,
        ))),
        Fill::None | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => None,
    }
}

/// NOT NULL has a name from 18 on: what the new column's is called, and what the old column's was.
pub(super) fn named_not_null(pair: &Pair<'_>) -> Option<(Ident, Ident)> {
    if pair.context.server.version < 18 || pair.old.nullability != Nullability::NotNull {
        return None;
    }
    let table = &pair.target.name;
    let from = names::new_constraint(pair.context.catalog, table, pair.new.as_str(), "not_null");
    let old = &pair.old.name;
    let to = pair
        .table
        .constraints
        .iter()
        .find(|constraint| matches!(&constraint.kind, ConstraintKind::NotNull(column) if column == old))
        .map_or_else(
            || names::object_name(&table.name, old.as_str(), "not_null"),
            |constraint| constraint.name.clone(),
        );
    Some((from, to))
}
