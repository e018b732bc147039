//! One statement of the tree to its changes.

use segue_model::Change;
use squawk_syntax::ast;

use super::{
    ddl,
    reader::{ReadError, Reader},
};

/// The changes of one statement.
///
/// # Errors
/// A required part is missing, or something valid is not modelled.
pub(super) fn changes(
    reader: &mut Reader<'_>,
    statement: &ast::Stmt,
) -> Result<Vec<Change>, ReadError> {
    Ok(ddl::changes(reader, statement)?.unwrap_or_default())
}
