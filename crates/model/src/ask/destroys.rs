//! What is lost for ever when a change is done: rows, values, precision, durability, and the structures that go along.
//!
//! Computed from the catalog, not from the text: a TRUNCATE … CASCADE names one table and may empty nine.
//! `Opaque` answers `Unknown`.

use std::collections::BTreeSet;

use crate::{
    Catalog, Change, ColumnChange, ConstraintKind, DataChange, DataType, DomainChange,
    ExtensionChange, Fill, Ident, IndexChange, IndexKeyPart, KeyColumns, Link, Loss, LossKind,
    LossNaming, NamespaceChange, Persistence, PrivilegeChange, QualifiedName, Reach, Reaction,
    Relation, Rows, SequenceChange, Table, TableChange, TypeChange, ViewChange, ViewKind,
};

/// What is lost for ever, what goes along with it included; empty when nothing.
pub fn destroys(change: &Change, catalog: &Catalog) -> Vec<Loss> {
    match change {
        Change::Table(target, change) => table(&target.name, change, catalog),
        Change::Column(target, change) => column(&target.name, change, catalog),
        Change::Data(change) => rows(change, catalog),
        Change::Index(change) => index(change),
        Change::View(target, change) => view(&target.name, change),
        Change::Sequence(target, change) => sequence(&target.name, change),
        Change::Namespace(name, change) => namespace(name, change, catalog),
        Change::Type(name, change) => user_type(name, change, catalog),
        Change::Domain(name, change) => domain(name, change, catalog),
        Change::Extension(_, change) => extension(change),
        Change::Privilege(PrivilegeChange::DropOwned { .. }) => {
            vec![unknown("everything these roles own")]
        }
        Change::Program(program) => program
            .statements
            .iter()
            .flat_map(|statement| &statement.changes)
            .flat_map(|inner| destroys(inner, catalog))
            .chain(
                program
                    .unread
                    .first()
                    .map(|_| unknown("what the unread part of the block does")),
            )
            .collect(),
        Change::Opaque(_) => vec![unknown("the statement could not be read")],
        Change::Other(other) if other.verb.starts_with("DROP DATABASE") => {
            vec![unknown("every row of the database")]
        }
        Change::Constraint(..)
        | Change::Partition(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Privilege(_)
        | Change::Comment(..)
        | Change::Maintenance(_)
        | Change::Session(_)
        | Change::Transaction(_)
        | Change::Other(_) => Vec::new(),
    }
}

fn index(change: &IndexChange) -> Vec<Loss> {
    if let IndexChange::Drop { name, .. } = change {
        vec![structure(name, "the index has to be built again")]
    } else {
        Vec::new()
    }
}

fn view(name: &QualifiedName, change: &ViewChange) -> Vec<Loss> {
    if let ViewChange::Drop { kind, .. } = change {
        vec![structure(name, view_words(*kind))]
    } else {
        Vec::new()
    }
}

fn sequence(name: &QualifiedName, change: &SequenceChange) -> Vec<Loss> {
    if let SequenceChange::Drop { .. } = change {
        vec![structure(name, "the position of the sequence is lost")]
    } else {
        Vec::new()
    }
}

fn user_type(name: &QualifiedName, change: &TypeChange, catalog: &Catalog) -> Vec<Loss> {
    if let TypeChange::DropAttribute {
        name: attribute, ..
    } = change
    {
        return vec![Loss {
            kind: LossKind::Values,
            relation: Some(name.clone()),
            column: Some(attribute.clone()),
            what: "the values of the attribute, wherever the type is used".to_owned(),
            named: LossNaming::Named,
        }];
    }
    if let TypeChange::Drop {
        reaction: Reaction::Cascade,
        ..
    } = change
    {
        return columns_of_type(name, catalog);
    }
    Vec::new()
}

fn domain(name: &QualifiedName, change: &DomainChange, catalog: &Catalog) -> Vec<Loss> {
    if let DomainChange::Drop {
        reaction: Reaction::Cascade,
        ..
    } = change
    {
        columns_of_type(name, catalog)
    } else {
        Vec::new()
    }
}

fn extension(change: &ExtensionChange) -> Vec<Loss> {
    if let ExtensionChange::Drop {
        reaction: Reaction::Cascade,
        ..
    } = change
    {
        vec![unknown(
            "columns and indexes that use the extension's types or operators",
        )]
    } else {
        Vec::new()
    }
}

fn view_words(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::View => "the definition of the view",
        ViewKind::Materialized => "the definition and the stored rows of the materialized view",
    }
}

