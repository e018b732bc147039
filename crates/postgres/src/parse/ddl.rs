//! Statements that change structure: one file per kind of object.
//!
//! Refuses half answers: a required part that is not there, or a clause that the model cannot hold, makes the whole
//! statement unreadable.

mod aggregate;
mod alter_column;
mod alter_table;
mod clause;
mod column;
mod comment;
mod constraint;
mod domain;
mod extension;
mod generated_name;
mod index;
mod namespace;
mod other_drop;
mod partition;
mod policy;
mod privilege;
mod publication;
mod routine;
mod rule;
mod sequence;
mod statistics;
mod table;
mod trigger;
mod user_type;
mod view;

#[cfg(test)]
mod tests;

use segue_model::Change;
use squawk_syntax::ast;

use super::reader::{ReadError, Reader};

/// What a file of this folder makes of a statement: none when it is about another kind of object.
type Answer = Result<Option<Vec<Change>>, ReadError>;

/// The kinds of object, the frequent ones first.
const KINDS: &[fn(&mut Reader<'_>, &ast::Stmt) -> Answer] = &[
    table::changes,
    alter_table::changes,
    index::changes,
    view::changes,
    sequence::changes,
    user_type::changes,
    domain::changes,
    routine::changes,
    aggregate::changes,
    trigger::changes,
    rule::changes,
    policy::changes,
    statistics::changes,
    publication::changes,
    extension::changes,
    namespace::changes,
    privilege::changes,
    comment::changes,
    other_drop::changes,
];

/// The changes of a statement that changes structure; none when it is of another kind.
///
/// # Errors
/// A required part is missing, or something valid is not modelled.
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    for read in KINDS {
        if let Some(changes) = read(reader, statement)? {
            return Ok(Some(changes));
        }
    }
    Ok(None)
}
