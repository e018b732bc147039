//! A key that other tables refer to changes its type: each foreign key is built a second time over the shadow column, valid
//! before the names are swapped, and takes the old one's name in the same short transaction.
//!
//! A primary key gives way to the index that was built for it. What takes its steps back works on no data under a lock: the old
//! column keeps a unique index of its own, the primary key is put back on it, and foreign keys come back NOT VALID and are
//! validated after. Source: lock table, section 8 (primary key, foreign key); online engines, idea 16. Measured on 15 and 18:
//! a foreign key may refer to a unique index that is no constraint yet, and stays valid when it becomes one.

use segue_model::{
    Change, ChosenName, Constraint, ConstraintChange, ConstraintKind, ForeignKey, Ident,
    IndexChange, IndexDefinition, KeyColumns, Presence, Probe, QualifiedName, Reaction, Sql,
    TableConstraint, Target, Uniqueness, Validity,
};

use super::draft::Draft;
use super::shadow::Pair;
use super::{author, create_index, names};

/// What refers to a column, and the primary key it is part of.
#[derive(Default)]
pub(super) struct Key {
    primary: Option<Primary>,
    references: Vec<Reference>,
}

/// The primary key, and the index that keeps the old columns unique once it is gone.
struct Primary {
    name: Ident,
    spare: IndexDefinition,
}

/// A foreign key to the column.
struct Reference {
    /// Its table.
    target: Target,
    /// As it is.
    old: Constraint,
    /// Over the new column, under a name of its own.
    new: Constraint,
}

impl Key {
    /// What has to be moved, or why it cannot be.
    pub(super) fn of(pair: &Pair<'_>) -> Result<Self, String> {
        let mut key = Self {
            primary: primary(pair)?,
            references: Vec::new(),
        };
        for (from, constraint, foreign) in pair.references() {
            key.references
                .push(reference(pair, from, (constraint, foreign))?);
        }
        Ok(key)
    }

    /// Whether the column is of the primary key.
    pub(super) fn is_primary(&self) -> bool {
        self.primary.is_some()
    }

    /// Looks for what would keep the primary key from going: a view that groups by it.
    pub(super) fn look(&self, draft: &mut Draft, pair: &Pair<'_>) {
        let Some(primary) = &self.primary else { return };
        let table = &pair.target.name;
        let query = Sql::literal(
            "SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) \
             FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_constraint AS c \
             ON d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.refobjid = c.oid \
             WHERE d.deptype = 'n' AND c.conrelid = pg_catalog.to_regclass(",
        )
        .string(&table.to_string())
        .text(") AND c.conname = ")
        .string(primary.name.as_str())
        // A view that reads the column too is set aside.
        .text(
            " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS o JOIN pg_catalog.pg_attribute AS a \
             ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid WHERE d.classid = o.classid AND d.objid = o.objid \
             AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjid = c.conrelid AND a.attname = ",
        )
        .string(pair.old.name.as_str())
        .text(")");
        draft.probe(
            format!("Look for what depends on {} itself.", primary.name),
            Probe {
                finds: format!("something depends on the primary key of {table}, as a view does that groups by it"),
                query,
            },
        );
    }

    /// Builds the second foreign keys and what keeps the old column unique; the new column is filled and unique by now.
    pub(super) fn build(&self, draft: &mut Draft) {
        if let Some(Primary { spare, .. }) = &self.primary {
            create_index::append(draft, spare);
            draft.undone_by(vec![drop_if_there(
                &spare.table.sibling(spare.name.ident().clone()),
            )]);
        }
        for Reference { target, old, new } in &self.references {
            let (table, name) = (&target.name, new.name.ident());
            draft.own(
                format!("Let {table} refer to the new column too, for new rows."),
                author::add(target, author::not_valid(new, name)),
            );
            draft.undone_by(vec![drop_constraint_if_there(target, name)]);
            if new.validity == Validity::Valid {
                draft.own(
                    format!(
                        "Check the rows of {table} against {name} while reads and writes go on."
                    ),
                    author::validate(target, name),
                );
                draft.undone_by(vec![author::validate(target, old.name.ident())]);
            }
        }
    }

    /// In the transaction of the swap: what refers to the old column lets it go.
    pub(super) fn let_go(&self, draft: &mut Draft, pair: &Pair<'_>) {
        for Reference { target, old, .. } in &self.references {
            let name = old.name.ident();
            draft.with_previous(
                format!("Let {} no longer refer to the old column.", target.name),
                author::drop_constraint(target, name),
            );
            draft.undone_by(vec![author::add(target, author::not_valid(old, name))]);
        }
        if let Some(Primary { name, spare }) = &self.primary {
            draft.with_previous(
                format!(
                    "Let the primary key go: {} keeps the old column unique.",
                    spare.name.ident()
                ),
                author::drop_constraint(pair.target, name),
            );
            let over = KeyColumns::UsingIndex(spare.name.ident().clone());
            let kind = ConstraintKind::PrimaryKey(over);
            draft.undone_by(vec![author::add(
                pair.target,
                author::constraint(name, kind),
            )]);
        }
    }