fn structure(name: &QualifiedName, what: &str) -> Loss {
    Loss {
        kind: LossKind::Structure,
        relation: Some(name.clone()),
        column: None,
        what: what.to_owned(),
        named: LossNaming::Named,
    }
}

fn unknown(what: &str) -> Loss {
    Loss {
        kind: LossKind::Unknown,
        relation: None,
        column: None,
        what: what.to_owned(),
        named: LossNaming::Along,
    }
}

fn rows_of(table: &QualifiedName, named: LossNaming) -> Loss {
    Loss {
        kind: LossKind::Rows,
        relation: Some(table.clone()),
        column: None,
        what: "all its rows".to_owned(),
        named,
    }
}

/// True when there can be rows to lose: the table is not new here, or something wrote to it since.
fn may_have_rows(table: &QualifiedName, catalog: &Catalog) -> bool {
    match catalog.table(table) {
        None => true,
        Some(found) if found.persistence == Persistence::Temporary => false,
        Some(found) => !(catalog.is_new_in_migration(table) && found.rows == Rows::None),
    }
}

fn table(name: &QualifiedName, change: &TableChange, catalog: &Catalog) -> Vec<Loss> {
    match change {
        TableChange::Drop { reaction } => drop_table(name, *reaction, catalog),
        TableChange::SetPersistence(Persistence::Unlogged) if may_have_rows(name, catalog) => {
            vec![Loss {
                kind: LossKind::Durability,
                relation: Some(name.clone()),
                column: None,
                what: "a crash empties the table, and replicas do not have it".to_owned(),
                named: LossNaming::Named,
            }]
        }
        TableChange::Create(_)
        | TableChange::Rename(_)
        | TableChange::SetNamespace(_)
        | TableChange::SetOwner(_)
        | TableChange::SetParameters(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetCluster(_)
        | TableChange::SetReplicaIdentity(_)
        | TableChange::SetRowSecurity(_)
        | TableChange::SetTrigger { .. }
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => Vec::new(),
    }
}

/// A table goes with its partitions (children only by CASCADE), and by CASCADE with the views that read it.
fn drop_table(name: &QualifiedName, reaction: Reaction, catalog: &Catalog) -> Vec<Loss> {
    let mut losses = Vec::new();
    if may_have_rows(name, catalog) {
        losses.push(rows_of(name, LossNaming::Named));
    }
    for child in catalog.descendants(name) {
        let is_partition = catalog
            .table(&child)
            .is_some_and(|table| table.partition_of.is_some());
        if (is_partition || reaction == Reaction::Cascade) && may_have_rows(&child, catalog) {
            losses.push(rows_of(&child, LossNaming::Along));
        }
    }
    if reaction == Reaction::Cascade {
        losses.extend(catalog.views_of(name).map(|(view, found)| Loss {
            named: LossNaming::Along,
            ..structure(view, view_words(found.definition.kind))
        }));
        losses.extend(
            catalog
                .references_to(name)
                .filter(|(from, _, _)| *from != name)
                .map(|(from, constraint, _)| constraint_along(from, &constraint.name)),
        );
    }
    losses
}

fn constraint_along(table: &QualifiedName, constraint: &Ident) -> Loss {
    let mut what = String::from("the foreign key ");
    what.push_str(&constraint.quoted());
    Loss {
        named: LossNaming::Along,
        ..structure(table, &what)
    }
}

fn column(table: &QualifiedName, change: &ColumnChange, catalog: &Catalog) -> Vec<Loss> {
    match change {
        ColumnChange::Drop { name, reaction, .. } => drop_column(table, name, *reaction, catalog),
        ColumnChange::SetType {
            name,
            data_type,
            using,
            ..
        } => {
            let old = catalog.column(table, name).map(|column| &column.data_type);
            if using.is_none() && old.is_some_and(|old| !may_lose(old, data_type))
                || !may_have_rows(table, catalog)
            {
                return Vec::new();
            }
            let from = old.map_or_else(|| "its present type".to_owned(), ToString::to_string);
            vec![Loss {
                kind: LossKind::Precision,
                relation: Some(table.clone()),
                column: Some(name.clone()),
                what: ["what ", &data_type.to_string(), " cannot hold of ", &from].concat(),
                named: LossNaming::Named,
            }]
        }
        ColumnChange::SetExpression { name, .. } if may_have_rows(table, catalog) => vec![Loss {
            kind: LossKind::Values,
            relation: Some(table.clone()),
            column: Some(name.clone()),
            what: "the values the old expression gave".to_owned(),
            named: LossNaming::Named,
        }],
        ColumnChange::Add { .. }
        | ColumnChange::Rename { .. }
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
        | ColumnChange::SetCompression(_) => Vec::new(),
    }
}

/// A column goes with every index and constraint that uses it, those over several columns too.
fn drop_column(
    table: &QualifiedName,
    name: &Ident,
    reaction: Reaction,
    catalog: &Catalog,
) -> Vec<Loss> {
    let known = catalog.table(table);
    let is_virtual = known
        .and_then(|found| found.column(name))
        .is_some_and(|column| matches!(column.fill, Fill::Virtual(_)));
    let mut losses = Vec::new();
    if may_have_rows(table, catalog) && !is_virtual {
        losses.push(Loss {
            kind: LossKind::Values,
            relation: Some(table.clone()),
            column: Some(name.clone()),
            what: "the values of the column".to_owned(),
            named: LossNaming::Named,
        });
    }
    losses.extend(
        catalog
            .indexes_of(table)
            .filter(|(_, index)| uses(index, name))
            .map(|(index, _)| Loss {
                named: LossNaming::Along,
                ..structure(&index, "the index goes with the column")
            }),
    );
    losses.extend(
        known
            .into_iter()
            .flat_map(|found| constraints_on(found, name))
            .map(|constraint| {
                let mut what = String::from("the constraint ");
                what.push_str(&constraint.quoted());
                Loss {
                    named: LossNaming::Along,
                    ..structure(table, &what)
                }
            }),
    );
    if reaction == Reaction::Cascade {
        losses.extend(catalog.views_reading(table, name).map(|view| Loss {
            named: LossNaming::Along,
            ..structure(view, "the view goes with the column")
        }));
    }
    losses
}

fn uses(index: &crate::Index, column: &Ident) -> bool {
    index.constraint.is_none()
        && (index.definition.include.contains(column)
            || index.definition.keys.iter().any(|key| match &key.part {
                IndexKeyPart::Column(name) => name == column,
                IndexKeyPart::Expression(expression) => expression.columns.contains(column),
            })
            || index
                .definition
                .predicate
                .as_ref()
                .is_some_and(|predicate| predicate.columns.contains(column)))
}

/// The constraints that go with a column. NOT NULL is the column's own.
fn constraints_on<'a>(table: &'a Table, column: &'a Ident) -> impl Iterator<Item = &'a Ident> {
    table
        .constraints
        .iter()
        .filter(move |constraint| match &constraint.kind {
            ConstraintKind::Check(check) => check.columns.contains(column),
            ConstraintKind::Unique(KeyColumns::Build { columns, include })
            | ConstraintKind::PrimaryKey(KeyColumns::Build { columns, include }) => {
                columns.contains(column) || include.contains(column)
            }
            ConstraintKind::Unique(KeyColumns::UsingIndex(_))
            | ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_)) => false,
            ConstraintKind::ForeignKey(key) => key.columns.contains(column),
            ConstraintKind::Exclude { keys, .. } => keys
                .iter()
                .any(|key| matches!(&key.part, IndexKeyPart::Column(name) if name == column)),
            ConstraintKind::NotNull(_) => false,
        })
        .map(|constraint| &constraint.name)
}

