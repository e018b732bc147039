//! The structure of a database as text that makes it again.

use segue_model::Session;

use super::read::{self, Reading};
use super::{DumpScope, IntrospectError, order};

const HEAD: &str = "\
-- Structure of a database, written by Segue. Loads into an empty database of the same major version.
SET check_function_bodies = off;
SET search_path = pg_catalog;
SET default_table_access_method = heap;
";
const TAIL: &str = "\
RESET default_table_access_method;
RESET search_path;
RESET check_function_bodies;
";

/// Writes the structure of the session's database: every object outside of the scope's exceptions, of extensions and of
/// the server itself, in an order that loads, the same bytes for the same structure. Loading it into an empty database
/// of the same major version and dumping that gives the same text.
///
/// Runs in a read-only transaction of its own, which is rolled back; no transaction may be open. Takes ACCESS SHARE on
/// what the server's definition functions look at. Rows, roles, owners and tablespaces are not part of it; objects of
/// kinds that are not covered are counted in lines that begin with `-- not dumped:`.
///
/// # Errors
/// What the server said, or a row of its catalog that makes no sense.
///
/// Source: PostgreSQL 18 manual, chapter 53 (system catalogs), 9.27 (system information functions).
pub fn dump<S: Session>(
    session: &mut S,
    scope: &DumpScope,
) -> Result<String, IntrospectError<S::Error>> {
    let reading = read::in_snapshot(session, |session| read::whole(session, &scope.without))?;
    Ok(text(&reading))
}

fn text(reading: &Reading) -> String {
    let mut text = String::from(HEAD);
    for item in order::loading(reading) {
        match &item.flaw {
            None => {
                text.push_str(&item.text);
                text.push('\n');
            }
            Some(flaw) => {
                text.push_str("-- not dumped: ");
                text.push_str(&item.text.replace(['\n', '\r'], " "));
                text.push_str(" (");
                text.push_str(flaw);
                text.push_str(")\n");
            }
        }
    }
    for (kind, count) in &reading.unread {
        text.push_str("-- not dumped: ");
        text.push_str(count);
        text.push_str(" of kind ");
        text.push_str(kind);
        text.push('\n');
    }
    text.push_str(TAIL);
    text
}
