//! One open connection to a database file. The only file that sends SQL.
//!
//! Sends what it is given and reads what comes back; it opens no transaction of its own and changes no setting but the
//! time a lock is waited for, and that references are not followed. Works with a rollback journal and with WAL alike.

use std::path::Path;
use std::time::Duration;

use rusqlite::{
    Connection, OpenFlags, config::DbConfig, fallible_iterator::FallibleIterator, types::ValueRef,
};
use segue_model::{Catalog, CatalogScope, Failure, Session, SessionError, Sql, TextRows};

/// One open connection to a database file.
#[derive(Debug)]
pub struct SqliteSession {
    connection: Connection,
}

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An empty database is made.
    Create,
    /// It is an error.
    Refuse,
}

impl SqliteSession {
    /// Opens a database file. A statement waits for a lock for at most `busy_timeout_ms` milliseconds.
    ///
    /// # Errors
    /// The file cannot be opened: `SQLITE_CANTOPEN`. Whether it is a database shows at the first statement.
    pub fn open(file: &Path, missing: Missing, busy_timeout_ms: u32) -> Result<Self, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let flags = match missing {
            Missing::Create => flags | OpenFlags::SQLITE_OPEN_CREATE,
            Missing::Refuse => flags,
        };
        let connection = Connection::open_with_flags(file, flags)?;
        Self::with(connection, busy_timeout_ms)
    }

    /// Opens an empty database in memory, which goes when the session does.
    ///
    /// # Errors
    /// There is no memory.
    pub fn open_in_memory() -> Result<Self, SqliteError> {
        Self::with(Connection::open_in_memory()?, 0)
    }

    fn with(connection: Connection, busy_timeout_ms: u32) -> Result<Self, SqliteError> {
        connection.busy_timeout(Duration::from_millis(busy_timeout_ms.into()))?;
        // As SQLite itself opens a file, whatever this one was built with: dropping a table then deletes no row that
        // refers to it. That no reference leads nowhere is checked before a step commits.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
        Ok(Self { connection })
    }

    /// Runs every statement of a text; the rows of all of them, in order.
    fn run(&mut self, text: &str) -> Result<TextRows, SqliteError> {
        let mut found = Vec::new();
        let mut batch = rusqlite::Batch::new(&self.connection, text);
        loop {
            // A statement that cannot be prepared ends the text: what stands behind it is never sent.
            let Some(mut statement) = batch.next().map_err(|error| located(error, text))? else {
                return Ok(found);
            };
            read(&mut statement, &[], &mut found)?;
        }
    }
}

/// Steps through a statement; SQLite's own text for each value.
fn read(
    statement: &mut rusqlite::Statement<'_>,
    parameters: &[Option<&str>],
    found: &mut TextRows,
) -> Result<(), SqliteError> {
    let columns = statement.column_count();
    bind(statement, parameters)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(text(row.get_ref(column)?));
        }
        found.push(values);
    }
    Ok(())
}

/// Binds `$1`, `$2` … by their number: to SQLite they are names, numbered in the order they appear.
fn bind(
    statement: &mut rusqlite::Statement<'_>,
    parameters: &[Option<&str>],
) -> Result<(), SqliteError> {
    statement.clear_bindings();
    let mut bound = 0;
    for (number, value) in (1_usize..).zip(parameters) {
        for sign in ["$", "?"] {
            if let Some(index) = statement.parameter_index(&[sign, &number.to_string()].concat())? {
                statement.raw_bind_parameter(index, value)?;
                bound += 1;
            }
        }
    }
    let wanted = statement.parameter_count();
    if bound == wanted {
        Ok(())
    } else {
        Err(rusqlite::Error::InvalidParameterCount(bound, wanted).into())
    }
}

/// A value as text: numbers as SQLite prints them, blobs as `X'…'` in upper-case hex.
fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(real(number)),
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => {
            let mut hex = String::with_capacity(bytes.len() * 2 + 3);
            hex.push_str("X'");
            for byte in bytes {
                for nibble in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(nibble.into(), 16).unwrap_or('0');
                    hex.push(digit.to_ascii_uppercase());
                }
            }
            hex.push('\'');
            Some(hex)
        }
    }
}

/// The shortest text that is read back as the same number, always with a point or an exponent.
fn real(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    if number != 0.0 && !(1e-4..1e15).contains(&number.abs()) {
        return exponent(&format!("{number:e}"));
    }
    format!("{number:?}")
}

