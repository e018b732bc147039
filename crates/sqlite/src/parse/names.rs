//! Names as SQLite stores them: quotes taken off, case kept and not looked at.
//!
//! Knows no catalog: a name without a database is one of `main`, or of `temp` where the statement says TEMP.

use segue_model::{Ident, QualifiedName};
use sqlite3_parser::ast;

/// The database of a name that is written without one.
pub(super) const MAIN: &str = "main";
/// The database of temporary objects.
pub(crate) const TEMP: &str = "temp";

/// A name without its quotes: `"a""b"`, `[a]`, `` `a` ``, `'a'`.
pub(super) fn unquoted(written: &str) -> Ident {
    for (open, close, doubled) in [
        ('"', '"', "\"\""),
        ('`', '`', "``"),
        ('\'', '\'', "''"),
        ('[', ']', ""),
    ] {
        let inside = written
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close));
        if let Some(inside) = inside {
            return if doubled.is_empty() {
                Ident::caseless(inside)
            } else {
                Ident::caseless(inside.replace(doubled, &close.to_string()))
            };
        }
    }
    Ident::caseless(written)
}

/// A name of the parser's.
pub(super) fn ident(name: &ast::Name<'_>) -> Ident {
    unquoted(name.0)
}

/// Names of the parser's.
pub(super) fn idents(names: &[ast::Name<'_>]) -> Vec<Ident> {
    names.iter().map(ident).collect()
}

/// A relation with its database.
pub(super) fn qualified(name: &ast::QualifiedName<'_>) -> QualifiedName {
    qualified_in(name, MAIN)
}

/// A relation with its database, which is this one where none is written.
pub(super) fn qualified_in(name: &ast::QualifiedName<'_>, database: &str) -> QualifiedName {
    QualifiedName {
        namespace: name
            .db_name
            .as_ref()
            .map_or_else(|| Ident::from(database), ident),
        name: ident(&name.name),
    }
}
