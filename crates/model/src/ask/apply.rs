//! The catalog afterwards.
//!
//! Pure, best effort, never a panic: a statement that contradicts the catalog is reported, and what it means is done all
//! the same as far as it makes sense. A table that was only mentioned is assumed, and stays silent from then on.
//! Reads (queries, views over unknown relations) are not reported: the server's own relations are not in a catalog.

mod aside;
mod attached;
#[cfg(test)]
pub(super) mod build;
mod column;
mod constraint;
mod create;
mod domain;
mod drop;
mod index;
pub(super) mod mention;
pub(super) mod naming;
mod object;
mod partition;
mod rename;
mod routine;
mod rows;
mod sequence;
mod table;
#[cfg(test)]
mod tests;
mod user_type;
mod view;

use std::fmt::Display;

pub(super) use constraint::{free_constraint_name, plain_index, plain_key};
pub(super) use index::does_the_same;
pub(super) use object::comment_key;
pub(super) use sequence::owner;

use crate::{
    Catalog, Change, Contradiction, ContradictionKind, Ident, Knowledge, Link, Presence,
    QualifiedName, Relation, Scope, Target,
};

/// Changes the catalog as the server would. What contradicts it is reported, and the rest is done all the same.
pub fn apply(change: &Change, catalog: &mut Catalog) -> Vec<Contradiction> {
    let mut effect = Effect {
        catalog,
        contradictions: Vec::new(),
        runs: Runs::Surely,
    };
    effect.change(change);
    effect.contradictions
}

/// One change taking effect.
struct Effect<'a> {
    catalog: &'a mut Catalog,
    contradictions: Vec<Contradiction>,
    runs: Runs,
}

/// Whether a change runs at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// It stands in the file.
    Surely,
    /// It stands inside a program, perhaps behind a condition: nothing it says contradicts anything.
    Perhaps,
}

impl Effect<'_> {
    fn change(&mut self, change: &Change) {
        match change {
            Change::Namespace(name, what) => self.namespace(name, what),
            Change::Table(target, what) => self.table(target, what),
            Change::Column(target, what) => self.column(target, what),
            Change::Constraint(target, what) => self.constraint(target, what),
            Change::Partition(target, what) => self.partition(target, what),
            Change::Index(what) => self.index(what),
            Change::View(target, what) => self.view(target, what),
            Change::Sequence(target, what) => self.sequence(target, what),
            Change::Type(name, what) => self.user_type(name, what),
            Change::Domain(name, what) => self.domain(name, what),
            Change::Routine(name, what) => self.routine(name, what),
            Change::Trigger(table, what) => self.trigger(table, what),
            Change::Rule(table, what) => self.rule(table, what),
            Change::Policy(table, what) => self.policy(table, what),
            Change::Statistics(name, what) => self.statistics(name, what),
            Change::Publication(name, what) => self.publication(name, what),
            Change::Extension(name, what) => self.extension(name, what),
            Change::Privilege(what) => self.privilege(what),
            Change::Comment(target, text) => self.comment(target, text.as_ref()),
            Change::Data(what) => self.rows(what),
            Change::Program(program) => {
                let runs = std::mem::replace(&mut self.runs, Runs::Perhaps);
                for statement in &program.statements {
                    for inner in &statement.changes {
                        self.change(inner);
                    }
                }
                self.runs = runs;
            }
            Change::Maintenance(_)
            | Change::Session(_)
            | Change::Transaction(_)
            | Change::Other(_)
            | Change::Opaque(_) => {}
        }
    }

    fn report(&mut self, kind: ContradictionKind, name: String, message: String) {
        if self.runs == Runs::Surely {
            self.contradictions.push(Contradiction {
                kind,
                name,
                message,
            });
        }
    }

    /// Something is named that is not there; nothing is said when the statement allows for it.
    fn missing(&mut self, what: &str, name: impl Display, presence: Presence) {
        match presence {
            Presence::Lenient => {}
            Presence::Required => {
                let name = name.to_string();
                let message = format!("{what} {name} does not exist: nothing so far created it");
                self.report(ContradictionKind::Missing, name, message);
            }
        }
    }

    /// A part of a relation is named that is not there.
    fn missing_part(&mut self, what: &str, part: &Ident, of: &QualifiedName) {
        let message = format!("{what} {part} of {of} does not exist");
        self.report(ContradictionKind::Missing, part.to_string(), message);
    }

    /// Something is created that is there; nothing is said when the statement allows for it.
    fn exists(&mut self, what: &str, name: impl Display, presence: Presence) {
        match presence {
            Presence::Lenient => {}
            Presence::Required => {
                let name = name.to_string();
                let message = format!("{what} {name} exists already");
                self.report(ContradictionKind::Exists, name, message);
            }
        }
    }

    /// Something is there and does not fit; `why` is the whole sentence.
    fn unfit(&mut self, name: impl Display, why: String) {
        self.report(ContradictionKind::Unfit, name.to_string(), why);
    }

    /// True when there is a table to change: one that is not known is assumed, and said once.
    fn require_table(&mut self, name: &QualifiedName, presence: Presence) -> bool {
        match self.catalog.relation(name) {
            Some(Relation::Table(_)) => true,
            Some(Relation::Index(_) | Relation::View(_) | Relation::Sequence(_)) => {
                self.unfit(name, format!("{name} is not a table"));
                false
            }
            None if presence == Presence::Lenient => false,
            None => {
                self.missing("table", name, presence);
                self.catalog.insert_relation(
                    name.clone(),
                    Relation::Table(Box::new(Catalog::assumed_table())),
                );
                true
            }
        }
    }

    /// True when nothing that lacks on this table is a contradiction: it, or what its columns come from, was only
    /// mentioned.
    fn is_assumed(&self, name: &QualifiedName) -> bool {
        let Some(table) = self.catalog.table(name) else {
            return true;
        };
        table.knowledge == Knowledge::Assumed
            || table
                .inherits
                .iter()
                .chain(table.partition_of.iter().map(|(parent, _)| parent))
                .any(|parent| {
                    self.catalog
                        .table(parent)
                        .is_none_or(|parent| parent.knowledge == Knowledge::Assumed)
                })
            || table
                .of_type
                .as_ref()
                .is_some_and(|of| !self.catalog.types.contains_key(of))
    }

    /// True when a name that is not known may belong to a table of this namespace that was only mentioned.
    fn may_be_of_assumed(&self, name: &QualifiedName) -> bool {
        self.catalog
            .linked(&Link::AssumedIn(name.namespace.clone()))
            .next()
            .is_some()
    }

    /// The table of a target and, unless it says ONLY, what descends from it.
    fn reach(&self, target: &Target) -> Vec<QualifiedName> {
        let mut tables = vec![target.name.clone()];
        match target.scope {
            Scope::WithDescendants => tables.extend(self.catalog.descendants(&target.name)),
            Scope::Only => {}
        }
        tables
    }

    /// Reports the columns that a table we know whole does not have.
    fn require_columns<'b>(
        &mut self,
        table: &QualifiedName,
        columns: impl IntoIterator<Item = &'b Ident>,
    ) {
        if self.is_assumed(table) {
            return;
        }
        for column in columns {
            if self.catalog.column(table, column).is_none() {
                self.missing_part("column", column, table);
            }
        }
    }
}