/// `1e20` as SQLite prints it: `1.0e+20`.
fn exponent(short: &str) -> String {
    let (mantissa, power) = short.split_once('e').unwrap_or((short, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let (sign, digits) = match power.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("+", power),
    };
    format!("{mantissa}{point}e{sign}{digits:0>2}")
}

impl Session for SqliteSession {
    type Error = SqliteError;

    fn execute(&mut self, statement: &Sql) -> Result<(), SqliteError> {
        self.run(statement.as_str()).map(|_| ())
    }

    fn execute_users(&mut self, text: &str) -> Result<(), SqliteError> {
        self.run(text).map(|_| ())
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, SqliteError> {
        self.run(statement.as_str())
    }

    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, SqliteError> {
        let mut found = Vec::new();
        let mut prepared = self.connection.prepare_cached(statement.as_str())?;
        read(&mut prepared, parameters, &mut found)?;
        Ok(found)
    }

    fn change_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<u64, SqliteError> {
        let mut prepared = self.connection.prepare_cached(statement.as_str())?;
        let changed = prepared.execute(rusqlite::params_from_iter(parameters))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// The whole catalog, whatever the scope, with what is temporary: reading it is two small tables.
    fn catalog(&mut self, _scope: &CatalogScope) -> Result<Catalog, SqliteError> {
        let mut catalog = crate::introspect::live_catalog(self)?.catalog;
        crate::introspect::add_temporary(self, &mut catalog)?;
        Ok(catalog)
    }

    /// Beside the database: `app.db.before-ID-20261125T080910.123Z`, readable by whoever may read the database. Until it is
    /// whole it is called otherwise, and what a killed run left of one is removed by the next.
    fn copy(&mut self, named_after: &str) -> Result<Option<String>, SqliteError> {
        let rows = self.query_with(&Sql::literal(PLACE), &[Some(named_after)])?;
        let mut values = rows.into_iter().flatten().flatten();
        let (Some(file), Some(place)) = (values.next(), values.next()) else {
            return Ok(None);
        };
        remove_unfinished(Path::new(&file));
        let unfinished = [&place, UNFINISHED].concat();
        let is_made = make_alike(Path::new(&file), Path::new(&unfinished)).is_ok();
        let copied = self.query_with(&Sql::literal("VACUUM INTO $1"), &[Some(&unfinished)]);
        let copied = copied.and_then(|_| {
            finish(Path::new(&unfinished), Path::new(&place)).map_err(SqliteError::of_file)
        });
        if copied.is_err() && is_made {
            // What could not be copied is reported; half of it helps nobody.
            let _ = std::fs::remove_file(&unfinished);
        }
        copied.map(|()| Some(place))
    }
}

/// How the name of a copy ends that is not whole.
const UNFINISHED: &str = ".unfinished";

/// Removes what killed runs left of their copies of a database.
fn remove_unfinished(database: &Path) {
    let (Some(folder), Some(name)) = (database.parent(), database.file_name()) else {
        return;
    };
    let begins = [&name.to_string_lossy(), ".before-"].concat();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // SQLite keeps a journal of its own beside it.
        if name.starts_with(&begins) && name.contains(UNFINISHED) {
            // It is in nobody's way: the next copy has a name of its own.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Makes a whole copy last, and gives it its name. SQLite writes copies without asking the disk whether they are there.
fn finish(unfinished: &Path, place: &Path) -> std::io::Result<()> {
    std::fs::File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, place)
}

/// Where a copy goes; no row for a database in memory.
const PLACE: &str = "SELECT file, file || '.before-' || replace(replace($1, '/', '_'), char(92), '_') || '-' \
     || strftime('%Y%m%dT%H%M%f', 'now') || 'Z' FROM pragma_database_list WHERE name = 'main' AND file <> ''";

/// An empty file with the rights of another: VACUUM INTO would make one that everybody may read. When it cannot be made,
/// VACUUM INTO says why.
fn make_alike(file: &Path, place: &Path) -> std::io::Result<()> {
    let rights = std::fs::metadata(file)?.permissions();
    std::fs::File::create_new(place)?;
    std::fs::set_permissions(place, rights)
}

/// Why a statement failed: what SQLite said, word for word.
#[derive(Debug)]
pub struct SqliteError {
    failure: Failure,
    code: Option<&'static str>,
    message: String,
    position: Option<usize>,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl SqliteError {
    /// What the system said of a file.
    fn of_file(error: std::io::Error) -> Self {
        Self {
            failure: Failure::Resources,
            code: None,
            message: format!("the copy could not be made last: {error}"),
            position: None,
            source: Box::new(error),
        }
    }
}

impl std::fmt::Display for SqliteError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for SqliteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl SessionError for SqliteError {
    fn failure(&self) -> Failure {
        self.failure
    }

    fn code(&self) -> Option<&str> {
        self.code
    }

    fn hint(&self) -> Option<&str> {
        match self.code? {
            "SQLITE_BUSY" | "SQLITE_LOCKED" => Some(
                "another connection is writing, or reads while this one has to commit; only one may write at a time",
            ),
            "SQLITE_READONLY" => Some(
                "the file or its directory cannot be written by this user, or is mounted read-only",
            ),
            "SQLITE_CANTOPEN" => {
                Some("the file or its directory does not exist, or this user may not open it")
            }
            "SQLITE_NOTADB" => Some("the file is no SQLite database, or it is encrypted"),
            "SQLITE_FULL" => Some(
                "the disk is full, or PRAGMA max_page_count is reached: free some room, then run again",
            ),
            "SQLITE_CORRUPT" => Some("the file is damaged: restore it from a backup"),
            _ => None,
        }
    }

    fn position(&self) -> Option<usize> {
        self.position
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        // Everything else comes from the driver: SQLite itself said nothing.
        let (code, said, position) = if let rusqlite::Error::SqliteFailure(code, said) = &error {
            (Some(*code), said.clone(), None)
        } else if let rusqlite::Error::SqlInputError {
            error, msg, offset, ..
        } = &error
        {
            let position = usize::try_from(*offset).ok();
            (Some(*error), Some(msg.clone()), position)
        } else {
            (None, None, None)
        };
        let (failure, name) = code.map_or((Failure::Refused, None), |code| {
            let (failure, name) = kind(code.extended_code);
            (failure, Some(name))
        });
        Self {
            failure,
            code: name,
            message: said.unwrap_or_else(|| error.to_string()),
            position,
            source: Box::new(error),
        }
    }
}

/// An error of one statement of a text, its position counted from the start of the text.
fn located(error: rusqlite::Error, text: &str) -> SqliteError {
    let start = if let rusqlite::Error::SqlInputError { sql, .. } = &error {
        text.len().checked_sub(sql.len())
    } else {
        None
    };
    let mut error = SqliteError::from(error);
    if let (Some(position), Some(start)) = (&mut error.position, start) {
        *position += start;
    }
    error
}

/// What kind of failure a result code is, and its name. Source: <https://sqlite.org/rescode.html>.
///
/// Of the extended codes one matters: with `SQLITE_BUSY_SNAPSHOT` the same statement never succeeds, only the whole
/// transaction may.
fn kind(extended: i32) -> (Failure, &'static str) {
    if extended == 517 {
        return (Failure::Deadlock, "SQLITE_BUSY_SNAPSHOT");
    }
    match extended & 0xff {
        3 => (Failure::Permission, "SQLITE_PERM"),
        4 => (Failure::Refused, "SQLITE_ABORT"),
        5 => (Failure::LockTimeout, "SQLITE_BUSY"),
        6 => (Failure::LockTimeout, "SQLITE_LOCKED"),
        7 => (Failure::Resources, "SQLITE_NOMEM"),
        8 => (Failure::Permission, "SQLITE_READONLY"),
        9 => (Failure::Cancelled, "SQLITE_INTERRUPT"),
        10 => (Failure::Resources, "SQLITE_IOERR"),
        11 => (Failure::Refused, "SQLITE_CORRUPT"),
        13 => (Failure::Resources, "SQLITE_FULL"),
        14 => (Failure::Permission, "SQLITE_CANTOPEN"),
        15 => (Failure::LockTimeout, "SQLITE_PROTOCOL"),
        17 => (Failure::Refused, "SQLITE_SCHEMA"),
        18 => (Failure::Refused, "SQLITE_TOOBIG"),
        19 => (Failure::Refused, "SQLITE_CONSTRAINT"),
        20 => (Failure::Refused, "SQLITE_MISMATCH"),
        21 => (Failure::Refused, "SQLITE_MISUSE"),
        23 => (Failure::Permission, "SQLITE_AUTH"),
        25 => (Failure::Refused, "SQLITE_RANGE"),
        26 => (Failure::Refused, "SQLITE_NOTADB"),
        _ => (Failure::Refused, "SQLITE_ERROR"),
    }
}