    /// In the same transaction, after the names are swapped.
    pub(super) fn take_names(&self, draft: &mut Draft) {
        for Reference { target, old, new } in &self.references {
            let name = old.name.ident();
            draft.with_previous(
                format!("Give the foreign key of {} its name {name}.", target.name),
                Change::Constraint(
                    target.clone(),
                    ConstraintChange::Rename {
                        from: new.name.ident().clone(),
                        to: name.clone(),
                    },
                ),
            );
            draft.undone_by(vec![author::drop_constraint(target, name)]);
        }
    }

    /// What the user has to know.
    pub(super) fn remark(
        &self,
        draft: &mut Draft,
        pair: &Pair<'_>,
        data_type: &segue_model::DataType,
    ) {
        for Reference { target, old, .. } in &self.references {
            let ConstraintKind::ForeignKey(foreign) = &old.kind else {
                continue;
            };
            let table = pair.context.catalog.table(&target.name);
            // What an earlier type change has retired goes in the contract phase.
            let narrower = foreign.columns.iter().filter(|column| {
                if column.as_str().ends_with("_segue_old") {
                    return false;
                }
                table
                    .and_then(|table| table.column(column))
                    .is_some_and(|column| {
                        column.data_type == pair.old.data_type && &column.data_type != data_type
                    })
            });
            for column in narrower {
                draft.remark(format!(
                    "{column} of {} refers to {} and stays {}, unless this migration changes its type too.",
                    target.name, pair.old.name, pair.old.data_type
                ));
            }
        }
    }
}

fn primary(pair: &Pair<'_>) -> Result<Option<Primary>, String> {
    let catalog = pair.context.catalog;
    let table = &pair.target.name;
    let own = pair.table.constraints.iter().find(|constraint| {
        matches!(constraint.kind, ConstraintKind::PrimaryKey(_))
            && constraint.kind.mentions(&pair.old.name)
    });
    let Some(own) = own else { return Ok(None) };
    let index = own
        .index
        .as_ref()
        .and_then(|index| catalog.index(&table.sibling(index.clone())))
        .ok_or_else(|| format!("the index of the primary key of {table} is not known"))?;
    let second = [pair.old.name.as_str(), own.name.as_str()].join("_");
    Ok(Some(Primary {
        name: own.name.clone(),
        spare: IndexDefinition {
            name: ChosenName::Given(names::new_relation(catalog, table, &second, "old")),
            uniqueness: Uniqueness::Unique,
            ..index.definition.clone()
        },
    }))
}

fn reference(
    pair: &Pair<'_>,
    from: &QualifiedName,
    (constraint, foreign): (&TableConstraint, &ForeignKey),
) -> Result<Reference, String> {
    let catalog = pair.context.catalog;
    let name = &constraint.name;
    let is_plain = catalog
        .table(from)
        .is_some_and(|table| table.partitioning.is_none() && table.partition_of.is_none());
    if !is_plain {
        return Err(format!(
            "the foreign key {name} of {from} is one of a partitioned table: it cannot be added NOT VALID"
        ));
    }
    if from == &pair.target.name && foreign.columns.contains(&pair.old.name) {
        return Err(format!(
            "the foreign key {name} refers from {} to itself",
            pair.old.name
        ));
    }
    let referred = referred(pair, foreign).ok_or_else(|| {
        format!("the columns that the foreign key {name} of {from} refers to are not known")
    })?;
    let old = Constraint {
        name: ChosenName::Given(name.clone()),
        kind: constraint.kind.clone(),
        validity: constraint.validity,
        enforcement: constraint.enforcement,
        deferral: constraint.deferral,
    };
    let second = [pair.new.as_str(), name.as_str()].join("_");
    let new = Constraint {
        name: ChosenName::Given(names::new_constraint(catalog, from, &second, "new")),
        kind: ConstraintKind::ForeignKey(ForeignKey {
            referenced_columns: pair.substituted(&referred),
            ..foreign.clone()
        }),
        ..old.clone()
    };
    Ok(Reference {
        target: Target::required(from.clone()),
        old,
        new,
    })
}

/// The columns a foreign key refers to: those of the primary key where it names none.
fn referred(pair: &Pair<'_>, foreign: &ForeignKey) -> Option<Vec<Ident>> {
    if !foreign.referenced_columns.is_empty() {
        return Some(foreign.referenced_columns.clone());
    }
    pair.table
        .constraints
        .iter()
        .find_map(|constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. }) => Some(columns.clone()),
            ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
            | ConstraintKind::Unique(_)
            | ConstraintKind::Check(_)
            | ConstraintKind::NotNull(_)
            | ConstraintKind::ForeignKey(_)
            | ConstraintKind::Exclude { .. } => None,
        })
}

/// The index may have become a constraint's, and gone with it.
pub(super) fn drop_if_there(name: &QualifiedName) -> Change {
    Change::Index(IndexChange::Drop {
        name: name.clone(),
        build: segue_model::Build::Concurrently,
        presence: Presence::Lenient,
        reaction: Reaction::Restrict,
    })
}

fn drop_constraint_if_there(target: &Target, name: &Ident) -> Change {
    Change::Constraint(
        target.clone(),
        ConstraintChange::Drop {
            name: name.clone(),
            presence: Presence::Lenient,
            reaction: Reaction::Restrict,
        },
    )
}
