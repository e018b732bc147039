//! What a statement locks, scans, rewrites and builds, on PostgreSQL 12 to 18.
//!
//! One file for each kind of object, to be read beside the manual: each fact names its section, or says on which
//! versions it was measured. Where the answer is wider than what was observed, the reason stands beside it. What could
//! not be read is unknown, never harmless.

mod alter_column;
mod alter_table;
mod attached;
mod bound;
mod column_type;
mod constraint;
mod data;
mod domain;
mod enum_value;
mod index;
mod ledger;
mod maintenance;
mod partition;
mod privilege;
mod removal;
mod sequence;
mod session;
mod storage;
mod table;
mod user_type;
mod view;

use segue_model::{
    Change, Context, Impact, Program, QualifiedName, Statement, TableChange, Target,
    TransactionState, ViewChange,
};

use ledger::Ledger;

/// Locks and work of one statement.
pub(crate) fn impact(changes: &[Change], context: &Context<'_>) -> Impact {
    let mut ledger = Ledger::new(context);
    let mut rest = changes;
    while let Some((first, others)) = rest.split_first() {
        let Some(target) = altered(first) else {
            single(first, changes, &mut ledger);
            rest = others;
            continue;
        };
        let count = rest
            .iter()
            .take_while(|change| altered(change).is_some_and(|other| other.name == target.name))
            .count();
        let (group, after) = rest.split_at(count);
        let group: Vec<&Change> = group.iter().collect();
        alter_table::alter_table(target, &group, &mut ledger);
        rest = after;
    }
    ledger.finish()
}

/// The table of a subcommand of ALTER TABLE.
fn altered(change: &Change) -> Option<&Target> {
    match change {
        Change::Table(target, change) => alter_table::is_alteration(change).then_some(target),
        Change::Column(target, _)
        | Change::Constraint(target, _)
        | Change::Partition(target, _) => Some(target),
        Change::Namespace(..)
        | Change::Index(..)
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
        | Change::Privilege(..)
        | Change::Comment(..)
        | Change::Data(..)
        | Change::Maintenance(..)
        | Change::Session(..)
        | Change::Transaction(..)
        | Change::Program(..)
        | Change::Other(..)
        | Change::Opaque(..) => None,
    }
}

/// A change that makes a statement alone, or stands in a list of its like (`DROP TABLE a, b`).
fn single(change: &Change, statement: &[Change], ledger: &mut Ledger<'_>) {
    match change {
        Change::Table(target, TableChange::Create(definition)) => {
            table::create(target, definition, ledger);
        }
        Change::Table(target, TableChange::Drop { reaction }) => {
            removal::drop_table(
                target,
                *reaction,
                &dropped_beside(change, statement),
                ledger,
            );
        }
        // Subcommands of ALTER TABLE go together: see `altered`.
        Change::Table(..) | Change::Column(..) | Change::Constraint(..) | Change::Partition(..) => {
        }
        Change::Namespace(name, change) => privilege::namespace(name, change, ledger),
        Change::Index(change) => index::change(change, ledger),
        Change::View(target, inner) => {
            view::change(target, inner, &dropped_beside(change, statement), ledger);
        }
        Change::Sequence(target, change) => sequence::change(target, change, ledger),
        Change::Type(name, change) => user_type::change(name, change, ledger),
        Change::Domain(name, change) => domain::change(name, change, ledger),
        Change::Routine(name, change) => attached::routine(name, change, ledger),
        Change::Trigger(table, change) => attached::trigger(table, change, ledger),
        Change::Rule(table, change) => attached::rule(table, change, ledger),
        Change::Policy(table, change) => attached::policy(table, change, ledger),
        Change::Statistics(name, change) => attached::statistics(name, change, ledger),
        Change::Publication(name, change) => attached::publication(name, change, ledger),
        Change::Extension(name, change) => privilege::extension(name, change, ledger),
        Change::Privilege(change) => privilege::privilege(change, ledger),
        Change::Comment(target, _) => privilege::comment(target, ledger),
        Change::Data(change) => data::change(change, ledger),
        Change::Maintenance(change) => maintenance::change(change, ledger),
        Change::Session(change) => session::change(change, ledger),
        Change::Transaction(_) => {}
        Change::Program(program) => run_program(program, ledger),
        Change::Other(object) => session::other(object, ledger),
        Change::Opaque(opaque) => {
            ledger.unknown(format!("what could not be read: {}", opaque.message));
        }
    }
}

/// What else the statement drops: it is no obstacle.
fn dropped_beside(change: &Change, statement: &[Change]) -> Vec<QualifiedName> {
    statement
        .iter()
        .filter(|other| *other != change)
        .filter_map(dropped)
        .cloned()
        .collect()
}

fn dropped(change: &Change) -> Option<&QualifiedName> {
    if let Change::Table(target, TableChange::Drop { .. })
    | Change::View(target, ViewChange::Drop { .. }) = change
    {
        Some(&target.name)
    } else {
        None
    }
}

/// A program's statements may each run: their union. What in it could not be read may do anything.
fn run_program(program: &Program, ledger: &mut Ledger<'_>) {
    inner(&program.statements, ledger);
    for unread in &program.unread {
        ledger.unknown(format!(
            "what could not be read inside the program: {}",
            unread.message
        ));
    }
}

/// The statements of a program or function: they run in a transaction, one after the other.
fn inner(statements: &[Statement], ledger: &mut Ledger<'_>) {
    let mut transaction = ledger.context.transaction.clone();
    if transaction.state == TransactionState::None {
        transaction.state = TransactionState::File;
    }
    let mut born_inside: Vec<QualifiedName> = Vec::new();
    for statement in statements {
        let context = Context {
            transaction: &transaction,
            ..*ledger.context
        };
        let found = impact(&statement.changes, &context);
        ledger.absorb(found);
        for change in &statement.changes {
            if let Change::Table(target, TableChange::Create(_)) = change
                && ledger.catalog().relation(&target.name).is_none()
            {
                born_inside.push(target.name.clone());
            }
        }
    }
    ledger.forget(&born_inside);
}
