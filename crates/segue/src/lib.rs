//! Segue as a library.
//!
//! An application that carries its migrations runs them when it starts; its other processes wait until that is done. The
//! same journal, lease and locks as the command line: both may be used on one database.
//!
//! ```no_run
//! use std::time::Duration;
//! use segue::{Database, Migrations};
//!
//! # fn main() -> Result<(), segue::Error> {
//! let migrations = Migrations::embedded(&[
//!     ("20260301120000_users.sql", "-- migrate:up\nCREATE TABLE users (id bigint PRIMARY KEY);\n"),
//! ])?;
//! let database = Database::at("postgres://app@localhost/shop")?;
//! if std::env::args().any(|word| word == "migrate") {
//!     database.up(&migrations)?;
//! } else {
//!     database.wait_until(&migrations, "20260301120000", Duration::from_secs(60))?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `examples/embedded` is a program that can be run: `cargo run -p segue --example embedded`.

mod clock;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use segue_engine::{
    Approval, Clock as _, EngineError, Event, Manner, Order, Others, Overview, Runner, Selection,
    Target,
};
use segue_model::{Migration, Session, Tool};
use segue_postgres::{Postgres, PostgresSession, Sources};
use segue_sources::{LocateOptions, locate, read_text};
use segue_sqlite::{Missing, Sqlite, SqliteSession};

use clock::RealClock;
pub use segue_engine::{Limits, Standing, Status};

/// How often a wait looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the database is not understood.
    #[error("the address of the database is not understood: {0}")]
    Address(String),
    /// The migrations cannot be read, or their order cannot be told.
    #[error("{0}")]
    Migrations(String),
    /// What stopped a run: what, who is in the way, and what the database looks like now.
    #[error("{what}\n  {}", details.join("\n  "))]
    Run {
        /// One sentence.
        what: String,
        /// What the server said, one line each.
        details: Vec<String>,
        /// The error itself.
        #[source]
        source: Box<EngineError>,
    },
    /// The version was not reached in time.
    #[error("migration {version} is not applied after {} s", waited.as_secs())]
    NotYet {
        /// The migration's id.
        version: String,
        /// How long was waited.
        waited: Duration,
    },
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        Self::Run {
            what: error.to_string(),
            details: error.details().to_vec(),
            source: Box::new(error),
        }
    }
}

/// Migrations in their order.
#[derive(Clone, Debug)]
pub struct Migrations(Vec<Migration>);

impl Migrations {
    /// Files that are part of the program, in Segue's own format (dbmate's sections): name and text. Their order is that of
    /// their names; the id of `20260301120000_users.sql` is `20260301120000`.
    ///
    /// # Errors
    /// [`Error::Migrations`] when two have one id.
    pub fn embedded(files: &[(&str, &str)]) -> Result<Self, Error> {
        let mut found: BTreeMap<String, Migration> = BTreeMap::new();
        for (path, text) in files {
            let name = Path::new(path)
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(path);
            let mut migration = read_text(path, (*text).to_owned(), Tool::Native);
            let stem = name.strip_suffix(".sql").unwrap_or(name);
            let (id, title) = stem.split_once('_').unwrap_or((stem, stem));
            id.clone_into(&mut migration.id);
            title.clone_into(&mut migration.name);
            if let Some(other) = found.insert(id.to_owned(), migration) {
                return Err(Error::Migrations(format!(
                    "{} and {path} have the same id {id}",
                    other.path
                )));
            }
        }
        Ok(Self(found.into_values().collect()))
    }

