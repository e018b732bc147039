//! Is it already true here?
//!
//! Asked when a run is resumed and after each step. What the catalog does not keep (privileges, rows, storage of a
//! column) is `Unknown`, never `Yes`.

mod likeness;
mod object;
mod relation;
mod table;
#[cfg(test)]
mod tests;

use crate::{Catalog, Change, Holds, Program, RoutineBody};

/// Whether what the change is for is true in this catalog already.
pub fn holds(change: &Change, catalog: &Catalog) -> Holds {
    match change {
        Change::Namespace(name, what) => object::namespace(name, what, catalog),
        Change::Table(target, what) => table::table(target, what, catalog),
        Change::Column(target, what) => table::column(&target.name, what, catalog),
        Change::Constraint(target, what) => table::constraint(&target.name, what, catalog),
        Change::Partition(target, what) => table::partition(&target.name, what, catalog),
        Change::Index(what) => relation::index(what, catalog),
        Change::View(target, what) => relation::view(&target.name, what, catalog),
        Change::Sequence(target, what) => relation::sequence(&target.name, what, catalog),
        Change::Type(name, what) => object::user_type(name, what, catalog),
        Change::Domain(name, what) => object::domain(name, what, catalog),
        Change::Routine(name, what) => object::routine(name, what, catalog),
        Change::Trigger(table, what) => object::trigger(table, what, catalog),
        Change::Rule(table, what) => object::rule(table, what, catalog),
        Change::Policy(table, what) => object::policy(table, what, catalog),
        Change::Statistics(name, what) => object::statistics(name, what, catalog),
        Change::Publication(name, what) => object::publication(name, what, catalog),
        Change::Extension(name, what) => object::extension(name, what, catalog),
        Change::Comment(target, text) => object::comment(target, text.as_ref(), catalog),
        Change::Program(program) => program_holds(program, catalog),
        Change::Privilege(_) => unknown("the catalog does not keep privileges"),
        Change::Data(_) => unknown("the catalog does not keep rows"),
        Change::Maintenance(_) => unknown("upkeep leaves no trace in the catalog"),
        Change::Session(_) | Change::Transaction(_) => {
            unknown("a session's state is not part of the catalog")
        }
        Change::Other(_) => unknown("objects of this kind are not followed"),
        Change::Opaque(_) => unknown("the statement could not be read"),
    }
}

/// A program's purpose holds when that of everything inside holds, and everything inside could be read.
fn program_holds(program: &Program, catalog: &Catalog) -> Holds {
    if !program.unread.is_empty() {
        return unknown("part of the program could not be read");
    }
    let all = program
        .statements
        .iter()
        .flat_map(|statement| &statement.changes)
        .all(|change| holds(change, catalog) == Holds::Yes);
    if all && !program.statements.is_empty() {
        Holds::Yes
    } else {
        unknown("a program decides when it runs what it does")
    }
}

fn unknown(why: &str) -> Holds {
    Holds::Unknown(why.to_owned())
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the truth is what is answered, not an option"
)]
fn yes_if(holds: bool) -> Holds {
    if holds { Holds::Yes } else { Holds::No }
}

/// A rename is done when the new name is there and the old one is not.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "two facts of the catalog, not options"
)]
fn renamed(has_from: bool, has_to: bool, what: &str) -> Holds {
    match (has_from, has_to) {
        (false, true) => Holds::Yes,
        (true, false) => Holds::No,
        (true, true) => Holds::Differs(format!("both {what}s are there: the old name and the new")),
        (false, false) => Holds::Differs(format!(
            "no {what} is there, neither by the old name nor by the new"
        )),
    }
}

/// Two bodies are the same when their statements are; where they stand in their files does not matter.
fn same_body(one: &RoutineBody, other: &RoutineBody) -> bool {
    match (one, other) {
        (RoutineBody::Unread(one), RoutineBody::Unread(other)) => one == other,
        (RoutineBody::Read(one), RoutineBody::Read(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.changes == other.changes)
        }
        (RoutineBody::Unread(_), RoutineBody::Read(_))
        | (RoutineBody::Read(_), RoutineBody::Unread(_)) => false,
    }
}
