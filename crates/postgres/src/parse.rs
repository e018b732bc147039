//! SQL text to changes. The only module (with its children) that knows the parser crate.
//!
//! Reading never fails as a whole and never guesses: a statement that cannot be read in full is one `Opaque`, and its
//! neighbours keep their changes. Callers give it a thread with a stack of 64 MiB; the ceilings of `limits` are for that.

mod audit;
mod client;
mod data;
mod data_type;
mod ddl;
mod dispatch;
mod expression;
mod into;
mod limits;
mod names;
mod normal;
mod other;
mod placeholder;
mod program;
mod query;
mod reader;
mod rename;
mod row_by_row;
mod session;
mod since;
mod split;
mod statement;
mod tree;
mod uses;

#[cfg(test)]
mod tests;

pub(crate) use normal::normalized;
pub(crate) use rename::{column, of_one_row, read as expression, renamed};
use segue_model::Statement;

/// Reads SQL, one statement after the other. What cannot be read is one `Opaque` statement; its neighbours keep their
/// changes.
pub(crate) fn statements(text: &str, version: u16) -> impl Iterator<Item = Statement> + '_ {
    let mut scope = reader::Scope::default();
    split::Pieces::new(text)
        .filter_map(move |piece| statement::read(text, version, &mut scope, piece))
}

/// True when there is no statement in a text. What is plain SQL is not parsed for that.
pub(crate) fn is_empty(text: &str, version: u16) -> bool {
    let mut scope = reader::Scope::default();
    !split::Pieces::new(text).any(|piece| {
        statement::is_plain(text, &piece)
            || statement::read(text, version, &mut scope, piece).is_some()
    })
}

/// All statements of a text.
#[cfg(test)]
pub(crate) fn read(text: &str, version: u16) -> Vec<Statement> {
    statements(text, version).collect()
}
