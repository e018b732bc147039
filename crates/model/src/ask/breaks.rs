//! Whom a change breaks while code written before it is still running.
//!
//! Pure: no server, no SQL. An `Opaque` change answers `Unknown`, never `Nobody`. What is new in the same migration
//! breaks nobody: no deployed code can know it.

mod object;
mod table;

use crate::{
    BreakKind, Breakage, Catalog, Change, DataChange, Ident, QualifiedName, SessionChange, Sides,
};

/// Whom this change breaks while code written before it still runs; empty when nobody.
pub fn breaks(change: &Change, catalog: &Catalog) -> Vec<Breakage> {
    match change {
        Change::Namespace(name, change) => object::namespace(name, change),
        Change::Table(target, change) => table::table(&target.name, change, catalog),
        Change::Column(target, change) => table::column(&target.name, change, catalog),
        Change::Constraint(target, change) => table::constraint(&target.name, change, catalog),
        Change::Partition(target, change) => table::partition(&target.name, change, catalog),
        Change::Index(change) => object::index(change, catalog),
        Change::View(target, change) => object::view(&target.name, change, catalog),
        Change::Sequence(target, change) => object::sequence(&target.name, change, catalog),
        Change::Type(name, change) => object::user_type(name, change, catalog),
        Change::Domain(name, change) => object::domain(name, change, catalog),
        Change::Routine(name, change) => object::routine(name, change, catalog),
        Change::Trigger(table, change) => object::trigger(table, change, catalog),
        Change::Rule(table, change) => object::rule(table, change, catalog),
        Change::Policy(table, change) => object::policy(table, change, catalog),
        Change::Extension(name, change) => object::extension(name, change),
        Change::Privilege(change) => object::privilege(change),
        Change::Data(change) => rows(change, catalog),
        Change::Program(program) => {
            let mut found: Vec<Breakage> = program
                .statements
                .iter()
                .flat_map(|statement| &statement.changes)
                .flat_map(|inner| breaks(inner, catalog))
                .collect();
            if !program.unread.is_empty() {
                found.push(unknown("part of the block could not be read"));
            }
            found
        }
        Change::Opaque(_) => vec![unknown("the statement could not be read")],
        Change::Session(SessionChange::Lock(_)) => Vec::new(),
        Change::Session(
            SessionChange::Set { .. }
            | SessionChange::Reset(_)
            | SessionChange::SetConstraints { .. }
            | SessionChange::Nothing { .. },
        )
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Comment(..)
        | Change::Maintenance(_)
        | Change::Transaction(_)
        | Change::Other(_) => Vec::new(),
    }
}

/// TRUNCATE takes rows away from readers; other writes are the application's own kind of business.
fn rows(change: &DataChange, catalog: &Catalog) -> Vec<Breakage> {
    match change {
        DataChange::Truncate { tables, .. } => tables
            .iter()
            .filter(|table| !catalog.is_new_in_migration(table))
            .map(|table| {
                Break::of(BreakKind::GuaranteeGone, Sides::Readers, table).says("its rows are gone")
            })
            .collect(),
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

/// A breakage in the making.
struct Break<'a> {
    kind: BreakKind,
    who: Sides,
    relation: Option<&'a QualifiedName>,
    column: Option<&'a Ident>,
}

impl<'a> Break<'a> {
    fn of(kind: BreakKind, who: Sides, relation: &'a QualifiedName) -> Self {
        Self {
            kind,
            who,
            relation: Some(relation),
            column: None,
        }
    }

    fn column(mut self, column: &'a Ident) -> Self {
        self.column = Some(column);
        self
    }

    fn says(self, operation: impl Into<String>) -> Breakage {
        Breakage {
            who: self.who,
            operation: operation.into(),
            relation: self.relation.cloned(),
            column: self.column.cloned(),
            kind: self.kind,
        }
    }
}

fn unknown(why: &str) -> Breakage {
    Breakage {
        who: Sides::Unknown,
        operation: why.to_owned(),
        relation: None,
        column: None,
        kind: BreakKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Birth, ColumnChange, Knowledge, Opaque, OpaqueReason, Relation, Span, Table, Target,
    };

    fn rename() -> Change {
        Change::Column(
            Target::required(QualifiedName::new("public", "users")),
            ColumnChange::Rename {
                from: "name".into(),
                to: "full_name".into(),
            },
        )
    }

    #[test]
    fn renaming_a_column_breaks_readers_and_writers() {
        let found = breaks(&rename(), &Catalog::default());
        assert_eq!(found[0].who, Sides::ReadersAndWriters);
        assert_eq!(found[0].column, Some("name".into()));
    }

    #[test]
    fn a_table_of_this_migration_breaks_nobody() {
        let mut catalog = Catalog::default();
        catalog.now = Birth {
            migration: 3,
            transaction: 9,
            statement: 20,
        };
        let table = Table::new(catalog.now, Knowledge::Whole);
        catalog.insert_relation(
            QualifiedName::new("public", "users"),
            Relation::Table(Box::new(table)),
        );
        assert!(breaks(&rename(), &catalog).is_empty());
    }

    #[test]
    fn what_could_not_be_read_is_never_called_harmless() {
        let opaque = Change::Opaque(Opaque {
            reason: OpaqueReason::SyntaxError,
            message: String::new(),
            span: Span::default(),
        });
        assert_eq!(breaks(&opaque, &Catalog::default())[0].who, Sides::Unknown);
    }
}