/// Whether a value of the old type may not fit the new one. Conservative: what is not listed may.
fn may_lose(old: &DataType, new: &DataType) -> bool {
    if old == new {
        return false;
    }
    if old.dimensions != new.dimensions {
        return true;
    }
    let widens = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .any(|(from, to)| old.base_is(from) && new.base_is(to))
    };
    if widens(&[
        ("smallint", "integer"),
        ("smallint", "bigint"),
        ("integer", "bigint"),
        ("real", "double precision"),
        ("date", "timestamp without time zone"),
        ("character varying", "text"),
        ("json", "jsonb"),
        ("cidr", "inet"),
    ]) {
        return false;
    }
    if new.modifiers.is_empty() && (new.base_is("text") || new.base_is("character varying")) {
        return false;
    }
    if new.modifiers.is_empty() && new.base_is("numeric") {
        return !["numeric", "smallint", "integer", "bigint"]
            .iter()
            .any(|exact| old.base_is(exact));
    }
    if old.name != new.name {
        return true;
    }
    match (old.modifier(0), new.modifier(0)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(before), Some(after)) => {
            let scale = |data_type: &DataType| data_type.modifier(1).unwrap_or(0);
            after - scale(new) < before - scale(old) || scale(new) < scale(old)
        }
    }
}

