//! A live database as the model's catalog: the statements that make it are read and applied like any others.
//!
//! What a statement cannot say is set right afterwards: indexes that are invalid, tables that may have rows.

use segue_model::{
    Catalog, Change, Column, Fill, Ident, IndexState, Nullability, QualifiedName, Relation,
    Request, Rows, Session, Shape, apply,
};

use super::read::{self, Item, Reading};
use super::{DumpScope, IntrospectError, IntrospectScope, order};
use crate::parse;

/// The catalog of the session's database, as if it had been there before the first migration: every birth is zero,
/// tables may have rows, expressions are in the server's spelling.
///
/// Runs in a read-only transaction of its own, which is rolled back; no transaction may be open.
///
/// # Errors
/// What the server said, or a row of its catalog that makes no sense.
pub fn introspect<S: Session>(
    session: &mut S,
    scope: &IntrospectScope,
) -> Result<Catalog, IntrospectError<S::Error>> {
    let reading = read::in_snapshot(session, |session| match scope {
        IntrospectScope::Whole => read::whole(session, &DumpScope::default().without),
        IntrospectScope::Relations(names) => {
            read::relations(session, names, &[]).map_err(|(_, error)| error)
        }
    })?;
    Ok(fold(&reading))
}

/// Some relations, inside the transaction that is open, behind these requests and in the same journey.
///
/// # Errors
/// As [`introspect`], with the number of the request that failed; their count when the reading did.
pub(super) fn relations_after<S: Session>(
    session: &mut S,
    requests: &[Request<'_>],
    names: &std::collections::BTreeSet<QualifiedName>,
) -> Result<Catalog, (usize, IntrospectError<S::Error>)> {
    let settled = super::here::settled();
    let mut before = requests.to_vec();
    before.push(Request::Query(&settled, &[]));
    let reading = read::relations(session, names, &before)
        .map_err(|(number, error)| (number.min(requests.len()), error))?;
    Ok(fold(&reading))
}

fn fold(reading: &Reading) -> Catalog {
    let mut catalog = Catalog::default();
    let mut invalid = Vec::new();
    for item in order::loading(reading) {
        for change in changes(item, reading.version) {
            if item.flaw.is_some() {
                invalid.extend(index_of(&change));
            }
            // What it contradicts (a table outside of the scope) is not there to be reported.
            apply(&change, &mut catalog);
        }
    }
    for name in invalid {
        catalog.edit(&name, |relation| match relation {
            Relation::Index(index) => index.state = IndexState::Invalid,
            Relation::Table(_) | Relation::View(_) | Relation::Sequence(_) => {}
        });
    }
    let tables: Vec<QualifiedName> = catalog
        .relations()
        .filter(|(_, relation)| matches!(relation, Relation::Table(_)))
        .map(|(name, _)| name.clone())
        .collect();
    for name in tables {
        let serial = serials(&catalog, &name);
        catalog.edit_table(&name, |table| {
            table.rows = Rows::Unknown;
            for column in serial {
                if let Some(column) = table.column_mut(&column) {
                    column.fill = Fill::Serial;
                }
            }
        });
    }
    catalog
}

/// The columns that `serial` stands for: NOT NULL, and the next value of a sequence of their own.
fn serials(catalog: &Catalog, name: &QualifiedName) -> Vec<Ident> {
    let Some(table) = catalog.table(name) else {
        return Vec::new();
    };
    let is_serial = |column: &&Column| {
        let Fill::Default(default) = &column.fill else {
            return false;
        };
        let Shape::NextValue(sequence) = &default.shape else {
            return false;
        };
        column.nullability == Nullability::NotNull
            && catalog.sequence(sequence).is_some_and(|sequence| {
                sequence
                    .owned_by
                    .as_ref()
                    .is_some_and(|(table, own)| table == name && own == &column.name)
            })
    };
    table
        .columns
        .iter()
        .filter(is_serial)
        .map(|column| column.name.clone())
        .collect()
}

fn changes(item: &Item, version: u16) -> impl Iterator<Item = Change> {
    parse::statements(&item.text, version).flat_map(|statement| statement.changes)
}

fn index_of(change: &Change) -> Option<QualifiedName> {
    match change {
        Change::Index(segue_model::IndexChange::Create { index, .. }) => {
            Some(index.table.sibling(index.name.ident().clone()))
        }
        Change::Index(_)
        | Change::Namespace(..)
        | Change::Table(..)
        | Change::Column(..)
        | Change::Constraint(..)
        | Change::Partition(..)
        | Change::View(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Trigger(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(_)
        | Change::Comment(..)
        | Change::Data(_)
        | Change::Maintenance(_)
        | Change::Session(_)
        | Change::Transaction(_)
        | Change::Program(_)
        | Change::Other(_)
        | Change::Opaque(_) => None,
    }
}
