//! SQL text to changes. The only module (with its children) that knows the parser crate.
//!
//! Reading never fails as a whole and never guesses: the text is cut into statements by a scanner of our own, each is
//! parsed alone, and what cannot be read in full is one `Opaque` while its neighbours keep their changes. Callers give it
//! a thread with a large stack: the ceilings of `split` are for 64 MiB.
//!
//! Names keep the case they are written in, and are compared without regard to ASCII case, as SQLite does. Bodies of triggers are not followed: a trigger is known
//! by its table, its events and its timing.

mod data;
mod definition;
mod dispatch;
mod names;
mod normal;
mod split;
mod statement;
mod table;
mod uses;

#[cfg(test)]
mod tests;

use segue_model::Statement;

pub(crate) use names::TEMP;
pub(crate) use normal::normalized;
pub(crate) use table::{AUTOINCREMENT, STRICT, WITHOUT_ROWID, is_beside_column};

/// Reads SQL, one statement after the other. What cannot be read is one `Opaque` statement.
pub(crate) fn statements(text: &str) -> impl Iterator<Item = Statement> + '_ {
    split::Pieces::new(text).map(move |piece| statement::read(text, &piece))
}
