//! A database in use: tables with rows, an application that reads and writes all the time, and `segue` beside it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use segue_engine::Clock;
use segue_engine::traffic::{self, Act, Clients, Life, Parameter, Report, Road, Script};
use segue_model::Sql;
use segue_postgres::{PostgresError, PostgresSession, Sources, Target};
use segue_testkit::{Client, TestDatabase};

/// What no statement of the application may take: the lock time-out of 200 ms, and what a busy machine adds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Rows of the big table.
const ROWS: u32 = 50_000;

/// How a run ended, and what the application felt meanwhile.
pub(crate) struct Lived {
    pub(crate) code: i32,
    pub(crate) err: String,
    pub(crate) felt: Report,
}

impl Lived {
    /// Nobody waited too long, nothing failed, and there was traffic at all.
    pub(crate) fn nobody_noticed(&self) {
        let total = &self.felt.total;
        assert!(total.statements() > 50, "there was no traffic to speak of");
        assert_eq!(total.errors(), 0, "{:?}", total.first_errors());
        assert_eq!(
            total.late(),
            0,
            "the slowest: {:?}\n{}",
            total.slowest(),
            self.err
        );
    }
}

/// Makes the tables `orders`, with many rows, and `notes`, which is empty.
pub(crate) fn furnish(client: &mut Client) {
    client
        .execute(
            "CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'new', total int NOT NULL, legacy int);
             CREATE TABLE notes (id bigint PRIMARY KEY, order_id bigint, body text,
                 CONSTRAINT notes_order FOREIGN KEY (order_id) REFERENCES orders (id));
             CREATE SEQUENCE new_orders START 1000000000;",
        )
        .unwrap();
    client
        .execute(&format!(
            "INSERT INTO orders SELECT i, 'new', i % 100, i FROM generate_series(1, {ROWS}) i; ANALYZE"
        ))
        .unwrap();
}

/// Sessions that send one statement with the number of an order.
pub(crate) fn sending(text: &'static str) -> Clients {
    Clients {
        name: "these",
        sessions: 3,
        scripts: vec![Script {
            acts: vec![
                // What is called after Segue is not taken for an application.
                Act::Send(
                    Sql::literal("SELECT set_config('application_name', 'shop', false)"),
                    Vec::new(),
                ),
                Act::Send(Sql::literal(text), vec![Parameter::Between(1, ROWS.into())]),
            ],
            since: None,
        }],
        think: Duration::from_millis(5),
        life: Life::Whole,
    }
}

/// An application on `orders`: point reads, and writes that are transactions of their own.
pub(crate) fn application() -> [Clients; 2] {
    let order = Parameter::Between(1, ROWS.into());
    let script = |text, parameters: &[Parameter]| Script {
        acts: vec![Act::Send(Sql::literal(text), parameters.to_vec())],
        since: None,
    };
    let clients = |name, scripts| Clients {
        name,
        sessions: 4,
        scripts,
        think: Duration::from_millis(5),
        life: Life::Whole,
    };
    [
        clients(
            "readers",
            vec![script(
                "SELECT status FROM orders WHERE id = $1::text::bigint",
                &[order],
            )],
        ),
        clients(
            "writers",
            vec![
                script(
                    "UPDATE orders SET status = 'paid' WHERE id = $1::text::bigint",
                    &[order],
                ),
                script(
                    "INSERT INTO orders (id, total) VALUES (nextval('new_orders'), $1::text::int)",
                    &[Parameter::Between(1, 99)],
                ),
            ],
        ),
    ]
}

/// Runs `segue up` with these words on a project of one migration, while the application is at work.
pub(crate) fn up(url: &str, migration: &str, words: &[&str]) -> Lived {
    let all: Vec<&str> = ["up"].iter().chain(words).copied().collect();
    beside(&project(migration), url, &all)
}

/// Runs `segue` with these words in a project, while the application is at work.
pub(crate) fn beside(project: &tempfile::TempDir, url: &str, words: &[&str]) -> Lived {
    beside_these(project, url, (words, &application()))
}

/// The same beside other sessions.
pub(crate) fn beside_these(
    project: &tempfile::TempDir,
    url: &str,
    (words, clients): (&[&str], &[Clients]),
) -> Lived {
    let target = Target::resolve(url, &Sources::default()).unwrap();
    let connect =
        || -> Result<PostgresSession, PostgresError> { PostgresSession::connect(&target) };
    let rollback = Sql::literal("ROLLBACK");
    let road = Road {
        connect: &connect,
        clock: &RealClock::start(),
        rollback: &rollback,
        patience: PATIENCE,
        seed: 7,
    };
    let (run, felt) =
        traffic::during(&road, clients, |_| segue(project.path(), url, words)).unwrap();
    Lived {
        code: run.status.code().unwrap_or(-1),
        err: String::from_utf8(run.stderr).unwrap(),
        felt,
    }
}

/// A project of one migration.
pub(crate) fn project(migration: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("db/migrations");
    std::fs::create_dir_all(folder.path().join(".git")).unwrap();
    std::fs::create_dir_all(&files).unwrap();
    let text = format!("-- migrate:up\n{migration}\n\n-- migrate:down\n");
    std::fs::write(files.join("20260101000000_change.sql"), text).unwrap();
    folder
}

/// Runs `segue` with these words.
pub(crate) fn segue(folder: &Path, url: &str, words: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_segue"))
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", url)
        .stdin(Stdio::null())
        .args(words)
        .output()
        .unwrap()
}

/// A session that reads `table` and stays in its transaction for so long, on a thread of its own; it has the lock when
/// this returns.
pub(crate) fn long_reader(
    database: &TestDatabase,
    table: &str,
    how_long: Duration,
) -> segue_testkit::Running {
    let mut reader = database.connect().unwrap();
    reader.execute("BEGIN").unwrap();
    reader
        .execute(&format!("SELECT count(*) FROM {table}"))
        .unwrap();
    let seconds = how_long.as_secs_f64();
    reader
        .start(&format!("SELECT pg_sleep({seconds}); COMMIT"))
        .unwrap()
}

/// The machine's clock.
pub(crate) struct RealClock(Instant);

impl RealClock {
    #[expect(clippy::disallowed_methods, reason = "real waits are measured")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "real pauses")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}
