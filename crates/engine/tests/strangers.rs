//! Projects made by other tools, run as they are on an empty server: the catalog afterwards is the one the tool itself left
//! (`live.sql` beside each project, taken from a database that the tool migrated). Every project's last migration is made
//! to fail, and leaves nothing.

#![cfg(test)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use segue_engine::{
    Approval, Clock, EngineError, Event, Kind, Limits, Manner, Order, Runner, Selection, Target,
};
use segue_model::Migration;
use segue_postgres::{Postgres, PostgresSession, dump};
use segue_sources::{LocateOptions, locate};
use segue_testkit::{TestDatabase, TestServer};

/// How a run ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// At the migration that is made to fail.
    AtTheFailure,
    /// After the last one.
    AfterAll,
}

/// Folder, how it ends, and what stands in one of the two dumps alone, with the reason.
struct Stranger {
    folder: &'static str,
    ends: Ends,
    /// Statements that Segue's result has and the tool's has not.
    more: &'static [&'static str],
    /// Statements that the tool's result has and Segue's has not.
    less: &'static [&'static str],
}

const fn same(folder: &'static str, ends: Ends) -> Stranger {
    Stranger {
        folder,
        ends,
        more: &[],
        less: &[],
    }
}

const EMAIL_INDEX: &str = "CREATE INDEX users_email_idx ON public.users USING btree (email);";

const STRANGERS: &[Stranger] = &[
    same("dbmate", Ends::AtTheFailure),
    same("diesel", Ends::AtTheFailure),
    same("flyway", Ends::AtTheFailure),
    same("graphile-migrate", Ends::AfterAll),
    same("sqlx", Ends::AtTheFailure),
    // Drizzle opens one transaction for all that is pending: its concurrent index can never run there.
    Stranger {
        more: &[EMAIL_INDEX],
        ..same("drizzle", Ends::AfterAll)
    },
    // So does refinery for each file.
    Stranger {
        more: &[EMAIL_INDEX],
        ..same("refinery", Ends::AtTheFailure)
    },
    // Prisma sends the failing file statement by statement, and leaves its first half behind.
    Stranger {
        less: &[
            "CREATE TABLE public.half (id integer NOT NULL);",
            "ALTER TABLE ONLY public.half ADD CONSTRAINT half_pkey PRIMARY KEY (id);",
        ],
        ..same("prisma", Ends::AtTheFailure)
    },
];

struct RealClock;

impl Clock for RealClock {
    fn now_ms(&self) -> u64 {
        0
    }

    #[expect(clippy::disallowed_methods, reason = "the pauses of a real run")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}

fn fixture(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../sources/fixtures/formats")
        .join(folder)
}

fn migrations(folder: &str) -> Vec<Migration> {
    let mut found = locate(&fixture(folder), &LocateOptions::default()).expect("a project");
    found.retain(|one| !one.shown.contains("variants"));
    let project = found.first().expect("a project");
    project
        .units
        .iter()
        .map(|unit| unit.read().expect("a migration"))
        .collect()
}

fn session(database: &TestDatabase<'_>) -> PostgresSession {
    let target =
        segue_postgres::Target::resolve(&database.url(), &segue_postgres::Sources::default())
            .expect("the target is sound");
    PostgresSession::connect(&target).expect("a connection")
}

fn up(database: &TestDatabase<'_>, migrations: &[Migration]) -> Result<(), EngineError> {
    let connect = || Ok(session(database));
    let mut observer = |_: &Event| {};
    let mut runner = Runner::new(&Postgres, &connect, &RealClock, &mut observer)?;
    runner.limits = Limits {
        pause_ms: 2,
        ..Limits::default()
    };
    let all = Selection {
        target: Target::All,
        manner: Manner::Safe,
        order: Order::Linear,
    };
    runner.up(migrations, &all, &Approval::default()).map(drop)
}

fn lines(database: &TestDatabase<'_>) -> Vec<String> {
    dump(
        &mut session(database),
        &segue_postgres::DumpScope::default(),
    )
    .expect("a dump")
    .lines()
    .filter(|line| !line.trim().is_empty())
    // From 18 on NOT NULL has a name.
    .map(|line| line.replace("CONSTRAINT half_id_not_null ", ""))
    .collect()
}

fn check(server: &TestServer, stranger: &Stranger) -> Result<(), String> {
    let database = server.create_database().expect("a database");
    let ran = up(&database, &migrations(stranger.folder));
    match (&ran, stranger.ends) {
        (Ok(()), Ends::AfterAll) => {}
        (Err(error), Ends::AtTheFailure) if error.kind() == Kind::Failed => {}
        (ran, _) => return Err(format!("it ended otherwise: {ran:?}")),
    }
    let tool = server.create_database().expect("a database");
    let left =
        std::fs::read_to_string(fixture(stranger.folder).join("live.sql")).expect("live.sql");
    tool.connect()
        .and_then(|mut client| client.execute(&left))
        .map_err(|error| error.to_string())?;
    let (found, wanted) = (lines(&database), lines(&tool));
    let more: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
    let less: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
    if more == stranger.more.iter().collect::<Vec<_>>()
        && less == stranger.less.iter().collect::<Vec<_>>()
    {
        return Ok(());
    }
    Err(format!("more {more:#?}, less {less:#?}"))
}

#[test]
fn a_strangers_project_ends_in_the_catalog_that_its_own_tool_leaves() {
    let server = TestServer::start_newest().expect("a server");
    let wrong: Vec<String> = STRANGERS
        .iter()
        .filter_map(|stranger| {
            let why = check(&server, stranger).err()?;
            Some(format!("{}: {why}", stranger.folder))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