fn rows(change: &DataChange, catalog: &Catalog) -> Vec<Loss> {
    match change {
        DataChange::Truncate {
            tables, reaction, ..
        } => truncate(tables, *reaction, catalog),
        DataChange::Delete { table, reach, .. } if may_have_rows(table, catalog) => vec![Loss {
            what: match reach {
                Reach::All => "all its rows".to_owned(),
                Reach::Some | Reach::Unknown => "the rows its condition picks".to_owned(),
            },
            ..rows_of(table, LossNaming::Named)
        }],
        DataChange::Update {
            table, assignments, ..
        } if may_have_rows(table, catalog) => assignments
            .iter()
            .map(|assignment| Loss {
                kind: LossKind::Values,
                relation: Some(table.clone()),
                column: Some(assignment.column.clone()),
                what: "the values it overwrites".to_owned(),
                named: LossNaming::Named,
            })
            .collect(),
        DataChange::Merge { table, .. } if may_have_rows(table, catalog) => vec![Loss {
            what: "the rows and values it deletes or overwrites".to_owned(),
            ..rows_of(table, LossNaming::Named)
        }],
        DataChange::Insert { .. }
        | DataChange::Update { .. }
        | DataChange::Delete { .. }
        | DataChange::Merge { .. }
        | DataChange::CopyIn { .. }
        | DataChange::CopyOut { .. }
        | DataChange::Select(_)
        | DataChange::SetSequenceValue(_) => Vec::new(),
    }
}

/// TRUNCATE reaches partitions and children always, and by CASCADE every table that references one of them, and so on.
fn truncate(tables: &[QualifiedName], reaction: Reaction, catalog: &Catalog) -> Vec<Loss> {
    let mut reached: Vec<QualifiedName> = tables.to_vec();
    let mut seen: BTreeSet<QualifiedName> = tables.iter().cloned().collect();
    let mut next = 0;
    while let Some(table) = reached.get(next).cloned() {
        let mut along: Vec<QualifiedName> = catalog
            .linked(&Link::Descends(table.clone()))
            .cloned()
            .collect();
        if reaction == Reaction::Cascade {
            along.extend(catalog.linked(&Link::References(table)).cloned());
        }
        for found in along {
            if seen.insert(found.clone()) {
                reached.push(found);
            }
        }
        next += 1;
    }
    reached
        .iter()
        .filter(|table| may_have_rows(table, catalog))
        .map(|table| {
            rows_of(
                table,
                if tables.contains(table) {
                    LossNaming::Named
                } else {
                    LossNaming::Along
                },
            )
        })
        .collect()
}

