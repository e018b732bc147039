//! SQLite put to the claims about every dialect, with a rollback journal and with WAL.

#![cfg(test)]

use std::path::{Path, PathBuf};

use segue_model::{Dialect, Session as _, Sql};
use segue_sqlite::{Missing, Sqlite, SqliteError, SqliteSession, dump};
use segue_testkit::exercise::{Bench, Database};
use tempfile::TempDir;

struct Files {
    journal: &'static str,
}

struct File {
    path: PathBuf,
    _folder: TempDir,
}

impl Bench for Files {
    type Session = SqliteSession;

    fn dialect(&self) -> &dyn Dialect {
        &Sqlite
    }

    /// With a rollback journal at each: the calls are the same.
    fn stride(&self) -> usize {
        if self.journal == "WAL" { 3 } else { 1 }
    }

    fn database(&self) -> Box<dyn Database<SqliteSession> + '_> {
        // Where nothing waits for a disk, if there is such a place: hundreds of databases are made.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        let path = folder.path().join("app.db");
        let mut session = SqliteSession::open(&path, Missing::Create, 0).unwrap();
        session
            .execute_users(&format!("PRAGMA journal_mode = {}", self.journal))
            .unwrap();
        Box::new(File {
            path,
            _folder: folder,
        })
    }
}

impl Database<SqliteSession> for File {
    fn connect(&self) -> Result<SqliteSession, SqliteError> {
        SqliteSession::open(&self.path, Missing::Refuse, 200)
    }

    fn dump(&self) -> String {
        dump(&mut self.connect().unwrap()).unwrap()
    }

    fn traces(&self) -> Vec<String> {
        let query = Sql::literal("SELECT name FROM sqlite_schema WHERE name LIKE '%segue%'");
        let rows = self.connect().unwrap().query(&query).unwrap();
        rows.into_iter().flatten().flatten().collect()
    }
}

mod rollback_journal {
    fn bench() -> super::Files {
        super::Files { journal: "DELETE" }
    }

    segue_testkit::exercise!(bench);
}

mod wal {
    fn bench() -> super::Files {
        super::Files { journal: "WAL" }
    }

    segue_testkit::exercise!(bench);
}
