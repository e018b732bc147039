//! `segue dump`: the database's structure as SQL, without `pg_dump`. The same structure gives the same bytes.

use std::io::Write as _;

use segue_engine::Purpose;
use segue_postgres::DumpScope;
use segue_sqlite::Missing;

use crate::arguments::DumpArguments;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::session::AnySession;
use crate::target::database;

/// Writes it to standard output.
///
/// # Errors
/// When the database cannot be reached or read.
pub(crate) fn run(arguments: &DumpArguments) -> Result<Exit, CliError> {
    let database = database(&arguments.database)?;
    let mut session = database.target.connect(Missing::Refuse)?;
    database.prove(&mut session, Purpose::Read)?;
    let unread = || {
        CliError::new(
            Code::Connection,
            "the structure could not be read",
            "check what this user may read, then run the same command again",
        )
    };
    let text = match session {
        AnySession::Postgres(mut session) => {
            segue_postgres::dump(&mut *session, &DumpScope::default())
                .map_err(|error| unread().because(error))?
        }
        AnySession::Sqlite(mut session) => {
            segue_sqlite::dump(&mut session).map_err(|error| unread().because(error))?
        }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}
