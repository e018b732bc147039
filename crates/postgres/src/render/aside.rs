//! What hangs on a column by its number, taken off it and put on the column that has its name later in the transaction.
//!
//! The server writes the statements that make each object again, with its owner, privileges, comments and switches, and
//! keeps them in a setting of the transaction. What it cannot write is looked for before anything starts.
//! Source: PostgreSQL 17 manual, 51.18 (`pg_depend`), 9.26 (system information functions); measured on 15 and 18.

use segue_model::{Ident, QualifiedName, Sql};

use super::{Rendered, refused};

/// What quotes a block.
const QUOTE: &str = "$segue$";

/// Takes off what hangs on the column.
pub(super) fn set_aside(table: &QualifiedName, column: &Ident) -> Rendered {
    block(table, column, include_str!("aside/set_aside.sql"))
}

/// Puts on the column what was taken off.
pub(super) fn put_back(table: &QualifiedName, column: &Ident) -> Rendered {
    block(table, column, include_str!("aside/put_back.sql"))
}

fn block(table: &QualifiedName, column: &Ident, body: &'static str) -> Rendered {
    let named = Sql::default().name(table);
    if named.as_str().contains(QUOTE) || column.as_str().contains(QUOTE) {
        return Err(refused("a name that contains $segue$"));
    }
    Ok(
        Sql::literal("DO $segue$ DECLARE of_table CONSTANT pg_catalog.regclass := ")
            .string(named.as_str())
            .text("; of_column CONSTANT name := ")
            .string(column.as_str())
            .text(";\n")
            .text(body)
            .text("$segue$"),
    )
}