fn namespace(name: &Ident, change: &NamespaceChange, catalog: &Catalog) -> Vec<Loss> {
    let NamespaceChange::Drop {
        reaction: Reaction::Cascade,
        ..
    } = change
    else {
        return Vec::new();
    };
    catalog
        .relations()
        .filter(|(relation, _)| &relation.namespace == name)
        .filter_map(|(relation, found)| match found {
            Relation::Table(_) => Some(rows_of(relation, LossNaming::Along)),
            Relation::View(view) => Some(Loss {
                named: LossNaming::Along,
                ..structure(relation, view_words(view.definition.kind))
            }),
            Relation::Index(_) | Relation::Sequence(_) => None,
        })
        .collect()
}

fn columns_of_type(name: &QualifiedName, catalog: &Catalog) -> Vec<Loss> {
    catalog
        .linked(&Link::HasType(name.clone()))
        .filter_map(|table| catalog.table(table).map(|found| (table, found)))
        .flat_map(|(table, found)| {
            found
                .columns
                .iter()
                .filter(|column| column.data_type.user_type() == Some(name))
                .map(|column| Loss {
                    kind: LossKind::Values,
                    relation: Some(table.clone()),
                    column: Some(column.name.clone()),
                    what: "the values of the column, which goes with its type".to_owned(),
                    named: LossNaming::Along,
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ChosenName, Constraint, Deferral, Enforcement, ForeignKey, Knowledge, ReferentialAction,
        TruncateIdentity, Validity,
    };

    fn name(text: &str) -> QualifiedName {
        QualifiedName::new("public", text)
    }

    fn references(catalog: &mut Catalog, from: &str, to: &str) {
        let key = ConstraintKind::ForeignKey(ForeignKey {
            columns: vec!["x".into()],
            references: name(to),
            referenced_columns: Vec::new(),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
        });
        let constraint = Constraint {
            name: ChosenName::Given("fk".into()),
            kind: key,
            validity: Validity::Valid,
            enforcement: Enforcement::Enforced,
            deferral: Deferral::NotDeferrable,
        };
        let mut table = Table::new(catalog.now, Knowledge::Assumed);
        table.constraints.push(crate::TableConstraint {
            name: "fk".into(),
            kind: constraint.kind,
            validity: constraint.validity,
            enforcement: constraint.enforcement,
            deferral: constraint.deferral,
            index: None,
            born: catalog.now,
        });
        catalog.insert_relation(name(from), Relation::Table(Box::new(table)));
    }

    #[test]
    fn truncate_cascade_names_every_table_it_empties() {
        let mut catalog = Catalog::default();
        references(&mut catalog, "orders", "users");
        references(&mut catalog, "lines", "orders");
        let change = Change::Data(DataChange::Truncate {
            tables: vec![name("users")],
            reaction: Reaction::Cascade,
            identity: TruncateIdentity::Continue,
        });
        let emptied: Vec<_> = destroys(&change, &catalog)
            .into_iter()
            .map(|loss| (loss.relation.unwrap(), loss.named))
            .collect();
        assert_eq!(
            emptied,
            [
                (name("users"), LossNaming::Named),
                (name("orders"), LossNaming::Along),
                (name("lines"), LossNaming::Along)
            ]
        );
    }

    #[test]
    fn widening_loses_nothing_and_narrowing_may() {
        let varchar = |length: &str| DataType {
            modifiers: vec![length.to_owned()],
            ..DataType::built_in("character varying")
        };
        assert!(!may_lose(&varchar("10"), &varchar("20")));
        assert!(may_lose(&varchar("20"), &varchar("10")));
        assert!(!may_lose(
            &DataType::built_in("integer"),
            &DataType::built_in("bigint")
        ));
        assert!(may_lose(
            &DataType::built_in("bigint"),
            &DataType::built_in("integer")
        ));
    }
}
