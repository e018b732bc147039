//! PostgreSQL put to the claims about every dialect.

#![cfg(test)]

use segue_model::{Dialect, Session as _, Sql};
use segue_postgres::{DumpScope, Postgres, PostgresError, PostgresSession, Sources, Target, dump};
use segue_testkit::exercise::{Bench, Database};
use segue_testkit::{TestDatabase, TestServer};

struct Server(TestServer);

struct Made<'server>(TestDatabase<'server>);

impl Bench for Server {
    type Session = PostgresSession;

    fn dialect(&self) -> &dyn Dialect {
        &Postgres
    }

    /// `crates/engine/tests/faults/every_call.rs` cuts at each.
    fn stride(&self) -> usize {
        7
    }

    fn database(&self) -> Box<dyn Database<PostgresSession> + '_> {
        Box::new(Made(self.0.create_database().unwrap()))
    }
}

impl Database<PostgresSession> for Made<'_> {
    fn connect(&self) -> Result<PostgresSession, PostgresError> {
        let target = Target::resolve(&self.0.url(), &Sources::default()).unwrap();
        PostgresSession::connect(&target)
    }

    fn dump(&self) -> String {
        dump(&mut self.connect().unwrap(), &DumpScope::default()).unwrap()
    }

    fn traces(&self) -> Vec<String> {
        let query = Sql::literal(
            "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname LIKE '%segue%' \
             UNION ALL SELECT relname FROM pg_catalog.pg_class WHERE relname LIKE '%segue%'",
        );
        let rows = self.connect().unwrap().query(&query).unwrap();
        rows.into_iter().flatten().flatten().collect()
    }
}

fn bench() -> Server {
    Server(TestServer::start_newest().unwrap())
}

segue_testkit::exercise!(bench);
