//! `segue dump`: the database's structure as SQL, without `pg_dump`. The same structure gives the same bytes.

use std::io::Write as _;

use segue_engine::Purpose;
use segue_postgres::{DumpScope, dump};

use crate::arguments::DumpArguments;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::target::database;

/// Writes it to standard output.
///
/// # Errors
/// When the database cannot be reached or read.
pub(crate) fn run(arguments: &DumpArguments) -> Result<Exit, CliError> {
    let database = database(&arguments.database)?;
    let mut session = database.connect()?;
    database.prove(&mut session, Purpose::Read)?;
    let text = dump(&mut session, &DumpScope::default()).map_err(|error| {
        CliError::new(
            Code::Connection,
            "the structure could not be read",
            "check the role's rights, then run the same command again",
        )
        .because(error)
    })?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}
