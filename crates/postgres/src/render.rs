//! SQL for the changes that Segue authors. Names are always quoted; the user's expressions stand in it verbatim.
//!
//! Refuses what the model does not hold in full (bodies of routines, conditions of triggers, privileges): such a
//! statement runs as its author wrote it.

mod alter_table;
mod aside;
mod column;
mod constraint;
mod create_table;
mod index;
mod object;
mod routine;
mod session;
mod sync;
mod view;

use segue_model::{
    Build, Change, ColumnChange, DataChange, IndexChange, Presence, QualifiedName, Reaction, Sql,
    TableChange, Target, Unrenderable, ViewChange,
};

pub(crate) use sync::differ;

/// One statement, or why Segue does not write it.
type Rendered = Result<Sql, Unrenderable>;

/// SQL for changes that make one statement together.
///
/// # Errors
/// [`Unrenderable`] for changes that Segue never authors, and for lists that no single statement can do.
pub(crate) fn render(changes: &[Change]) -> Rendered {
    match changes {
        [] => Err(refused("there is no change")),
        [change] => one(change),
        // `SELECT setval(…)`: the query is the statement, and what it sets is said beside it.
        [
            Change::Data(DataChange::SetSequenceValue(_)),
            query @ Change::Data(DataChange::Select(_)),
        ] => one(query),
        several => together(several),
    }
}

fn one(change: &Change) -> Rendered {
    match change {
        Change::Namespace(name, change) => Ok(object::namespace(name, change)),
        Change::Table(target, TableChange::Create(definition)) => {
            create_table::create_table(target, definition)
        }
        Change::Table(target, TableChange::Drop { reaction }) => {
            Ok(drop_relation("DROP TABLE ", target, *reaction))
        }
        Change::Column(target, ColumnChange::SetAside(name)) => {
            aside::set_aside(&target.name, name)
        }
        Change::Column(target, ColumnChange::PutBack(name)) => aside::put_back(&target.name, name),
        Change::Table(..) | Change::Column(..) | Change::Constraint(..) | Change::Partition(..) => {
            alter_table::alter_table(std::slice::from_ref(change))
        }
        Change::Index(change) => index::index(change),
        Change::View(target, change) => view::view(target, change),
        Change::Sequence(target, change) => object::sequence(target, change),
        Change::Type(name, change) => object::type_change(name, change),
        Change::Domain(name, change) => object::domain(name, change),
        Change::Routine(name, change) => routine::routine(name, change),
        Change::Trigger(table, change) => routine::trigger(table, change),
        Change::Rule(table, change) => routine::rule(table, change),
        Change::Policy(table, change) => routine::policy(table, change),
        Change::Statistics(name, change) => routine::statistics(name, change),
        Change::Publication(name, change) => routine::publication(name, change),
        Change::Extension(name, change) => routine::extension(name, change),
        Change::Comment(target, text) => object::comment(target, text.as_deref()),
        Change::Data(change) => session::data(change),
        Change::Maintenance(change) => session::maintenance(change),
        Change::Session(change) => session::session(change),
        Change::Transaction(change) => session::transaction(change),
        Change::Privilege(_) => Err(refused("privileges and owners of many objects")),
        Change::Program(_) => Err(refused("a block of code")),
        Change::Other(_) => Err(refused("an object that is not modelled")),
        Change::Opaque(_) => Err(refused("a statement that could not be read")),
    }
}

/// Several changes in one statement: one DROP of several objects, or subcommands of one ALTER TABLE.
fn together(changes: &[Change]) -> Rendered {
    let Some(first) = changes.first().and_then(dropped) else {
        return alter_table::alter_table(changes);
    };
    let names = changes
        .iter()
        .map(|change| {
            let next =
                dropped(change).ok_or_else(|| refused("changes that are several statements"))?;
            if (next.words, next.presence, next.reaction)
                == (first.words, first.presence, first.reaction)
            {
                Ok(next.name)
            } else {
                Err(refused("drops that differ in kind"))
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let sql =
        if_exists(Sql::literal(first.words), first.presence)
            .list(&names, ", ", |sql, name| sql.name(name));
    Ok(cascade(sql, first.reaction))
}

/// One object of a DROP that can name several.
struct Dropped<'a> {
    words: &'static str,
    name: &'a QualifiedName,
    presence: Presence,
    reaction: Reaction,
}

fn dropped(change: &Change) -> Option<Dropped<'_>> {
    let (words, name, presence, reaction) =
        if let Change::Table(target, TableChange::Drop { reaction }) = change {
            ("DROP TABLE ", &target.name, target.presence, *reaction)
        } else if let Change::View(target, ViewChange::Drop { kind, reaction }) = change {
            (
                view::drop_words(*kind),
                &target.name,
                target.presence,
                *reaction,
            )
        } else if let Change::Index(IndexChange::Drop {
            name,
            build: Build::Blocking,
            presence,
            reaction,
        }) = change
        {
            ("DROP INDEX ", name, *presence, *reaction)
        } else {
            return None;
        };
    Some(Dropped {
        words,
        name,
        presence,
        reaction,
    })
}

fn drop_relation(words: &'static str, target: &Target, reaction: Reaction) -> Sql {
    let sql = if_exists(Sql::literal(words), target.presence).name(&target.name);
    cascade(sql, reaction)
}

/// Why Segue does not author a change.
fn refused(what: &str) -> Unrenderable {
    Unrenderable(what.to_owned())
}

/// Appends `IF EXISTS`.
fn if_exists(sql: Sql, presence: Presence) -> Sql {
    match presence {
        Presence::Required => sql,
        Presence::Lenient => sql.text("IF EXISTS "),
    }
}

/// Appends `IF NOT EXISTS`.
fn if_not_exists(sql: Sql, presence: Presence) -> Sql {
    match presence {
        Presence::Required => sql,
        Presence::Lenient => sql.text("IF NOT EXISTS "),
    }
}

/// Appends `CASCADE`; RESTRICT is what is meant without a word.
fn cascade(sql: Sql, reaction: Reaction) -> Sql {
    match reaction {
        Reaction::Restrict => sql,
        Reaction::Cascade => sql.text(" CASCADE"),
    }
}
