//! Where the demo takes place: a scratch server of its own, which is gone afterwards.

use segue_postgres::scratch::{Installed, Manners, ScratchServer, Search, installed};
use segue_postgres::{NEWEST_VERSION, PostgresError, PostgresSession, Sources, Target};

use crate::environment::search_path;
use crate::error::{CliError, Code};

/// Settings beside those of every scratch server: room for its rows, and a log of changes that stays small.
const SETTINGS: [&str; 3] = [
    "max_connections=40",
    "shared_buffers=128MB",
    "max_wal_size=256MB",
];

/// What the demo can run on here.
#[derive(Clone, Debug)]
pub(crate) enum Ground {
    /// A `PostgreSQL` server is installed.
    Postgres(Installed),
    /// There is none: a `SQLite` file would do.
    Sqlite,
}

impl Ground {
    /// The newest server that the lock table knows, else the newest there is; without one, `SQLite`.
    pub(crate) fn found() -> Self {
        let mut servers = installed(&Search {
            path: search_path(),
            ..Search::default()
        });
        let known = servers
            .iter()
            .rposition(|server| server.major <= NEWEST_VERSION);
        match known
            .map(|place| servers.swap_remove(place))
            .or_else(|| servers.pop())
        {
            Some(server) => Self::Postgres(server),
            None => Self::Sqlite,
        }
    }
}

/// A running scratch database.
pub(crate) struct Scratch {
    server: ScratchServer,
    target: Target,
    /// `PostgreSQL 15.20`.
    pub(crate) name: String,
}

impl Scratch {
    /// Starts one.
    ///
    /// # Errors
    /// [`Code::Connection`] when there is no server, or it does not start.
    pub(crate) fn start(ground: &Ground) -> Result<Self, CliError> {
        let installed = match ground {
            Ground::Postgres(installed) => installed,
            Ground::Sqlite => return Err(no_server()),
        };
        let manners = Manners {
            settings: SETTINGS.map(str::to_owned).to_vec(),
            ..Manners::default()
        };
        let server = ScratchServer::start(installed, &manners).map_err(|error| {
            let text = error.to_string();
            let mut lines = text.lines().map(str::to_owned);
            let what = lines.next().unwrap_or_default();
            CliError::new(Code::Connection, what, "run `segue demo` again")
                .with_details(lines)
                .because(error)
        })?;
        let target = Target::resolve(&server.url("postgres"), &Sources::default())
            .map_err(|error| unexpected(&error.to_string()))?;
        Ok(Self {
            server,
            target,
            name: format!("PostgreSQL {}", installed.version),
        })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// What the server said.
    pub(crate) fn connect(&self) -> Result<PostgresSession, PostgresError> {
        PostgresSession::connect(&self.target)
    }

    /// Lets it run on; how to reach it, and how to remove it.
    ///
    /// # Errors
    /// When that could not be arranged: then it is removed.
    pub(crate) fn keep(self) -> Result<[String; 2], CliError> {
        let url = self.server.url("postgres");
        let place = self.server.directory().display().to_string();
        self.server
            .keep()
            .map_err(|error| unexpected(&error.to_string()))?;
        let remove = format!(
            "kill -INT $(head -n 1 {place}/data/postmaster.pid) && sleep 1 && rm -r {place}"
        );
        Ok([url, remove])
    }
}

// The one place to connect: a file, its shop, and its two versions, once the engine runs on SQLite.
fn no_server() -> CliError {
    CliError::new(
        Code::Connection,
        "there is no PostgreSQL server on this machine, and the demo does not run on SQLite yet",
        "install one (`apt install postgresql`, `brew install postgresql`), or try `segue audit` on a repository: it needs no database",
    )
    .with_details([
        "looked for initdb, pg_ctl and postgres on PATH, through pg_config, and where distributions put them"
            .to_owned(),
    ])
}

pub(crate) fn unexpected(what: &str) -> CliError {
    CliError::new(Code::Internal, what, "report it, please")
}

#[cfg(test)]
mod tests {
    use super::{Ground, Scratch};

    #[test]
    fn without_a_server_the_demo_says_what_it_looked_for_and_what_to_do() {
        let error = Scratch::start(&Ground::Sqlite).err().unwrap();
        let text = error.render().unwrap();
        for part in [
            "error[connection]: there is no PostgreSQL server on this machine",
            "looked for initdb, pg_ctl and postgres",
            "state    nothing was changed",
            "next     install one",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