    /// The project in a folder, whichever tool made it.
    ///
    /// # Errors
    /// [`Error::Migrations`] when there is none, more than one, or a file cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Self, Error> {
        let unread = |what: String| Error::Migrations(format!("{}: {what}", folder.display()));
        let mut found = locate(folder, &LocateOptions::default())
            .map_err(|error| unread(error.reason().clone()))?;
        let (Some(project), true) = (found.pop(), found.is_empty()) else {
            return Err(unread(
                "there is not exactly one project of migrations".to_owned(),
            ));
        };
        project
            .units
            .iter()
            .map(|unit| unit.read().map_err(|error| unread(error.reason().clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A database, and how it is reached. No connection is open between calls.
#[derive(Clone, Debug)]
pub struct Database {
    place: Place,
    limits: Limits,
}

#[derive(Clone, Debug)]
enum Place {
    Postgres(Box<segue_postgres::Target>),
    Sqlite(PathBuf),
}

/// The same on either kind of database: `$act` is written once and compiled for both types of session.
macro_rules! on {
    ($database:expr, $runner:ident => $act:expr) => {
        match &$database.place {
            Place::Postgres(target) => {
                let connect = || PostgresSession::connect(target);
                let mut observer = |_: &Event| {};
                let clock = RealClock::default();
                let mut runner = Runner::new(&Postgres, &connect, &clock, &mut observer)?;
                $database.prepared(&mut runner);
                let $runner = &mut runner;
                $act
            }
            Place::Sqlite(path) => {
                let wait = $database.limits.lock_timeout_ms;
                let connect = || SqliteSession::open(path, Missing::Create, wait);
                let mut observer = |_: &Event| {};
                let clock = RealClock::default();
                let mut runner = Runner::new(&Sqlite, &connect, &clock, &mut observer)?;
                $database.prepared(&mut runner);
                let $runner = &mut runner;
                $act
            }
        }
    };
}

impl Database {
    /// A PostgreSQL URL or conninfo (`PG*` variables are not read), or `sqlite:path`.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn at(address: &str) -> Result<Self, Error> {
        let place = match address.strip_prefix("sqlite:") {
            Some(path) => Place::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
            None => Place::Postgres(Box::new(
                segue_postgres::Target::resolve(address, &Sources::default())
                    .map_err(|error| Error::Address(error.to_string()))?,
            )),
        };
        Ok(Self {
            place,
            limits: Limits::default(),
        })
    }

    /// With other ceilings than the usual ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Runs what is pending, and gives the ids. May be called by many processes at once: one runs, the others are refused
    /// with [`segue_engine::Kind::LeaseHeld`]. What destroys data is refused: that needs a person, on the command line.
    ///
    /// # Errors
    /// [`Error::Run`]; what was done before stays, and the next call goes on there.
    pub fn up(&self, migrations: &Migrations) -> Result<Vec<String>, Error> {
        let all = Selection {
            target: Target::All,
            manner: Manner::Safe,
            order: Order::Linear,
        };
        on!(self, runner => Ok(runner.up(&migrations.0, &all, &Approval::default())?.completed))
    }

    /// Where the program's migrations and the database stand to each other. Reads only.
    ///
    /// # Errors
    /// [`Error::Run`].
    pub fn status(&self, migrations: &Migrations) -> Result<Vec<Status>, Error> {
        on!(self, runner => Ok(runner.status(&migrations.0)?))
    }

    /// Waits until a migration is applied, for processes that must not migrate themselves. Takes no lock. A migration
    /// that waits at its gate counts: both versions of the application work there. While the database cannot be
    /// reached it is tried again.
    ///
    /// # Errors
    /// [`Error::NotYet`] when the time is over; [`Error::Migrations`] for a version the program does not have.
    pub fn wait_until(
        &self,
        migrations: &Migrations,
        version: &str,
        at_most: Duration,
    ) -> Result<(), Error> {
        if !migrations.0.iter().any(|one| one.id == version) {
            return Err(Error::Migrations(format!(
                "there is no migration {version}"
            )));
        }
        let clock = RealClock::default();
        let at_most_ms = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX);
        loop {
            let seen = self.overview(migrations);
            let is_done = seen.as_ref().is_ok_and(|seen| {
                seen.lines
                    .iter()
                    .any(|line| line.id == version && is_there(line.standing))
            });
            if is_done {
                return Ok(());
            }
            if clock.now_ms() >= at_most_ms {
                seen?;
                return Err(Error::NotYet {
                    version: version.to_owned(),
                    waited: at_most,
                });
            }
            clock.pause(LOOK_EVERY);
        }
    }

    fn overview(&self, migrations: &Migrations) -> Result<Overview, Error> {
        on!(self, runner => Ok(runner.overview(&migrations.0, Others::Counted)?))
    }

    fn prepared<S: Session + Send>(&self, runner: &mut Runner<'_, S>) {
        runner.limits = self.limits;
        runner.holder = format!("library, process {}", std::process::id());
        runner.seed ^= u64::from(std::process::id()).rotate_left(32);
    }
}

/// True when the application may rely on it.
fn is_there(standing: Standing) -> bool {
    match standing {
        Standing::Applied | Standing::Waiting | Standing::Baseline | Standing::Edited => true,
        Standing::Partial
        | Standing::Reverting
        | Standing::Pending
        | Standing::OutOfOrder
        | Standing::Missing => false,
    }
}
